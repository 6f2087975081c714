"""A cockpit without providers: an engine that says what it was told to, over the ledger in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from textual.pilot import Pilot

from cockpit.app import CockpitApp, Look
from cockpit.session import NoControls, Reload
from router.core.money import CostSource
from router.core.records.answers import CachedResponse
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.health import Health
from router.core.records.stress import StressResult
from router.core.records.usage import Usage
from router.core.request import Request
from router.core.routing.selection import Candidate, Plan
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.providers import Billing, Provider, Wire
from router.core.settings.routes import Climb, Route
from router.core.stress.plan import StressPlan
from router.engine.clock import ManualClock
from router.engine.events import (
    Answer,
    AnswerError,
    AttemptEnded,
    AttemptRecord,
    AttemptStarted,
    AttemptWaiting,
    RequestEnded,
    RequestStarted,
    RouteEvent,
    TextArrived,
)
from router.engine.health_board import DeploymentState
from router.engine.stress_events import StressEvent, TargetEnded
from router.errors import LedgerError, UnknownName
from router.ledger.memory import MemoryLedger
from tests.attempts import attempt_record

TIERS = tuple(
    Tier(name, label, rank)
    for rank, (name, label) in enumerate(
        [("T0", "free cloud"), ("T1", "local"), ("T2", "free routes"), ("T3", "paid")]
    )
)
GEMINI = Provider("gemini", Wire.OPENAI, Billing.FREE, key_name="GEMINI_API_KEY")
EMBEDDED = Provider("embedded", Wire.LLAMACPP, Billing.LOCAL)
ROUTER = Provider("openrouter", Wire.OPENAI, Billing.METERED)
DEPLOYMENTS = (
    Deployment("gemini-flash", TIERS[0], GEMINI, "gemini-2.5-flash", Billing.FREE, off="set GEMINI_API_KEY"),
    Deployment("smollm", TIERS[1], EMBEDDED, "SmolLM2-135M", Billing.LOCAL),
    Deployment("gemma-free", TIERS[2], ROUTER, "google/gemma-3-27b-it:free", Billing.FREE),
    Deployment("deepseek", TIERS[3], ROUTER, "deepseek/deepseek-chat", Billing.METERED),
)
ESTIMATES = {"gemini-flash": 0, "smollm": 0, "gemma-free": 0, "deepseek": 412_000}


def config(deployments: Sequence[Deployment] = DEPLOYMENTS) -> RouterConfig:
    named = {deployment.name: deployment for deployment in deployments}
    return RouterConfig(
        source="built-in",
        providers={deployment.provider.name: deployment.provider for deployment in deployments},
        tiers=TIERS,
        deployments=named,
        routes={"auto": Route("auto", tuple(named), climb=Climb(free_to_paid=True))},
    )


@dataclass(slots=True)
class ScriptedTest:
    """Tells what it was given; a `session.StressTest`."""

    plan: StressPlan
    told: list[StressEvent]
    tested: list[StressPlan]
    hangs: bool = False
    results: list[StressResult] = field(default_factory=list)

    async def events(self) -> AsyncGenerator[StressEvent, None]:
        self.tested.append(self.plan)
        for event in self.told:
            if isinstance(event, TargetEnded):
                self.results.append(event.result)
            yield event
            await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()


@dataclass(slots=True)
class ScriptedEngine:
    """Plays one answer for every request, by the first deployment that is up; a `session.Engine`."""

    config: RouterConfig
    ledger: MemoryLedger
    clock: ManualClock
    pieces: tuple[str, ...] = ("WAL keeps ", "readers ", "and one writer ", "apart.")
    waiting: str = ""
    piece_s: float = 0.0
    hangs: bool = False
    """Never ends by itself, so that somebody has to stop it."""
    error: str = ""
    refuses: bool = False
    """Raises UnknownName instead of answering, as for a name nobody defined."""
    over_budget: bool = False
    kept: CachedResponse | None = None
    """Stands in for an answer: nobody can serve."""
    warnings: tuple[str, ...] = ()
    cost_nano: int | None = 0
    health: dict[str, DeploymentState] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)
    test: Sequence[StressEvent] = ()
    """What every stress test tells."""
    tested: list[StressPlan] = field(default_factory=list)

    def deployments(self) -> tuple[DeploymentState, ...]:
        return tuple(self._state(deployment) for deployment in self.config.deployments.values())

    def _state(self, deployment: Deployment) -> DeploymentState:
        usual = DeploymentState(
            deployment, Health.DISABLED if deployment.off else Health.AVAILABLE, None, deployment.off
        )
        return self.health.get(deployment.name, usual)

    def stress(self, plan: StressPlan) -> ScriptedTest:
        return ScriptedTest(plan, list(self.test), self.tested, hangs=self.hangs)

    def plan(self, request: Request) -> Plan:
        wanted = [s for s in self.deployments() if request.name in {"auto", s.deployment.tier.name}]
        if not wanted or self.refuses:
            raise UnknownName(request.name, ("auto",))
        candidates = [
            Candidate(
                deployment=state.deployment.name,
                tier=state.deployment.tier.name,
                eligible=state.health == "available",
                reason=state.reason or "first in the route's order",
                estimate_nano_usd=ESTIMATES.get(state.deployment.name),
            )
            for state in wanted
        ]
        ranked = sorted(candidates, key=lambda candidate: not candidate.eligible)
        return Plan(request.name, None, None, None, tuple(ranked))

    async def stream(self, request: Request) -> AsyncGenerator[RouteEvent, None]:
        self.sent.append(request)
        plan = self.plan(request)
        request_id = f"r{len(self.sent):04d}"
        yield RequestStarted(request_id, plan)
        chosen = plan.chosen
        if chosen is None or self.over_budget or self.kept:
            for event in self._unserved(request_id, plan):
                yield event
            return
        deployment = self.config.deployments[chosen.deployment]
        await self.ledger.admit(self._intent(request_id, deployment))
        record = self._record(deployment, EntryStatus.CANCELLED, 0)
        try:
            yield AttemptStarted(1, chosen.tier, deployment.name, deployment.model, self.warnings)
            if self.waiting:
                yield AttemptWaiting(1, self.waiting)
                await asyncio.sleep(self.piece_s)
            self.clock.advance(0.41)
            for piece in self.pieces:
                yield TextArrived(1, piece, "text", piece.encode(errors="replace"))
                await asyncio.sleep(self.piece_s)
            if self.hangs:
                await asyncio.Event().wait()
            self.clock.advance(2.0)
            status = EntryStatus.FAILED if self.error else EntryStatus.OK
            record = self._record(deployment, status, len(self.pieces))
        finally:
            self.ledger.settle(self._settlement(request_id, record))
        yield AttemptEnded(record)
        error = AnswerError(FailureClass.TRANSIENT, self.error, 30.0) if self.error else None
        yield RequestEnded(_answer(request_id, plan, (record,), error))

    def _unserved(self, request_id: str, plan: Plan) -> tuple[RouteEvent, ...]:
        if self.kept is None:
            return (RequestEnded(_answer(request_id, plan, (), _nobody(over_budget=self.over_budget))),)
        answer = replace(_answer(request_id, plan, (), None), kept=self.kept)
        return TextArrived(0, self.kept.text, "text", b""), RequestEnded(answer)

    def _record(self, deployment: Deployment, status: EntryStatus, output: int) -> AttemptRecord:
        failed = status is EntryStatus.FAILED
        return attempt_record(
            n=1,
            tier=deployment.tier.name,
            deployment=deployment.name,
            provider=deployment.provider.name,
            model=deployment.model,
            outcome=status,
            failure_class=FailureClass.TRANSIENT if failed else FailureClass.OK,
            http_status=503 if failed else 200,
            usage=Usage(input_tokens=9, output_tokens=output),
            cost_nano_usd=self.cost_nano,
            cost_source=CostSource.LOCAL if self.cost_nano == 0 else CostSource.COMPUTED,
            ttft_s=0.41,
            duration_s=2.41,
            finish_reason="stop",
            evidence=self.error or "a whole answer",
        )

    def _intent(self, request_id: str, deployment: Deployment) -> Intent:
        return Intent(
            request_id=request_id,
            attempt=1,
            started_at=self.clock.now_ms(),
            source="cockpit",
            route="auto",
            tier=deployment.tier.name,
            deployment=deployment.name,
            provider=deployment.provider.name,
            model_requested=deployment.model,
            billing=deployment.billing,
            estimate_nano_usd=ESTIMATES.get(deployment.name),
            why_json='{"candidates":[{"deployment":"smollm","eligible":true,"reason":"first in order"}]}',
        )

    def _settlement(self, request_id: str, record: AttemptRecord) -> Settlement:
        return Settlement(
            request_id=request_id,
            attempt=1,
            settled_at=self.clock.now_ms(),
            status=record.outcome,
            failure_class=record.failure_class,
            http_status=record.http_status,
            usage=record.usage,
            usage_source="reported",
            cost_nano_usd=record.cost_nano_usd,
            cost_source=record.cost_source,
            budget_nano_usd=record.cost_nano_usd,
            ttft_ms=410,
            duration_ms=2410,
        )


def _nobody(*, over_budget: bool) -> AnswerError:
    return AnswerError(FailureClass.GONE, "nobody can serve", 11_100 if over_budget else None, over_budget)


def _answer(
    request_id: str, plan: Plan, attempts: tuple[AttemptRecord, ...], error: AnswerError | None
) -> Answer:
    return Answer(request_id, "", plan.route, None, None, attempts, 0, "because", error)


@dataclass
class ScriptedControls(NoControls):
    """Reads what was put into `file`, as if it were one; ends the rests of a scripted engine."""

    engine: ScriptedEngine
    file: RouterConfig | tuple[str, ...] | None = None
    """A changed configuration, or what is wrong with it; None when it is as it was."""
    broken: str = ""

    async def poll(self) -> Reload | None:
        return await self.reload() if isinstance(self.file, RouterConfig) else None

    async def reload(self) -> Reload:
        file = self.file
        if isinstance(file, tuple):
            return Reload(f"old configuration stays (R lists {len(file)}): {file[0]}", file)
        if file is None:
            return Reload("configuration read again: nothing changed")
        self.engine.config, self.file = file, None
        return Reload("new configuration: tiers changed")

    async def clear(self, deployment: str) -> None:
        if self.broken:
            raise LedgerError(self.broken)
        del self.engine.health[deployment]


@dataclass(slots=True)
class Cockpit:
    """An app with everything it was given at hand."""

    engine: ScriptedEngine
    ledger: MemoryLedger
    clock: ManualClock
    controls: ScriptedControls
    app: CockpitApp


def cockpit(
    *,
    zone: tzinfo = UTC,
    look: Look | None = None,
    deployments: Sequence[Deployment] = DEPLOYMENTS,
    controls: Callable[[ScriptedEngine], ScriptedControls] | None = None,
) -> Cockpit:
    ledger, clock = MemoryLedger(), ManualClock()
    engine = ScriptedEngine(config(deployments), ledger, clock)
    switches = (controls or ScriptedControls)(engine)
    app = CockpitApp(engine, ledger, clock, zone, look or Look(), switches)
    return Cockpit(engine, ledger, clock, switches, app)


async def book(
    world: Cockpit, *, request_id: str, age_s: int, cost_nano: int | None, deployment: str = "deepseek"
) -> None:
    """Write a settled call of some time ago, as another process would."""
    where = world.engine.config.deployments[deployment]
    at_ms = world.clock.now_ms() - age_s * 1000
    intent = replace(
        world.engine._intent(request_id, where), started_at=at_ms, source="gateway", session_id="night"
    )
    told = world.engine._record(where, EntryStatus.OK, 240)
    counted = replace(
        told.settlement,
        usage=Usage(input_tokens=1912, cache_read_tokens=812, output_tokens=240),
        cost_nano_usd=cost_nano,
        cost_source=CostSource.UNKNOWN if cost_nano is None else CostSource.COMPUTED,
    )
    record = replace(told, settlement=counted)
    await world.ledger.admit(intent)
    world.ledger.settle(world.engine._settlement(request_id, record))


def screen_lines(app: CockpitApp) -> list[str]:
    """Return what the terminal shows, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def screen_text(app: CockpitApp) -> str:
    return "\n".join(screen_lines(app))


async def until(pilot: Pilot[None], shown: str, *, seconds: float = 2.0) -> str:
    """Wait until something is on the screen; return the screen. Fails after `seconds`."""
    for _ in range(round(seconds * 50)):
        await pilot.pause()
        text = screen_text_of(pilot)
        if shown in text:
            return text
        await pilot.pause(0.02)
    raise AssertionError(f"{shown!r} did not appear in\n{screen_text_of(pilot)}")


def screen_text_of(pilot: Pilot[None]) -> str:
    app = pilot.app
    assert isinstance(app, CockpitApp)
    return screen_text(app)
