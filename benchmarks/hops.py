"""What one plain request passes on its way: files, calls, changes of file, and the values made of it.

Counted with `sys.setprofile` over the engine as `cockpit ask` wires it, a ledger file included, asking a
server on loopback; `python -m benchmarks hops` prints it, and which values were made how often. A resumed
generator counts as a call, and so does what the ledger's own thread does for the request.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from types import FrameType

from router.app.app import App, open_app
from router.core.message import Message
from router.core.request import Request
from tests.fake_provider import fake_provider
from tests.test_commands import stream

WARM_UP = 3
"""Requests before the one that is counted: nothing is imported or compiled any more."""
ROOT = Path(__file__).parent.parent
CONFIG = """
version: 1
providers:
  here: {{wire: openai, base_url: "{url}/v1", billing: metered}}
tiers:
  T1: {{label: paid}}
deployments:
{deployments}
routes:
  plain: {{ladder: [T1]}}
policy:
  guard: {{usd_per_10m: null, requests_per_minute: null, identical_calls: null}}
"""
DEPLOYMENT = '  d{n}: {{tier: T1, provider: here, model: m{n}, price: {{input_mtok: "1", output_mtok: "2"}}}}'
TIMED, OF_TEN = 300, 10
_ours: ContextVar[bool] = ContextVar("_ours", default=False)
"""Set in the counted request's own task: what jobs do meanwhile on the same loop is not counted."""


@dataclass(slots=True)
class Hops:
    """What was counted."""

    files: set[str] = field(default_factory=set)
    calls: int = 0
    changes: int = 0
    """How often the next call stands in another file than the last one."""
    values: Counter[str] = field(default_factory=Counter)
    """Data classes by name, and how many of each were made."""
    counting: bool = False
    last: dict[int, str] = field(default_factory=dict)
    """The file of the last call, by thread."""

    def see(self, frame: FrameType, event: str, _: object) -> None:
        """Count a call; a profile function for every thread."""
        if event != "call" or not self.counting:
            return
        thread = threading.get_ident()
        if thread == threading.main_thread().ident and not _ours.get():
            return
        code, made = frame.f_code, type(frame.f_locals.get("self"))
        ours = is_dataclass(made) and made.__module__.startswith(("router.", "cockpit."))
        if code.co_name == "__init__" and ours:
            self.values[made.__name__] += 1
        path = code.co_filename
        if not path.startswith((f"{ROOT}/router", f"{ROOT}/cockpit")):
            return
        self.calls += 1
        self.files.add(path)
        self.changes += self.last.get(thread, path) != path
        self.last[thread] = path


async def count(folder: Path) -> Hops:
    """Count one request."""
    hops = Hops()
    threading.setprofile(hops.see)
    async with _opened(folder, 1) as opened:
        _ours.set(True)
        sys.setprofile(hops.see)
        hops.counting = True
        await asyncio.create_task(_ask(opened))
        hops.counting = False
        sys.setprofile(None)
    threading.setprofile(None)
    return hops


async def processor_ms(folder: Path) -> float:
    """Return the processor time of a request at a route of ten, the loopback server's part included."""
    async with _opened(folder, OF_TEN) as opened:
        started = time.process_time()
        for _ in range(TIMED):
            await _ask(opened)
        return (time.process_time() - started) * 1000 / TIMED


@asynccontextmanager
async def _opened(folder: Path, deployments: int) -> AsyncGenerator[App, None]:
    async with fake_provider(*stream("an answer")) as provider:
        config = folder / f"config-{deployments}.yaml"
        lines = "\n".join(DEPLOYMENT.format(n=n) for n in range(deployments))
        config.write_text(CONFIG.format(url=provider.url, deployments=lines))
        async with open_app(config=config, ledger=folder / f"ledger-{deployments}.db") as opened:
            for _ in range(WARM_UP):
                await _ask(opened)
            yield opened


async def _ask(opened: App) -> None:
    async with aclosing(opened.engine.stream(Request((Message("user", "hello"),), name="plain"))) as events:
        async for _ in events:
            pass
    await opened.ledger.flush()


def main() -> None:
    """Count and print."""
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as folder:
        hops = asyncio.run(count(Path(folder)))
        of_ten_ms = asyncio.run(processor_ms(Path(folder)))
    print(f"{len(hops.files)} files, {hops.calls:,} calls, {hops.changes:,} changes of file")
    print(f"{of_ten_ms:.2f} ms of processor time at a route of {OF_TEN}")
    print(f"{len(hops.values)} kinds of value, {hops.values.total()} made:")
    for name, times in sorted(hops.values.items(), key=lambda made: (-made[1], made[0])):
        print(f"  {times:3} {name}")
