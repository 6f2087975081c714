from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.commands.cost import command

LINES = (Path(__file__).parent.parent / "data" / "billing.jsonl").read_text().splitlines()
CASES = [json.loads(line) for line in LINES]
BODY = {
    "model": "gpt-4o-2024-08-06",
    "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
}


def run(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command, list(args), input=stdin)


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, object]]:
    asked = [{key: case[key] for key in case.keys() - {"expected", "why", "notes"}} for case in CASES]
    result = CliRunner().invoke(command, ["--jsonl"], input="\n".join(map(json.dumps, asked)))
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines] == [case["id"] for case in CASES]
    return {line["id"]: line for line in lines}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_saved_answer_costs_what_its_case_says(
    case: dict[str, dict[str, object]], answers: dict[str, dict[str, object]]
) -> None:
    answer = answers[str(case["id"])]
    asked_for = {key: value for key, value in case["expected"].items() if key in answer}
    assert {key: answer[key] for key in asked_for} == asked_for, case["why"]


def test_an_unknown_cost_says_why_on_standard_error_only() -> None:
    case = next(case for case in CASES if case["id"] == "ollama-cloud-unpriced")
    result = run("--jsonl", stdin=json.dumps(case))
    assert "ollama-cloud-unpriced: cost unknown: nobody knows the price" in result.stderr
    assert json.loads(result.stdout)["cost_usd"] is None


def test_a_line_that_is_no_case_is_named_and_the_others_are_answered() -> None:
    bad_price = {**CASES[0], "config_price": {"input": "1"}}
    bad_api = {**CASES[0], "api": "telnet"}
    bad_date = {**CASES[0], "date": "soon"}
    lines = ["{", json.dumps(bad_price), json.dumps(bad_api), json.dumps(bad_date), "", json.dumps(CASES[0])]
    result = run("--jsonl", stdin="\n".join(lines))
    assert result.exit_code == 2
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["cost_usd"] for answer in answers] == [None, None, None, None, "0.0232856"]
    for words in ("line 1: ", "line 2: 'input' is no key", "line 3: api 'telnet'", "line 4: date 'soon'"):
        assert words in result.stderr


@pytest.mark.parametrize(
    "price", [{}, {"output_mtok": "2"}, {"input_mtok": "-1"}, {"input_mtok": "cheap"}, {"per_gram": "1"}, "2"]
)
def test_a_price_that_cannot_be_read_leaves_the_counts_as_they_are(price: object) -> None:
    case = {"id": "x", "api": "openai.chat", "date": "2026-03-11", "wire": BODY, "config_price": price}
    result = run("--jsonl", stdin=json.dumps(case))
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["input_tokens"], answer["output_tokens"]) == (2, 1000, 100)
    assert (answer["cost_usd"], answer["cost_source"]) == (None, "unknown")
    assert "line 1: " in result.stderr


@pytest.mark.parametrize("streamed", [False, True])
def test_one_file_is_a_body_or_a_stream(tmp_path: Path, streamed: bool) -> None:
    path = tmp_path / "answer"
    text = json.dumps(BODY)
    path.write_text(f"data: {text}\n\ndata: [DONE]\n\n" if streamed else text)
    options = ("--api", "openai.chat", "--model", "gpt-4o", "--date", "2026-03-11T12:00:00Z")
    result = run(*options, "--json", str(path))
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert (answer["id"], answer["cost_usd"], answer["cost_source"]) == ("answer", "0.0035", "computed")
    shown = run(*options, str(path))
    assert "$0.0035 (computed)" in shown.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "give --api, --model and a FILE"),
        (("--jsonl", "-"), "or --jsonl alone"),
        (("--api", "openai.chat", "--model", "m", "--date", "soon", "-"), "'soon' is no time"),
    ],
)
def test_wrong_usage_says_what_to_give(args: tuple[str, ...], words: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert words in result.stderr


def damaged(value: object, chance: random.Random) -> object:
    """Return JSON with some of its values replaced by what nobody expects there."""
    odd: tuple[object, ...] = (None, True, -1, 10**30, 1.5, "x", [], {}, [[]], "1E+99999", {"a": 1})
    if chance.random() < 0.04:
        return chance.choice(odd)
    if isinstance(value, dict):
        return {key: damaged(item, chance) for key, item in value.items()}
    return [damaged(item, chance) for item in value] if isinstance(value, list) else value


def test_no_damaged_case_stops_the_others_from_being_answered() -> None:
    chance = random.Random(20261122)
    lines = [json.dumps(damaged(case, chance)) for case in CASES for _ in range(4)]
    result = run("--jsonl", stdin="\n".join(lines))
    assert len(result.stdout.splitlines()) == len(lines)
    assert result.exit_code == 2
