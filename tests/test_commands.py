"""The command line as a script uses it: documents, exit codes, and what is told to a person."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.__main__ import COMMANDS, cli
from tests.fake_provider import SSE_HEAD, FakeProvider, fake_provider

QUESTION = "What is the capital of France?"
CONFIG = """
version: 1
providers:
  first:  {{wire: openai, base_url: "{first}/v1", api_key: "${{GEMINI_API_KEY}}", billing: free}}
  second: {{wire: openai, base_url: "{second}/v1", billing: metered}}
tiers:
  T0: {{label: free}}
  T1: {{label: paid}}
deployments:
  limited: {{tier: T0, provider: first, model: m-one}}
  paid:    {{tier: T1, provider: second, model: m-two, price: {{input_mtok: "1", output_mtok: "2"}}}}
routes:
  auto:   {{ladder: [T0, T1], climb: {{free_to_paid: true}}}}
  strict: {{ladder: [T0, T1]}}
"""
LIMITED = (
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-type: application/json\r\n"
    b'connection: close\r\n\r\n{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
)


def stream(*pieces: str) -> tuple[bytes, ...]:
    """Return an OpenAI stream of `pieces` that says it used 10 and 5 tokens."""
    chunks: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": text}}]} for text in pieces
    ]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    chunks.append({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}})
    events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return SSE_HEAD, events.encode()


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


async def cockpit(home: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Done:
    """Run the real command with a home of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cockpit",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(home), **(environ or {})},
    )
    out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


def bytes_below(folder: Path) -> bytes:
    """Return everything that was written anywhere below a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def write_config(home: Path, first: FakeProvider, second: FakeProvider) -> str:
    path = home / "cockpit.yaml"
    path.write_text(CONFIG.format(first=first.url, second=second.url))
    return str(path)


async def test_the_second_takes_over_and_both_attempts_and_the_cost_are_told(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("Par", "is")) as second:
        config = write_config(tmp_path, first, second)
        key = {"GEMINI_API_KEY": "CANARY-KEY"}
        done = await cockpit(tmp_path, "ask", "--json", "--config", config, QUESTION, environ=key)
        answer = done.json()
        assert (done.code, answer["text"], answer["deployment"]) == (0, "Paris", "paid")
        assert [(a["outcome"], a["failure_class"], a["http_status"]) for a in answer["attempts"]] == [
            ("failed", "quota_until_time", 429),
            ("ok", "ok", 200),
        ]
        assert (answer["cost_usd"], answer["cost_source"]) == ("0.00002", "computed")
        spent = (await cockpit(tmp_path, "spend", "--json", "--by", "deployment", "--config", config)).json()
        assert (spent["total_usd"], spent["requests"], spent["attempts"]) == ("0.00002", 1, 2)
        assert {group["key"]: group["cost_usd"] for group in spent["groups"]} == {
            "paid": "0.00002",
            "limited": "0",
        }
        assert b"CANARY-KEY" not in bytes_below(tmp_path) + done.out.encode() + done.err.encode()


async def test_a_route_that_declares_no_climb_fails_rather_than_spend(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("no")) as second:
        config = write_config(tmp_path, first, second)
        key = {"GEMINI_API_KEY": "k"}
        done = await cockpit(
            tmp_path, "ask", "--json", "-m", "strict", "--config", config, QUESTION, environ=key
        )
        assert done.code == 4
        assert second.requests == []
        error = done.json()["error"]
        assert error["class"] == "quota_until_time"
        assert error["retry_after_s"] == pytest.approx(7, abs=1)


async def test_what_could_cost_more_than_the_caller_allows_is_refused_with_3(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("no")) as second:
        config = write_config(tmp_path, first, second)
        done = await cockpit(
            tmp_path, "ask", "-m", "paid", "--max-cost", "0.000001", "--config", config, QUESTION
        )
        assert done.code == 3
        assert "0.000001" in done.err
        assert second.requests == []


async def test_the_answer_streams_to_stdout_and_its_cost_to_stderr(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("Par", "is")) as second:
        config = write_config(tmp_path, first, second)
        done = await cockpit(tmp_path, "--config", config, "ask", "-m", "T1", QUESTION)
        assert (done.code, done.out) == (0, "Paris\n")
        assert "$0.00002 computed" in done.err


async def test_hostile_text_reaches_neither_stdout_nor_stderr_as_a_control_sequence(tmp_path: Path) -> None:
    hostile = "safe\x1b]52;c;ZXZpbA==\x07\x9b2J\u202etxt"
    async with fake_provider(LIMITED) as first, fake_provider(*stream(hostile)) as second:
        config = write_config(tmp_path, first, second)
        done = await cockpit(tmp_path, "--config", config, "ask", "-m", "T1", QUESTION)
        assert done.out.startswith("safe")
        assert not set("\x1b\x07\x9b\u202e") & set(done.out + done.err)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_exists_and_its_line_in_help_is_its_own(name: str) -> None:
    assert run(name, "--help").exit_code == 0


def test_reports_of_a_bare_machine_are_zeros_and_make_no_file() -> None:
    home = Path(os.environ["HOME"])
    spent = json.loads(run("spend", "--json").stdout)
    assert (spent["total_usd"], spent["requests"], len(spent["groups"])) == ("0", 0, 7)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_tiers_lists_the_whole_ladder_with_what_is_off_and_why() -> None:
    tiers = {entry["deployment"]: entry for entry in json.loads(run("tiers", "--json").stdout)}
    assert tiers["smollm"]["health"] == "available"
    assert tiers["gemini-flash"]["health"] == "disabled"
    assert tiers["gemini-flash"]["reason"] == "no key: set GEMINI_API_KEY"
    assert [entry["tier"] for entry in tiers.values()] == sorted(entry["tier"] for entry in tiers.values())


def test_explain_shows_every_candidate_with_its_estimate_and_sends_nothing() -> None:
    plan = json.loads(run("explain", "--json", QUESTION).stdout)
    assert [c["deployment"] for c in plan["candidates"] if c["chosen"]] == ["smollm"]
    assert all(candidate["reason"] for candidate in plan["candidates"])
    sonnet = next(c for c in plan["candidates"] if c["deployment"] == "sonnet")
    assert 0 < float(sonnet["estimate_usd"]) <= float(sonnet["bound_usd"])


def test_config_path_check_and_show_agree(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("version: 1\n")
    assert run("config", "path").stdout.startswith("built-in")
    assert run("--config", str(own), "config", "path").stdout.strip() == str(own)
    assert json.loads(run("config", "check", "--json").stdout)["ok"] is True
    assert json.loads(run("config", "show", "--json").stdout)["source"] == "built-in"


def test_every_problem_of_a_configuration_is_in_the_json_too(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nprovidrs: {}\n")
    done = run("--config", str(bad), "config", "check", "--json")
    assert done.exit_code == 2
    problems = {(p["line"], p["column"]): p["message"] for p in json.loads(done.stdout)["problems"]}
    assert "Did you mean `providers`?" in problems[2, 1]


def test_doctor_finds_this_machine_in_order() -> None:
    findings = {entry["check"]: entry["verdict"] for entry in json.loads(run("doctor", "--json").stdout)}
    assert findings["embedded model"] == "ok"
    assert findings["configuration"] == "ok"


def test_a_pipe_gets_the_dashboard_once() -> None:
    shown = run()
    assert shown.exit_code == 0
    assert "Spend, last 7 days" in shown.stdout
    assert "smollm" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_a_configuration_in_which_nothing_can_serve_is_not_in_order(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        CONFIG.format(first="http://127.0.0.1:1", second="http://127.0.0.1:2").replace(
            "metered}", 'metered, api_key: "${OTHER_KEY}"}'
        )
    )
    done = run("--config", str(own), "config", "check")
    assert (done.exit_code, "in order" in done.stdout) == (1, False)
    assert "nothing in it can serve" in done.stdout
    assert "off: limited: no key: set GEMINI_API_KEY" in done.stderr
    told = json.loads(run("--config", str(own), "config", "check", "--json").stdout)
    assert (told["ok"], told["off"]["paid"]) == (False, "no key: set OTHER_KEY")


async def test_what_was_shown_before_a_failure_stays_in_the_document(tmp_path: Path) -> None:
    cut = (
        stream("Par", "is")[0],
        stream("Par", "is")[1].split(b'data: {"choices": [{"index": 0, "delta": {}')[0],
    )
    async with fake_provider(LIMITED) as first, fake_provider(*cut) as second:
        own = tmp_path / "own.yaml"
        own.write_text(CONFIG.format(first=first.url, second=second.url))
        done = await cockpit(tmp_path, "ask", "--config", str(own), "--json", "-m", "paid", QUESTION)
    told = done.json()
    assert (done.code, told["text"], told["partial_text"]) == (4, "", "Paris")
    assert told["error"]["class"] == "transient"


async def test_reasoning_without_an_answer_is_told(tmp_path: Path) -> None:
    only = stream("x")[1].replace(b'"content": "x"', b'"reasoning_content": "hm"')
    async with fake_provider(LIMITED) as first, fake_provider(SSE_HEAD, only) as second:
        own = tmp_path / "own.yaml"
        own.write_text(CONFIG.format(first=first.url, second=second.url))
        done = await cockpit(tmp_path, "ask", "--config", str(own), "-m", "paid", QUESTION)
        told = (await cockpit(tmp_path, "ask", "--config", str(own), "-m", "paid", "--json", QUESTION)).json()
    assert (done.code, done.out) == (0, "")
    assert "only reasoning came, and no answer" in done.err
    assert "paid answered with reasoning alone, and no answer" in told["why"]


def test_check_says_what_is_given_away_and_called_metered(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    text = CONFIG.format(first="http://127.0.0.1:1", second="http://127.0.0.1:2")
    own.write_text(
        text.replace("billing: metered}", "billing: metered, catalogue: openrouter}").replace(
            "m-two", "a/b:free"
        )
    )
    told = json.loads(run("--config", str(own), "config", "check", "--json").stdout)
    assert told["notes"] == ["paid: its provider gives a/b:free away; say `billing: free`"]
    assert "say `billing: free`" in run("--config", str(own), "config", "check").stderr
