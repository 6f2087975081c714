"""The night of 10 December: 100, then 800 requests a second, against queues of 30 s and answers of 429.

A cheap deployment that limits, a middle one that queues everybody for half a minute, and a dear one that may
have a few calls at once and no more. What once ended on the dearest model now ends in quick refusals.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.request import Request
from router.core.settings.deployments import Limits
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import RequestEnded
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, UsageReport
from router.engine.virtual_time import run_virtual
from router.ledger.memory import MemoryLedger
from tests.configs import small_config

RATES = ((100, 3.0), (800, 2.0))
"""Requests a second, and for how long."""
CHEAP_AT_ONCE, MIDDLE_AT_ONCE, DEAR_AT_ONCE = 20, 20, 5
QUEUE_S = 30.0


@dataclass(slots=True)
class Night:
    """What came of it; times in seconds from asking to the end."""

    dearest_share: int = DEAR_AT_ONCE
    asked: int = 0
    answered_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    dearest_at_once: int = 0
    open_rows: int = 0


class Servers:
    """The three servers as they were; an `Upstream`."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._running = {"free": 0, "local": 0, "paid": 0}

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Answer, queue or refuse."""
        name = call.deployment.name
        self._running[name] += 1
        try:
            if name == "paid":
                self._night.dearest_at_once = max(self._night.dearest_at_once, self._running[name])
            if name == "free" and self._running[name] > CHEAP_AT_ONCE:
                await asyncio.sleep(0.02)
                headers = {"retry-after": "2"}
                yield Answering(429)
                yield Ended(Exchange("night", status=429, headers=headers))
                return
            await asyncio.sleep(QUEUE_S if name == "local" and self._running[name] > 10 else 0.8)
            yield Answering(200)
            yield Content("an answer")
            yield UsageReport(UsageReading(Usage(input_tokens=20, output_tokens=5)))
            yield Ended(Exchange("night", streamed=True, status=200, content_seen=True, finish_reason="stop"))
        finally:
            self._running[name] -= 1

    async def aclose(self) -> None:
        """Nothing to close."""


def run_night() -> Night:
    """Live through it, in virtual time."""
    return run_virtual(_run())


async def _run() -> Night:
    night, ledger = Night(), MemoryLedger()
    known = small_config().deployments
    shares = {"local": MIDDLE_AT_ONCE, "paid": DEAR_AT_ONCE}
    config = small_config(
        changes={name: replace(known[name], limits=Limits(parallel=n)) for name, n in shares.items()},
        policy=Policy(max_attempts=3, deadline_s=60),
    )
    deps = Dependencies({Wire.OPENAI: Servers(night)}, ledger, LoopClock(), SeededChance(), Secret("n"))
    engine = Engine(config, deps)

    async def one(n: int) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        async for event in engine.stream(Request((Message("user", f"order {n}"),))):
            if isinstance(event, RequestEnded):
                times = night.refused_s if event.answer.error else night.answered_s
                times.append(clock() - started)

    async with asyncio.TaskGroup() as crowd:
        for rate, seconds in RATES:
            for _ in range(round(rate * seconds)):
                crowd.create_task(one(night.asked))
                night.asked += 1
                await asyncio.sleep(1 / rate)
    night.open_rows = sum(entry.settlement is None for entry in await ledger.recent(1 << 30))
    return night
