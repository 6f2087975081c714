"""`cockpit classify`: lines in, lines out, and what a person reads."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from cockpit.commands.classify import command


def run(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command, args, input=stdin)


def test_each_line_of_input_gets_a_line_of_output_with_its_id() -> None:
    lines = [
        {"id": "a", "text": "What is the capital of France?"},
        {"id": 2, "text": "Beweise, dass es unendlich viele Primzahlen gibt."},
    ]
    result = run("--jsonl", stdin="\n\n".join(map(json.dumps, lines)) + "\n")
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert list(first) == ["id", "task", "level", "language", "confidence", "abstained"]
    assert (first["id"], first["task"], first["level"], first["language"], first["abstained"]) == (
        "a", "lookup", "L1", "en", False,
    )  # fmt: skip
    assert (second["id"], second["task"], second["level"], second["language"]) == (
        2,
        "complex_reasoning",
        "L3",
        "de",
    )


def test_an_empty_text_is_abstained_on_without_a_guess() -> None:
    result = run("--jsonl", stdin='{"id": 1, "text": ""}\n')
    assert json.loads(result.stdout) == {
        "id": 1, "task": None, "level": None, "language": None, "confidence": 0.0, "abstained": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [("nonsense", "not JSON"), ("[]", "not a JSON object"), ("{}", "`text`"), ('{"text": 3}', "`text`")],
)
def test_a_line_that_cannot_be_read_is_named_and_the_others_are_answered(line: str, words: str) -> None:
    good = '{"id": 1, "text": "hello"}'
    result = run("--jsonl", stdin=f"{good}\n{line}\n{good}\n")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert "line 2" in result.stderr
    assert words in result.stderr


def test_half_a_surrogate_pair_in_a_text_is_no_error() -> None:
    assert run("--jsonl", stdin='{"id": 1, "text": "hi \\ud83d there"}\n').exit_code == 0


def test_a_text_is_told_in_words_for_a_person() -> None:
    result = run("Translate to Spanish: where is the station?")
    assert result.exit_code == 0
    assert "translate" in result.stdout
    assert "rule: asks for a translation" in result.stdout


def test_a_person_is_told_when_nothing_is_sure_enough() -> None:
    assert "the default is taken" in run("qwzx vbnm lkjh").stdout


def test_one_text_is_one_json_document_on_demand() -> None:
    found = json.loads(run("-", "--json", stdin="hola").stdout)
    assert (found["task"], found["language"]) == ("chat", "es")


@pytest.mark.parametrize("args", [(), ("--jsonl", "text")])
def test_either_a_text_or_jsonl_must_be_given(args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "--jsonl" in result.stderr


@pytest.mark.parametrize("line", ["[" * 100_000, '{"id": ' + "9" * 5000 + ', "text": "x"}', "\x00"])
def test_a_line_that_no_json_reader_can_hold_is_named_and_the_next_is_answered(line: str) -> None:
    result = CliRunner().invoke(command, ["--jsonl"], input=f'{line}\n{{"id": 2, "text": "hello"}}\n')
    assert result.exit_code == 2
    assert "line 1: not JSON" in result.stderr
    assert json.loads(result.stdout)["id"] == 2


def test_an_id_of_half_a_character_and_a_mark_before_the_first_line_are_no_trouble() -> None:
    lines = b'\xef\xbb\xbf{"id": "\\ud800", "text": "hel\\udfffo"}\n'
    result = CliRunner().invoke(command, ["--jsonl"], input=lines)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["id"] == "\ud800"
