"""`cockpit alerts`: what was told to whom; and a call of `cockpit ask` that passes a budget tells it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.__main__ import cli
from tests.fake_provider import answer, fake_provider

CONFIG = """
version: 1
providers: {p: {wire: openai, base_url: "URL", billing: metered, catalogue: nobody}}
tiers: {T0: {label: one}}
deployments: {d: {tier: T0, provider: p, model: m, price: {input_mtok: "1", output_mtok: "2"}}}
routes: {auto: {ladder: [T0]}}
budgets: [{scope: all, window: day, usd: "0.000001", mode: soft}]
policy: {allow_commands: true}
hooks:
  - {on: [budget], run: [sh, -c, "cat > OUT"]}
  - {on: [budget], url: "${ALERT_HOOK}"}
"""
BODY = {
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2},
}
CHUNK = {**BODY, "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}
STREAM = f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n".encode()


def run(tmp_path: Path, *args: str) -> Result:
    common = ["--config", str(tmp_path / "c.yaml"), "--ledger", str(tmp_path / "l.db")]
    return CliRunner().invoke(cli, [*common, *args])


def configure(tmp_path: Path, url: str) -> None:
    text = CONFIG.replace("URL", url).replace("OUT", str(tmp_path / "out"))
    (tmp_path / "c.yaml").write_text(text)


async def test_a_call_that_passes_a_budget_is_told_before_the_command_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fake_provider(answer(STREAM, 200, "content-type: text/event-stream")) as server:
        configure(tmp_path, f"{server.url}/v1")
        monkeypatch.setenv("ALERT_HOOK", f"{server.url}/s3cret")
        asked = await asyncio.to_thread(run, tmp_path, "ask", "Hello")
        assert asked.exit_code == 0, asked.output
        message = json.loads((tmp_path / "out").read_text())
        assert "100 % of budget `all spend, day` is spent" in message["text"]
        assert "POST /s3cret HTTP/1.1" in [request.line for request in server.requests]
    listed, table, shown = [
        await asyncio.to_thread(run, tmp_path, *arguments)
        for arguments in (("alerts", "--json"), ("alerts",), ("config", "show"))
    ]
    [alert] = json.loads(listed.stdout)
    assert (alert["event"], alert["text"], alert["id"]) == ("budget", message["text"], message["id"])
    assert [one["error"] for one in alert["told"]] == [None, None]
    assert "all spend, day" in table.stdout
    assert "s3cret" not in listed.output + table.output + shown.output


async def test_a_test_is_sent_to_every_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_provider(answer(b"", 404)) as server:
        configure(tmp_path, server.url)
        monkeypatch.setenv("ALERT_HOOK", f"{server.url}/s3cret")
        done = await asyncio.to_thread(run, tmp_path, "alerts", "test", "--json")
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)
    assert first == {"hook": "1 sh", "ok": True, "error": None}
    assert (second["ok"], second["error"]) == (False, "answered with status 404")
    assert json.loads((tmp_path / "out").read_text())["event"] == "test"


def test_without_a_ledger_and_without_hooks_it_says_so(tmp_path: Path) -> None:
    configure(tmp_path, "http://127.0.0.1:1/v1")
    text = (tmp_path / "c.yaml").read_text()
    done = run(tmp_path, "alerts")
    assert done.exit_code == 0
    assert "set ALERT_HOOK" in done.stderr
    assert not (tmp_path / "l.db").exists()
    (tmp_path / "c.yaml").write_text(text[: text.index("hooks:")])
    done = run(tmp_path, "alerts", "test")
    assert done.exit_code == 1
    assert "no hooks are configured" in done.stderr


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        ("{on: [budget], run: [x], url: 'https://x'}", "needs either `run`"),
        ("{on: [budget]}", "needs either `run`"),
        ("{on: [budget], url: 'http://elsewhere.invalid/x'}", "unencrypted"),
        ("{on: [nothing], url: 'https://x'}", "hooks[0].on[0]"),
        ("{on: [], url: 'https://x'}", "hooks[0].on"),
        ("{on: [budget], url: 'https://x', timeout: 2m}", "a minute at most"),
    ],
)
def test_a_hook_that_cannot_be_is_refused_with_its_place(tmp_path: Path, hook: str, told: str) -> None:
    configure(tmp_path, "http://127.0.0.1:1/v1")
    text = (tmp_path / "c.yaml").read_text()
    (tmp_path / "c.yaml").write_text(text[: text.index("hooks:")] + f"hooks: [{hook}]\n")
    done = run(tmp_path, "config", "check", "--json")
    assert done.exit_code == 2
    assert told in " ".join(problem["message"] for problem in json.loads(done.stdout)["problems"])


def test_a_program_runs_by_opt_in_only(tmp_path: Path) -> None:
    configure(tmp_path, "http://127.0.0.1:1/v1")
    text = (tmp_path / "c.yaml").read_text()
    (tmp_path / "c.yaml").write_text(text.replace("policy: {allow_commands: true}\n", ""))
    done = run(tmp_path, "config", "check", "--json")
    [problem] = json.loads(done.stdout)["problems"]
    assert "allow_commands: true" in problem["message"]
