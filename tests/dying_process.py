"""A process that is killed at a numbered point of a request: `python -m tests.dying_process DIRECTORY`.

Forks one child for each point, on a ledger of its own: before each statement of the ledger's writer, and at
each step of each call. A child that has come to its point kills itself at once. What reached a provider
stands in a file that only the provider writes. Prints how many points there are.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

from router.core.failures.exchange import Exchange, Fault
from router.core.message import Message
from router.core.request import Request
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import SystemClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import RequestEnded
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, UsageReport
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing
from tests.configs import small_config

BILL = 1_000 * 1_000 + 500 * 2_000
"""Nano-dollars for 1,000 tokens in and 500 out, at $1 and $2 per million."""
FAILURES = {
    "free": Exchange("x", status=429, headers={"retry-after": "70"}),
    "local": Exchange("x", fault=Fault.CONNECT_REFUSED),
}


class Points:
    """Counts the points that are passed, and kills at one."""

    def __init__(self, last: int) -> None:
        self.passed = 0
        self._last = last
        self._lock = threading.Lock()

    def passing(self, _statement: str = "") -> None:
        """Pass a point, or die at it."""
        with self._lock:
            self.passed += 1
            if self.passed == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


class Servers:
    """Two that fail and one that answers; an `Upstream` with a bill of its own."""

    def __init__(self, bill: Path, points: Points) -> None:
        self._bill = bill
        self._points = points

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Answer, or fail."""
        self._points.passing()
        name = call.deployment.name
        with self._bill.open("a") as bill:
            bill.write(f"{name}\n")
        failure = FAILURES.get(name)
        self._points.passing()
        if failure is not None:
            if failure.status:
                yield Answering(failure.status)
            self._points.passing()
            yield Ended(failure)
            return
        yield Answering(200)
        for piece in ("Par", "is"):
            self._points.passing()
            yield Content(piece)
        self._points.passing()
        yield UsageReport(UsageReading(Usage(input_tokens=1_000, output_tokens=500)))
        yield Ended(Exchange("x", streamed=True, status=200, content_seen=True, finish_reason="stop"))
        self._points.passing()

    async def aclose(self) -> None:
        """Nothing to close."""


async def live(ledger: Path, last: int) -> int:
    """Ask once, from opening the ledger to closing it; return how many points were passed."""
    points = Points(last)

    def watched(path: Path) -> Connection:
        connection = open_for_writing(path)
        connection.set_trace_callback(points.passing)
        return connection

    store = await open_ledger(ledger, SystemClock(), connect=watched)
    servers = Servers(ledger.with_suffix(".bill"), points)
    deps = Dependencies({Wire.OPENAI: servers}, store, SystemClock(), SeededChance(), Secret("k"))
    async for event in Engine(small_config(), deps).stream(Request((Message("user", "Where?"),))):
        assert not isinstance(event, RequestEnded) or event.answer.text == "Paris"
    await store.flush()
    with ledger.with_suffix(".bill").open("a") as bill:
        bill.write("booked\n")
    await store.aclose()
    return points.passed


def main() -> None:
    """Die at each point there is, one child after the other."""
    directory = Path(sys.argv[1])
    for last in itertools.count(1):
        child = os.fork()
        if not child:
            asyncio.run(live(directory / f"{last}.db", last))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            print(last)
            return


if __name__ == "__main__":
    main()
