"""All model servers of a simulated world: they play the hidden truth and keep their own bill."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from router.core.fingerprint import prompt_fingerprint
from router.core.settings.providers import Billing
from router.core.settings.secret import Secret
from router.core.usage import Usage, UsageReading
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, UsageReport
from tests.simulation.bills import PIECE, Bills, Served
from tests.simulation.faults import Hidden, Reply
from tests.simulation.promises import Probes

if TYPE_CHECKING:
    from tests.simulation.machine import Process

INSTALL_KEY = Secret("install key of the simulation")


@dataclass(slots=True)
class Servers:
    """The other side of the wire."""

    hidden: dict[str, Hidden]
    chance: random.Random
    trace: list[str]
    bills: Bills = field(default_factory=Bills)
    probes: Probes = field(default_factory=Probes)

    def serve(self, call: Call) -> tuple[Served, Reply]:
        """Take a call in; what it will come to is settled now."""
        now_s, deployment = asyncio.get_running_loop().time(), call.deployment
        prompt = prompt_fingerprint(call.messages, INSTALL_KEY)
        key = deployment.provider.api_key
        served = Served.drawn(
            self.chance,
            deployment=deployment.name,
            prompt=prompt,
            key=key.reveal() if key else "",
            paid=deployment.billing is Billing.METERED,
            size=len(call.messages[-1].content),
        )
        self.bills.calls[prompt].append(served)
        self.trace.append(f"{now_s:.3f} {deployment.name} is asked")
        return served, self.hidden[deployment.name].reply(now_s)


class Wires:
    """The servers as one process reaches them; an `Upstream`. A process that is dead reaches nobody."""

    def __init__(self, servers: Servers, process: Process) -> None:
        self._servers = servers
        self._process = process

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Play one call."""
        await self._process.step()
        served, reply = self._servers.serve(call)
        probes = self._servers.probes
        try:
            async with aclosing(self._played(served, reply)) as events:
                async for event in events:
                    await self._process.step()
                    if isinstance(event, Content):
                        probes.proven(served.deployment, served.prompt)
                    yield event
        finally:
            probes.ended(served.deployment, served.prompt)

    async def aclose(self) -> None:
        """Nothing to close."""

    async def _played(self, served: Served, reply: Reply) -> AsyncGenerator[UpstreamEvent, None]:
        await asyncio.sleep(reply.head_s)
        served.ran = bool(reply.pieces or reply.lost)
        served.status = reply.exchange.status
        if reply.hint_s is not None:
            served.hint_until_s = asyncio.get_running_loop().time() + reply.hint_s
        if reply.exchange.status is not None:
            self._process.known.learn(served)
            yield Answering(reply.exchange.status)
        if reply.pieces and served.tells_early:
            yield UsageReport(UsageReading(Usage(served.input_tokens, output_tokens=1)))
        for _ in range(reply.pieces):
            await asyncio.sleep(reply.piece_s)
            served.output_tokens += PIECE
            yield Content(f"[{served.deployment}]")
        served.output_tokens += PIECE * reply.lost
        if reply.exchange.finish_reason:
            stated = None if served.surcharge is None else served.bill
            yield UsageReport(UsageReading(served.usage, reported_cost_nano=stated))
        yield Ended(replace(reply.exchange, content_seen=bool(reply.pieces), streamed=True))
