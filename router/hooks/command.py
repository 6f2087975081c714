"""Runs a user's command on an answer: the `CheckRunner`.

The answer goes in on standard input, the exit code comes out. Owns the process and its end: no shell, no
keys in its environment, a time-out over everything, no process left behind. What the result means is
`core.checks.judge`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from router.core.checks.judge import MAX_DETAIL, CommandResult
from router.core.settings.checks import CheckCommand

PASSED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "VIRTUAL_ENV", "XDG_CACHE_HOME", "TZ"),
    *("TMPDIR", "TEMP", "TMP", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES"),
    *("SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
)
"""The variables a command sees: a list of what is harmless, since a key may be in a variable of any name."""
_CHUNK = 65_536


class CommandRunner:
    """Runs commands with what is harmless of an environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name: environ[name] for name in PASSED_ON if name in environ}

    async def run(self, command: CheckCommand, answer: str) -> CommandResult:
        """Run `command` to its end or its time-out; it and the processes it has started are then gone."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command.run,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a null byte in an argument
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return CommandResult(None, not_started=f"cannot be started: {reason}")
        output = bytearray()
        try:
            async with asyncio.timeout(command.timeout_s):
                await asyncio.gather(_feed(process, answer), _read(process, output))
                code: int | None = await process.wait()
        except TimeoutError:
            code = None
        finally:
            await _end(process)
        return CommandResult(code, output.decode(errors="replace").strip())


async def _feed(process: asyncio.subprocess.Process, answer: str) -> None:
    if process.stdin is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):  # a command need not read the answer
        process.stdin.write(answer.encode(errors="replace"))
        await process.stdin.drain()
    process.stdin.close()


async def _read(process: asyncio.subprocess.Process, output: bytearray) -> None:
    """Read to the end, so that the command is never stuck on a full pipe; keep the beginning."""
    while process.stdout and (chunk := await process.stdout.read(_CHUNK)):
        output += chunk[: max(0, MAX_DETAIL - len(output))]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the command and all it has started, where there are process groups for that."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    with suppress(TimeoutError):  # one that left its group may keep the pipe open: that is its own affair
        async with asyncio.timeout(1):
            await _read(process, bytearray(MAX_DETAIL))  # full: keeps no more
            await process.wait()
