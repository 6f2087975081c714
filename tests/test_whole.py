"""The real program in a real terminal, by keys alone, answered by the real embedded model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal

COCKPIT = [sys.executable, "-m", "cockpit"]
QUESTION = "Reply with one word: the capital of France"

pytestmark = pytest.mark.slow


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return what a program gets on a bare machine."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "COCKPIT_LOOPBACK_ONLY": "1",
        **more,
    }


def run(home: Path, *arguments: str, expect: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COCKPIT, *arguments],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done


def test_ask_prints_one_document_and_spend_counts_it(tmp_path: Path) -> None:
    answer = json.loads(run(tmp_path, "ask", "--json", QUESTION).stdout)
    assert answer["text"]
    assert answer["usage"]["input_tokens"] > 0
    assert answer["usage"]["output_tokens"] > 0
    assert (answer["cost_usd"], answer["cost_source"]) == ("0", "local")
    assert [attempt["outcome"] for attempt in answer["attempts"]] == ["ok"]
    spent = json.loads(run(tmp_path, "spend", "--json").stdout)
    assert (spent["requests"], spent["total_usd"], spent["unknown_cost_attempts"]) == (1, "0", 0)
    assert spent["usage"]["output_tokens"] == answer["usage"]["output_tokens"]


def test_plain_output_has_no_escape_codes_and_a_pipe_gets_the_dashboard_once(tmp_path: Path) -> None:
    asked = run(tmp_path, "ask", QUESTION)
    shown = run(tmp_path)
    assert "\x1b" not in asked.stdout + asked.stderr + shown.stdout + shown.stderr
    assert "smollm" in shown.stdout


def test_the_cockpit_by_keys_alone(tmp_path: Path) -> None:
    with Terminal(COCKPIT, env=environment(tmp_path)) as terminal:
        terminal.wait_for("smollm")
        terminal.press("2")
        terminal.wait_for("Prompt")
        terminal.press(QUESTION, "Enter")
        screen = terminal.wait_for(r"done", seconds=60)
        assert re.search(r"ttft", screen)
        assert re.search(r"tok/s", screen)
        assert "$0" in screen
        terminal.press("Esc")
        terminal.wait_for("q quit")  # the keys are live again; a lone Esc and a key must not arrive as one
        terminal.press("1")
        screen = terminal.wait_for(r"smollm\S*.*\bok\b")
        assert re.search(r"1 req", screen)
        terminal.press("q")
        assert terminal.wait_end() == 0
        assert terminal.is_sane()
        assert b"\x1b[?1049l" in terminal.output[-200:]  # the screen that was there before is back
        assert b"\x1b[?25h" in terminal.output[-200:]


def test_a_terminated_cockpit_leaves_the_terminal_as_it_found_it(tmp_path: Path) -> None:
    with Terminal(COCKPIT, env=environment(tmp_path)) as terminal:
        terminal.wait_for("smollm")
        terminal.process.terminate()
        assert terminal.wait_end() == 0
        assert terminal.is_sane()
        assert b"\x1b[?1049l" in terminal.output[-200:]


def test_kill_9_in_mid_answer_leaves_an_unknown_row_no_lock_and_no_orphan(tmp_path: Path) -> None:
    asking = subprocess.Popen(
        [
            *COCKPIT,
            "ask",
            "--max-tokens",
            "3000",
            "Count from one to one thousand in words, and do not stop.",
        ],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
    )
    assert asking.stdout
    assert asking.stdout.read(1)
    asking.stdout.close()
    asking.send_signal(signal.SIGKILL)
    asking.wait(10)
    again = json.loads(run(tmp_path, "ask", "--json", QUESTION).stdout)
    assert again["attempts"][0]["outcome"] == "ok"
    calls = json.loads(run(tmp_path, "--json").stdout)["calls"]
    assert [call["status"] for call in calls] == ["ok", "unknown"]
    left = subprocess.run(["pgrep", "-f", "llamacpp_child"], capture_output=True, text=True, check=False)
    mine = [pid for pid in left.stdout.split() if f"HOME={tmp_path}" in _environ(pid)]
    assert mine == []


def _environ(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--config", "nowhere.yaml", "tiers"), "nowhere.yaml"),
        (("ask", "-m", "smolm", "hello"), "smollm"),
        (("aks", "hello"), "ask"),
        (("ask",), "no prompt"),
    ],
)
def test_wrong_usage_names_the_thing_and_exits_2(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in run(tmp_path, *arguments, expect=2).stderr


def test_every_problem_of_a_configuration_is_told_at_once(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nprovidrs: {}\nroutes:\n  auto: {ladder: [T9]}\n")
    told = run(tmp_path, "--config", str(bad), "config", "check", expect=2).stderr
    assert f"{bad}:2:1: " in told
    assert "providers" in told


def test_an_unwritable_ledger_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path, "ask", QUESTION, expect=1, COCKPIT_LEDGER=str(tmp_path / "file" / "ledger.db"))
    assert "ledger" in done.stderr
    assert done.stdout == ""
