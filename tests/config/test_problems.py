"""Bad files and the exact words they earn: each bad_*.yaml has its expected text beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.config.loader import load
from router.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "data" / "config"
BAD_FILES = sorted(FOLDER.glob("bad_*.yaml"))


def told(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load(path, {})
    return "".join(f"{problem}\n" for problem in refused.value.problems).replace(f"{path}", path.name)


@pytest.mark.parametrize("path", BAD_FILES, ids=[path.stem for path in BAD_FILES])
def test_a_bad_file_is_refused_with_every_problem_and_its_place(path: Path) -> None:
    assert told(path) == path.with_suffix(".txt").read_text()


def test_a_named_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.yaml"
    assert told(missing) == "nowhere.yaml: no such file or directory. Check the path and who may read it\n"


def test_a_folder_is_not_a_configuration(tmp_path: Path) -> None:
    assert told(tmp_path).endswith("is a directory. Check the path and who may read it\n")


@pytest.mark.parametrize("text", ["", "\n", "---\n", "null\n", "# a comment\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text(text)
    assert "the file is empty" in told(path)


def test_an_oversized_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("# " + "x" * (1 << 20))
    assert "larger than 1 MiB" in told(path)


def test_a_litellm_file_is_told_apart_from_a_misspelt_one(tmp_path: Path) -> None:
    path = tmp_path / "litellm.yaml"
    path.write_text("model_list: []\n")
    assert told(path) == "litellm.yaml:1:13: model_list is empty; fill it in or remove it\n"


def test_a_refused_key_is_never_repeated(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "version: 1\n"
        "providers:\n"
        '  one: {wire: openai, base_url: "https://example.test", api_key: 987654321, billing: metered}\n'
        '  two: {wire: openai, base_url: "https://example.test", api_key: ["sk-list"], billing: metered}\n'
        '  six: {wire: openai, base_url: "http://example.test", api_key: sk-plain, billing: metered}\n'
    )
    with pytest.raises(ConfigError) as refused:
        load(path, {})
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    words = told(path)
    assert words.count("api_key") == 3
    assert "987654321" not in words
    assert "sk-" not in words
