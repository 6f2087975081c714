"""`drop`, `restore`, `limit` and `undo` as a person and a script use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.__main__ import cli
from router.config.paths import sample_config
from router.errors import ConfigError, UnknownName

SAMPLE = sample_config().read_text()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(SAMPLE)
    return path


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--config", str(path)])


def document(path: Path, *arguments: str) -> Any:
    done = run(path, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_drop_shows_its_difference_and_the_way_back(path: Path) -> None:
    done = run(path, "drop", "llama-free", "--because", "4 of 6 timed out")
    assert done.exit_code == 0
    assert '+    dropped: "' in done.stdout
    assert "`cockpit undo` takes it back" in done.stderr
    [llama] = [one for one in document(path, "tiers") if one["deployment"] == "llama-free"]
    assert llama["dropped"].endswith(": 4 of 6 timed out")
    assert run(path, "restore", "llama-free").exit_code == 0
    assert path.read_text() == SAMPLE


def test_explain_says_who_was_dropped_from_the_one_route_it_was_dropped_from(path: Path) -> None:
    document(path, "drop", "smollm", "--from", "skill/infra", "--because", "too small")

    def reason(name: str) -> str:
        candidates = document(path, "explain", "-m", name, "hello")["candidates"]
        return next(str(c["reason"]) for c in candidates if c["deployment"] == "smollm")

    assert "dropped from skill/infra: " in reason("skill/infra")
    assert "dropped" not in reason("auto") + reason("smollm")
    assert document(path, "restore", "smollm", "--to", "skill/infra")["written"] is True
    assert "dropped" not in reason("skill/infra")


def test_a_rehearsal_writes_nothing(path: Path) -> None:
    told = document(path, "limit", "opus", "rpm=9", "cooldown=5m", "--dry-run")
    assert (told["written"], told["path"]) == (False, str(path))
    assert "+    limits: {rpm: 9}\n+    cooldown: 300s" in told["diff"]
    assert path.read_text() == SAMPLE


def test_limits_are_set_and_taken_away_and_undone(path: Path) -> None:
    assert document(path, "limit", "gemini-flash", "rpm=9", "rpd=")["written"] is True
    assert "limits: {rpm: 9, reset_timezone: America/Los_Angeles}" in path.read_text()
    assert (
        document(path, "undo")["title"]
        == "undo: gemini-flash limited to rpm 9, gemini-flash without a limit of rpd"
    )
    assert "limits: {rpm: 10, " in path.read_text()
    assert run(path, "undo").exit_code == 1


def test_what_the_file_says_already_is_no_change(path: Path) -> None:
    told = document(path, "limit", "gemini-flash", "rpm=10")
    assert (told["written"], told["diff"]) == (False, "")


@pytest.mark.parametrize(
    "word", ["rpm", "rpm=0", "rpm=-1", "rpm=1.5", "rpx=9", "cooldown=5", "cooldown=0s", "="]
)
def test_a_limit_that_cannot_be_is_wrong_usage(path: Path, word: str) -> None:
    done = run(path, "limit", "opus", word)
    assert done.exit_code == 2
    assert "write one of" in done.output or "whole number" in done.output or "30s, 5m" in done.output
    assert path.read_text() == SAMPLE


def test_a_name_nobody_knows_is_refused_with_the_nearest(path: Path) -> None:
    done = run(path, "drop", "lama-free")
    assert isinstance(done.exception, UnknownName)
    assert "llama-free" in str(done.exception)


def test_without_a_file_of_ones_own_it_is_made_only_when_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("COCKPIT_CONFIG", raising=False)
    own = tmp_path / "tier-cockpit" / "config.yaml"
    refused = CliRunner().invoke(cli, ["drop", "glm"])
    assert isinstance(refused.exception, ConfigError)
    assert f"`cockpit config init` copies it to {own}" in str(refused.exception)
    assert CliRunner().invoke(cli, ["drop", "glm", "--yes", "--dry-run"]).exception is not None
    assert not own.exists()
    assert CliRunner().invoke(cli, ["drop", "glm", "--yes"]).exit_code == 0
    assert len(own.read_text().splitlines()) == len(SAMPLE.splitlines()) + 1
    own.unlink()
    assert CliRunner().invoke(cli, ["config", "init"]).exit_code == 0
    assert own.read_text() == SAMPLE
