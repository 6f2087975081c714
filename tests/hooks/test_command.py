"""Running a user's command on an answer: real processes, real pipes, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from router.core.checks.judge import MAX_DETAIL, CommandResult
from router.core.settings.checks import CheckCommand
from router.hooks.command import CommandRunner


async def run(
    code: str, answer: str = "", timeout_s: float = 20.0, environ: dict[str, str] | None = None
) -> CommandResult:
    """Run a Python program on an answer."""
    runner = CommandRunner({"PATH": os.environ["PATH"]} if environ is None else environ)
    return await runner.run(CheckCommand((sys.executable, "-c", code), timeout_s), answer)


async def test_the_answer_comes_in_on_standard_input_and_the_exit_code_goes_out() -> None:
    program = "import sys; text = sys.stdin.read(); print(text.upper()); sys.exit(len(text))"
    assert await run(program, "größe") == CommandResult(5, "GRÖSSE")


async def test_standard_error_is_part_of_what_it_said() -> None:
    assert await run("import sys; sys.exit('no: line 3')") == CommandResult(1, "no: line 3")


async def test_a_command_that_does_not_read_a_large_answer_still_gives_its_verdict() -> None:
    assert (await run("raise SystemExit(3)", "x" * 5_000_000)).exit_code == 3


async def test_a_command_that_writes_without_end_is_read_to_its_end_and_kept_short() -> None:
    ran = await run("print('y' * 3_000_000)")
    assert (ran.exit_code, len(ran.output)) == (0, MAX_DETAIL)


async def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert (await run("import sys; sys.stdout.buffer.write(b'ok \\xff')")).output == "ok \ufffd"


async def test_no_variable_but_the_harmless_ones_reaches_a_command() -> None:
    environ = {**os.environ, "OPENAI_API_KEY": "sk-1", "MY_OWN_NAME_FOR_IT": "sk-2", "LANG": "C.UTF-8"}
    seen = (await run("import os; print(*sorted(os.environ))", environ=environ)).output.split()
    assert "PATH" in seen
    assert "LANG" in seen
    assert not {"OPENAI_API_KEY", "MY_OWN_NAME_FOR_IT"} & set(seen)


@pytest.mark.parametrize("program", ["no-such-program-anywhere", "/", "nul\0l"])
async def test_a_command_that_cannot_start_says_so_and_has_no_verdict(program: str) -> None:
    ran = await CommandRunner({}).run(CheckCommand((program,)), "x")
    assert ran.exit_code is None
    assert ran.not_started is not None
    assert ran.not_started.startswith("cannot be started: ")


async def test_nothing_of_an_argument_is_read_by_a_shell(tmp_path: Path) -> None:
    made = tmp_path / "made"
    runner = CommandRunner({"PATH": os.environ["PATH"]})
    ran = await runner.run(CheckCommand(("echo", f"$(touch {made})", "; false")), "")
    assert (ran.exit_code, ran.output) == (0, f"$(touch {made}) ; false")
    assert not made.exists()


async def test_after_its_time_a_command_and_what_it_started_are_gone(tmp_path: Path) -> None:
    child = "import time, pathlib, sys; time.sleep(60)"
    note = tmp_path / "child.pid"
    program = (
        "import subprocess, sys, pathlib, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
        "print('started', flush=True)\n"
        "time.sleep(60)"
    )
    ran = await run(program, timeout_s=1.0)
    assert ran == CommandResult(None, "started")
    await asyncio.to_thread(assert_gone, await asyncio.to_thread(pid_in, note))


async def test_a_command_that_ends_and_leaves_a_child_on_its_output_is_not_waited_for_past_its_time() -> None:
    program = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    assert (await run(program, timeout_s=1.0)).exit_code is None


def test_a_caller_that_goes_away_takes_the_command_along(tmp_path: Path) -> None:
    note = tmp_path / "own.pid"
    written = f"pathlib.Path({str(note)!r}).write_text(str(os.getpid()))"

    async def cancelled() -> None:
        task = asyncio.create_task(run(f"import os, pathlib, time; {written}; time.sleep(60)"))
        async with asyncio.timeout(10):
            while await asyncio.to_thread(pid_in, note) is None:  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert_gone(pid_in(note))


def pid_in(note: Path) -> int | None:
    return int(note.read_text()) if note.exists() and note.read_text() else None


def assert_gone(pid: int | None) -> None:
    """See that a process is no more; a dead one that nobody has collected counts as gone."""
    assert pid is not None
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            state = subprocess.run(
                ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
            )
            if state.stdout.strip()[:1] not in ("", "Z"):
                continue
        return
    raise AssertionError(f"{pid} still runs")
