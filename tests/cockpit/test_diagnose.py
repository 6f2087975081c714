"""`cockpit diagnose`: lines in, lines out, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.commands.diagnose import command
from router.core.records.diagnosis import Action

NOW = "2026-11-22T12:00:00Z"
LIMITED = {
    "id": "a",
    "provider": "openai",
    "request": {"stream": False},
    "status": 429,
    "headers": {"Retry-After": "20"},
    "body": {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}},
}


def run(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command, [*args, "--now", NOW], input=stdin)


def saved(tmp_path: Path, case: object) -> str:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(case, indent=2), encoding="utf-8")
    return str(path)


def test_each_line_of_input_gets_a_line_of_output_with_its_id() -> None:
    result = run(
        "--jsonl", stdin=f"{json.dumps(LIMITED)}\n\n{json.dumps(LIMITED | {'id': 7, 'status': 503})}\n"
    )
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first == {
        "id": "a",
        "class": "quota_until_time",
        "action": "cooldown_and_fall_over",
        "cooldown": {
            "scope": "deployment",
            "seconds": 20.0,
            "until": "2026-11-22T12:00:20Z",
            "derived_from": "header:retry-after",
        },
        "counts_toward_breaker": False,
        "ledger": "void",
        "evidence": "rate-limited; HTTP 429; rest from header:retry-after",
    }
    assert (second["id"], second["class"]) == (7, "transient")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "`provider`"),
        ('{"provider": "any", "status": "429"}', "`status`"),
        ('{"provider": "any", "status": 200, "headers": []}', ""),
        ('{"provider": "any", "status": 200, "headers": "x"}', "`headers`"),
        ('{"provider": "any", "status": 200, "transport": {"end": "never"}}', "`transport.end`"),
        ('{"provider": "any", "status": null, "transport": {"error": "bored"}}', "`transport.error`"),
        ('{"provider": "any", "status": 200, "transport": {"slice_bytes": -1}}', "`transport.slice_bytes`"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_the_others_are_answered(line: str, words: str) -> None:
    result = run("--jsonl", stdin=f"{json.dumps(LIMITED)}\n{line}\n{json.dumps(LIMITED)}\n")
    if not words:  # an empty list is as good as no header
        assert result.exit_code == 0
        return
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert "line 2" in result.stderr
    assert words in result.stderr


def test_a_file_is_told_in_words_for_a_person(tmp_path: Path) -> None:
    result = run(saved(tmp_path, LIMITED))
    assert result.exit_code == 0
    assert "quota_until_time" in result.stdout
    assert "deployment until 2026-11-22T12:00:20Z (header:retry-after)" in result.stdout


@pytest.mark.parametrize(
    ("status", "words"), [(401, "credential until something changes"), (400, "nobody rests")]
)
def test_a_rest_without_a_clock_is_told_as_what_ends_it(tmp_path: Path, status: int, words: str) -> None:
    body = {"error": {"message": "no", "type": "x"}}
    assert words in run(saved(tmp_path, LIMITED | {"status": status, "body": body})).stdout


def test_a_file_is_one_json_document_on_demand(tmp_path: Path) -> None:
    assert json.loads(run(saved(tmp_path, LIMITED), "--json").stdout)["class"] == "quota_until_time"


def test_standard_input_is_read_for_a_dash() -> None:
    assert json.loads(run("-", "--json", stdin=json.dumps(LIMITED)).stdout)["id"] == "a"


def test_a_broken_file_is_wrong_usage_with_its_name(tmp_path: Path) -> None:
    result = run(saved(tmp_path, [1]))
    assert result.exit_code == 2
    assert "answer.json: not a JSON object" in result.stderr


@pytest.mark.parametrize("args", [(), ("--jsonl", "-")])
def test_either_a_file_or_jsonl_must_be_given(args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "--jsonl" in result.stderr


def test_a_now_that_is_no_time_is_refused_with_an_example() -> None:
    result = CliRunner().invoke(command, ["--jsonl", "--now", "teatime"])
    assert result.exit_code == 2
    assert NOW in result.stderr


def test_without_now_the_clock_counts() -> None:
    result = CliRunner().invoke(command, ["--jsonl"], input=json.dumps(LIMITED))
    assert json.loads(result.stdout)["cooldown"]["seconds"] == 20


def test_an_echoed_key_is_nowhere_in_the_output() -> None:
    key = "CANARY-KEY-DO-NOT-LEAK-91c2"
    echo = {"error": {"message": f"bad header Authorization: Bearer {key}", "type": key, "code": key}}
    for status in (200, 400, 401, 403, 429, 500):
        result = run("--jsonl", stdin=json.dumps(LIMITED | {"status": status, "body": echo}))
        assert result.exit_code == 0
        assert "CANARY" not in result.output


def test_every_action_is_explained_to_a_person(tmp_path: Path) -> None:
    from cockpit.commands.diagnose import ADVICE

    assert set(ADVICE) == {action.value for action in Action}
