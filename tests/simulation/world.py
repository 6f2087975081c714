"""A seeded world: deployments with hidden troubles, callers, the providers' own bill, and what must hold.

Run in virtual time. The same seed gives the same trace; a broken promise names the seed to replay.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from router.core.model import (
    Billing,
    Climb,
    Deployment,
    Message,
    Policy,
    Provider,
    Request,
    Route,
    RouterConfig,
    Tier,
    Wire,
)
from router.core.money.spend import EntryStatus
from router.core.secret import Secret
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.engine import Engine, World
from router.engine.events import Answer, AttemptStarted, RequestEnded, RouteEvent, TextArrived
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, UsageReport
from router.engine.virtual_time import run_virtual
from router.ledger.memory import MemoryLedger
from tests.configs import price
from tests.simulation.faults import Hidden, Trouble, draw

TOKENS_IN, TOKENS_A_PIECE = 50, 7
RATE_IN, RATE_OUT = 1_000, 2_000
"""Nano-dollars per token of `price()`: $1 and $2 per million."""


@dataclass(slots=True)
class Told:
    """What a deployment has told its callers, which they must keep to."""

    rest_until_s: float = 0.0
    condemned: bool = False
    """A 401 or 404 has been answered: nobody may come again."""
    proving: bool = False
    """Its rest is not proven over yet: one caller at a time may try."""
    probes: int = 0
    """Callers that try."""


@dataclass(slots=True)
class Providers:
    """All model servers of the world; an `Upstream` that plays the hidden truth and keeps its own bill."""

    hidden: dict[str, Hidden]
    told: dict[str, Told]
    bills: dict[tuple[str, int], int] = field(default_factory=dict)
    """What each attempt really cost, by the prompt and the how-many-eth call of it."""
    broken: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    calls: dict[str, list[str]] = field(default_factory=dict)
    """The deployments each prompt was sent to, in order."""

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Play one call."""
        now_s, name = asyncio.get_running_loop().time(), call.deployment.name
        told, prompt = self.told[name], call.messages[-1].content
        self._watch(name, told, now_s)
        reply = self.hidden[name].reply(now_s)
        made = self.calls.setdefault(prompt, [])
        made.append(name)
        bill = (prompt, len(made))
        self.bills[bill] = 0
        probe = told.proving
        told.probes += probe
        try:
            await asyncio.sleep(reply.head_s)
            self._tell(told, reply.hint_s, reply.exchange.status)
            if reply.exchange.status is not None:
                yield Answering(reply.exchange.status)
            if reply.pieces:
                self.bills[bill] = TOKENS_IN * RATE_IN if call.deployment.billing is Billing.METERED else 0
            for _ in range(reply.pieces):
                await asyncio.sleep(reply.piece_s)
                told.proving = False  # it answers: others may come while this one still listens
                if call.deployment.billing is Billing.METERED:
                    self.bills[bill] += TOKENS_A_PIECE * RATE_OUT
                yield Content(f"[{name}]")
            if reply.exchange.finish_reason:
                usage = Usage(input_tokens=TOKENS_IN, output_tokens=TOKENS_A_PIECE * reply.pieces)
                yield UsageReport(UsageReading(usage))
            yield Ended(replace(reply.exchange, content_seen=bool(reply.pieces), streamed=True))
        finally:
            told.probes -= probe

    async def aclose(self) -> None:
        """Nothing to close."""

    def _watch(self, name: str, told: Told, now_s: float) -> None:
        self.trace.append(f"{now_s:.3f} {name}")
        if now_s < told.rest_until_s - 1e-3:
            self.broken.append(
                f"{name} was asked at {now_s:.3f} s and had asked for rest until {told.rest_until_s:.3f} s"
            )
        if told.proving and told.probes:
            self.broken.append(f"{name} was probed by two at once at {now_s:.3f} s")
        if told.condemned:
            self.broken.append(f"{name} was asked at {now_s:.3f} s after it had refused for good")

    def _tell(self, told: Told, hint_s: float | None, status: int | None) -> None:
        now_s = asyncio.get_running_loop().time()
        if hint_s is not None:
            told.rest_until_s = max(told.rest_until_s, now_s + hint_s)
            told.proving = True
        if status in (401, 404):
            told.condemned = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one seed came to."""

    seed: int
    broken: tuple[str, ...]
    requests: int
    attempts: int
    unknown: int
    digest: str
    """Of the whole trace."""


def simulate(seed: int) -> Outcome:
    """Run one world to its end and check it."""
    return run_virtual(_Simulation(seed).run())


class _Simulation:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        hidden = draw(self.chance, self.chance.randrange(1, 7))
        self.config = _config(self.chance, len(hidden))
        names = list(self.config.deployments)
        truth = dict(zip(names, hidden, strict=True))
        self.providers = Providers(truth, {name: Told() for name in names})
        self.ledger = MemoryLedger()
        self.broken = self.providers.broken
        self.engine = self._engine()
        self.answers: list[Answer] = []
        self.cancelled = 0

    def _engine(self) -> Engine:
        world = World(
            {Wire.OPENAI: self.providers}, self.ledger, LoopClock(), SeededChance(self.seed), Secret("s")
        )
        return Engine(self.config, world)

    async def run(self) -> Outcome:
        callers = [self._caller(n) for n in range(self.chance.randrange(1, 51))]
        await asyncio.gather(*callers)
        await self._settle_up()
        trace = "\n".join(self.providers.trace)
        entries = await self.ledger.recent(1 << 30)
        unknown = sum(e.settlement is not None and e.settlement.cost_nano_usd is None for e in entries)
        digest = hashlib.sha256(trace.encode()).hexdigest()[:16]
        return Outcome(self.seed, tuple(self.broken), len(self.answers), len(entries), unknown, digest)

    async def _caller(self, n: int) -> None:
        chance = random.Random(f"{self.seed} {n}")
        for turn in range(chance.randrange(1, 4)):
            await asyncio.sleep(chance.uniform(0, 40))
            request = Request((Message("user", f"caller {n} turn {turn}"),), source="simulation")
            if chance.random() < 0.1:
                await self._ask_and_leave(request, chance.uniform(0, 1.5))
            else:
                await self._ask(request)

    async def _ask(self, request: Request) -> None:
        events = [event async for event in self.engine.stream(request)]
        last = events[-1]
        if not isinstance(last, RequestEnded):
            self.broken.append(f"{request.messages[0].content} ended without an answer or an error")
            return
        self.answers.append(last.answer)
        self._judge(last.answer, events)

    async def _ask_and_leave(self, request: Request, after_s: float) -> None:
        async def listen() -> None:
            async with aclosing(self.engine.stream(request)) as events:
                async for _ in events:
                    pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.cancelled += 1

    def _judge(self, answer: Answer, events: list[RouteEvent]) -> None:
        voices = {event.text for event in events if isinstance(event, TextArrived)}
        if len(voices) > 1:
            self.broken.append(f"{answer.request_id} has the text of {sorted(voices)}")
        started = [event.deployment for event in events if isinstance(event, AttemptStarted)]
        if len(started) > self.config.policy.max_attempts:
            self.broken.append(f"{answer.request_id} took {len(started)} attempts")
        healthy = [n for n, h in self.providers.hidden.items() if h.trouble is Trouble.HEALTHY]
        if answer.error and healthy and not _cut(answer):
            reachable = len(self.config.deployments) <= self.config.policy.max_attempts
            if reachable:
                self.broken.append(
                    f"{answer.request_id} failed although {healthy} was well: {answer.error.message}"
                )

    async def _settle_up(self) -> None:
        """Compare the ledger with the providers' own bills, to the nano-dollar."""
        for entry in await self.ledger.recent(1 << 30):
            settled = entry.settlement
            if settled is None:
                self.broken.append(f"{entry.intent.request_id} is still open at rest")
                continue
            if settled.budget_nano_usd is None:
                self.broken.append(f"{entry.intent.request_id} counts for no budget")
            if settled.status is EntryStatus.OK and settled.cost_nano_usd is None:
                self.broken.append(f"{entry.intent.request_id} was answered and has no cost")
        known = sum(
            e.settlement.cost_nano_usd or 0 for e in await self.ledger.recent(1 << 30) if e.settlement
        )
        billed = sum(self.providers.bills.values())
        unknown = [
            e
            for e in await self.ledger.recent(1 << 30)
            if e.settlement and e.settlement.cost_nano_usd is None
        ]
        if known > billed or (known != billed and not unknown):
            self.broken.append(f"the providers billed {billed} nano-dollars, the ledger knows {known}")


def _cut(answer: Answer) -> bool:
    """Tell whether the answer broke off after content: then nobody may take over."""
    return bool(answer.attempts) and answer.attempts[-1].outcome is EntryStatus.TRUNCATED


def _config(chance: random.Random, many: int) -> RouterConfig:
    tiers = tuple(Tier(f"T{n}", f"tier {n}", n) for n in range(3))
    deployments: dict[str, Deployment] = {}
    for n in range(many):
        billing = chance.choice([Billing.FREE, Billing.LOCAL, Billing.METERED])
        provider = Provider(f"p{n}", Wire.OPENAI, billing, f"http://127.0.0.1:{n + 1}", Secret(f"key {n}"))
        deployments[f"d{n}"] = Deployment(
            f"d{n}",
            chance.choice(tiers),
            provider,
            f"m{n}",
            billing,
            price() if billing is Billing.METERED else None,
        )
    ladder = sorted(deployments.values(), key=lambda d: d.tier.rank)
    route = Route("auto", tuple(d.name for d in ladder), climb=Climb(free_to_paid=True))
    return RouterConfig(
        source="simulation",
        providers={d.provider.name: d.provider for d in deployments.values()},
        tiers=tiers,
        deployments=deployments,
        routes={"auto": route},
        policy=Policy(max_attempts=6, deadline_s=300),
    )
