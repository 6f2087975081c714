from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from router.prices.catalogue import load_catalogue
from router.prices.own import catalogue, install, parsed

NOW = 1_795_348_800_000
FILE: dict[str, Any] = {
    "version": "mine",
    "source": "the price page",
    "checked": "2026-11-20",
    "vendors": {
        "openai": {
            "gpt-4o": {"prices": [{"input_mtok": "2", "output_mtok": "8", "valid_from": "2026-11-01"}]},
            "in-house": {"prices": [{"input_mtok": "1", "output_mtok": "2"}]},
        }
    },
}


def written(**changes: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(FILE))
    return copy | changes


def test_an_own_price_wins_and_what_it_does_not_know_is_the_releases(tmp_path: Path) -> None:
    own = tmp_path / "data" / "prices.json"
    installed = install(own, FILE)
    prices = catalogue(own)
    found = prices.lookup("openai", "gpt-4o", NOW)
    assert found is not None
    assert (str(found.input_mtok), found.version) == ("2", installed.version)
    assert prices.lookup("openai", "in-house", NOW) is not None
    assert prices.lookup("openai", "gpt-4o-mini", NOW) == load_catalogue().lookup(
        "openai", "gpt-4o-mini", NOW
    )
    before = prices.lookup("openai", "gpt-4o", NOW - 90 * 86_400_000)
    assert before is not None
    assert before.version == load_catalogue().version, "an old row keeps the price of its day"
    records = [record for record in prices if record.model == "gpt-4o" and record.vendor == "openai"]
    assert [(record.source, record.checked) for record in records] == [("the price page", "2026-11-20")]


def test_the_file_is_private_and_the_last_one_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "data" / "prices.json"
    first = install(own, FILE)
    second = install(own, written(vendors={}))
    assert first.version != second.version, "a row tells which of them it was booked at"
    assert json.loads(own.with_suffix(".json.bak").read_text())["version"] == first.version
    for path in own.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in own.parent.iterdir()) == ["prices.json", "prices.json.bak"]
    assert catalogue(own).lookup("openai", "in-house", NOW) is None, "the new one is read at once"


def test_the_same_prices_have_the_same_version(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    assert install(own, FILE).version == install(own, FILE).version


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"checked": "yesterday"}, "checked is the date"),
        ({"vendors": {"openai": {"m": {"prices": []}}}}, "openai m: it has no price"),
        ({"vendors": {"openai": {"m": {}}}}, "openai m: 'prices'"),
        ({"vendors": {"openai": {"m": {"prices": [{"input_mtok": 0.1}]}}}}, "in quotes"),
        ({"vendors": {"openai": {"m": {"prices": [{"input_mtok": "-1"}]}}}}, "negative"),
        ({"vendors": {"openai": ["m"]}}, "openai m"),
        ({"vendors": []}, "no price catalogue"),
        (
            {"vendors": {"openai": {"m": {"prices": [{"input_mtok": "1"}, {"input_mtok": "2"}]}}}},
            "two of its prices hold at the same time",
        ),
    ],
)
def test_a_file_with_one_bad_price_is_refused_as_a_whole(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parsed(json.dumps(written(**changes)).encode())


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b'{"version": 1}'])
def test_what_is_no_catalogue_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="this is no"):
        parsed(text)


def test_an_own_file_that_was_broken_by_hand_is_told_and_not_used(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    own.write_text("{")
    prices = catalogue(own)
    assert prices.lookup("openai", "gpt-4o", NOW) == load_catalogue().lookup("openai", "gpt-4o", NOW)
    assert prices.problem is not None
    assert str(own) in prices.problem
    assert catalogue(tmp_path / "none.json").problem is None
