"""The path of one request: resolve, estimate, select, decide, admit, send, classify, settle, commit.

One readable loop over pure decisions and ports. It holds no rule of its own: who may serve is
`core.routing`, what a failure means `core.failures`, what comes next `core.retry`, what it cost
`core.cost`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import MappingProxyType
from typing import TYPE_CHECKING

from router.core.records.answers import CachedResponse
from router.core.records.entries import EntryStatus
from router.core.records.facts import AnswerDoubted, AnswerJudged, AnswerRated
from router.core.records.health import ExhaustedLimit, LearnedLimit, ScopeHealth
from router.core.request import Request
from router.core.retry.fallback import (
    ANSWERED,
    Answered,
    Decision,
    GiveUp,
    PastAttempt,
    RequestStanding,
    Try,
    UseCached,
    Wait,
    barred,
    first_try,
)
from router.core.retry.retry_budget import RetryBudget
from router.core.retry.why import describe, selection_to_json
from router.core.routing.resolve import Unknown, resolve
from router.core.routing.selection import Plan, Selection
from router.core.settings.config import RouterConfig
from router.core.settings.routes import Route
from router.core.stress.plan import StressPlan
from router.engine.attempt import Attempt
from router.engine.attempting import AttemptPlace, attempted, prepared
from router.engine.dependencies import Dependencies
from router.engine.embedding import Embeddings
from router.engine.escalating import Escalating
from router.engine.events import (
    Answer,
    AnswerChecked,
    AnswerError,
    AttemptWaiting,
    RequestEnded,
    RequestStarted,
    RouteEvent,
    TextArrived,
)
from router.engine.health_board import DeploymentState
from router.engine.keeping import KeptAnswers
from router.engine.planner import Planner
from router.engine.run import Run
from router.engine.shared_state import SharedState
from router.engine.stress import StressTest
from router.engine.trial import Trial
from router.errors import UnknownName

if TYPE_CHECKING:
    from router.core.classify.tasks import Classification


class Engine:
    """Answers requests through the deployments of one configuration."""

    def __init__(self, config: RouterConfig, deps: Dependencies) -> None:
        self.config = config
        self._deps = deps
        self._shared = SharedState(config, deps.ledger, deps.clock, deps.chance, deps.zone)
        self._planner = Planner(config, deps, self._shared)
        self._kept = KeptAnswers(deps)
        self._retries = RetryBudget()

    def swap(self, config: RouterConfig) -> None:
        """Use `config` for the requests that begin from now on; those under way end under their own."""
        self.config = config
        self._shared = self._shared.under(config)
        self._planner = self._planner.under(config, self._shared)

    def route(self, name: str) -> Route:
        """Return what `name` stands for. Raises UnknownName with the nearest ones."""
        found = resolve(self.config, name)
        if isinstance(found, Unknown):
            raise UnknownName(found.name, found.nearest)
        return found

    def plan(self, request: Request) -> Plan:
        """Return the decision as it would be made now. Sends and writes nothing. Raises UnknownName."""
        found = self._deps.classify(request.messages) if self._deps.classify else None
        return self._planner.select(self._planner.begin(request, found)).plan

    def embeddings(self) -> Embeddings:
        """Return who makes embeddings for the classifier of the configuration in use."""
        return Embeddings(self.config, self._deps, self._shared)

    def deployments(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health, cheapest tier first."""
        return self._shared.states()

    def refresh(
        self,
        healths: Mapping[str, ScopeHealth],
        limits: Sequence[LearnedLimit] = (),
        full: Mapping[str, ExhaustedLimit] = MappingProxyType({}),
    ) -> None:
        """Know what the ledger knows: of every scope's health, of limits learned, and of those used up."""
        self._shared.refresh(healths, limits, full)

    def scope_keys(self, name: str) -> frozenset[str]:
        """Return the keys of all health scopes behind `name`. Raises UnknownName."""
        return self._shared.health.keys(self.route(name).deployments)

    async def stream(self, request: Request) -> AsyncGenerator[RouteEvent, None]:
        """Answer `request`; `RequestEnded` comes last.

        Closing the generator stops the call and settles its row as cancelled. Raises UnknownName before the
        first event, and LedgerError when an attempt cannot be written: then nothing was sent.
        """
        run = self._begin(request, await self.embeddings().classify(request))
        first = run.selection
        yield RequestStarted(run.request_id, first)
        while isinstance(step := self._decide(run), Try | Wait):
            doing = self._attempted(run, step) if isinstance(step, Try) else self._wait(run, step)
            try:
                async with aclosing(doing) as events:
                    async for event in events:
                        yield event
            finally:
                self._note(run)
            if run.answers.is_answered(run.past):
                step = ANSWERED
                break
            run.go_on()
        kept = await self._kept.find(run) if isinstance(step, UseCached) else None
        if kept:
            yield TextArrived(len(run.past), kept.text, "text", b"")
        for piece in run.answers.release():
            yield piece
        answer = run.answers.finished(self._answer(run, first, step, kept))
        self._kept.keep(run, answer)
        yield RequestEnded(answer)

    def stress(self, plan: StressPlan) -> StressTest:
        """Return a stress test of `plan`, ready to run; live routing learns nothing of it but limits."""
        return StressTest(plan, self._deps, Trial(self._shared, self._deps.ledger, plan.load))

    async def aclose(self) -> None:
        """End child processes and connections; the ledger is its opener's to close."""
        for upstream in (*self._deps.upstreams.values(), *self._deps.embedders.values()):
            await upstream.aclose()

    def _begin(self, request: Request, found: Classification | None) -> Run:
        planned = self._planner.begin(request, found or self._planner.work(request))
        poor, runner = request.instead_of, self._deps.check_runner
        answers = Escalating(planned.assigned.route, self.config, runner, climbs=poor is not None)
        if poor is not None:
            self._deps.ledger.note(AnswerRated(poor.request_id, good=False, at_ms=self._now_ms()))
        if planned.assigned.complaint and request.session:
            self._deps.ledger.note(AnswerDoubted(request.session, self._now_ms()))
        return Run(
            first=planned,
            planned=planned,
            config=self.config,
            shared=self._shared,
            planner=self._planner,
            answers=answers,
            request_id=self._deps.new_id(),
            started=self._deps.clock.monotonic(),
            selection=self._planner.select(planned),
        )

    def _now_ms(self) -> int:
        return self._deps.clock.now_ms()

    def _soonest_s(self, run: Run) -> float | None:
        """Return in how many seconds a deployment of the route is free again; None if none is known to be."""
        now_ms = self._now_ms()
        ends_ms = [run.shared.health.soonest_ms(run.route), *(r.until_ms for r in run.refusals.values())]
        back_s = [max(0, end - now_ms) / 1000 for end in ends_ms if end is not None]
        full = (c.back_in_s for c in run.planner.select(run.planned).plan.candidates if c.full)
        return min([*back_s, *(back for back in full if back is not None)], default=None)

    def _left_s(self, run: Run) -> float:
        return run.config.policy.deadline_s - (self._deps.clock.monotonic() - run.started)

    def _decide(self, run: Run) -> Decision:
        if not run.past and not run.refusals and (step := first_try(run.selection)):
            return step
        now_s, free = self._deps.clock.monotonic(), barred(run.selection.plan, run.refusals, self._now_ms())
        standing = RequestStanding(
            may_retry=self._retries.allows(now_s),
            may_wait=run.shared.may_wait,
            waited_s=run.waited_s,
            rested=run.rested,
            cached=self._kept.allowed(run),
        )
        return run.answers.step(free, run.past, self._left_s(run), standing)

    async def _wait(self, run: Run, step: Wait) -> AsyncGenerator[RouteEvent, None]:
        yield AttemptWaiting(len(run.past) + 1, step.message)
        await run.shared.wait(step.seconds)
        run.waited_s += step.seconds
        run.rested = True

    def _attempted(self, run: Run, step: Try) -> AsyncGenerator[RouteEvent, None]:
        """Make the next call of a request; what a route with checks says of its answer is kept."""
        attempt = run.attempt = self._prepare(run, step)
        upstream = self._deps.upstreams[attempt.deployment.provider.wire]
        messages = run.planner.messages(run.planned, attempt.deployment)
        doing = attempted(attempt, messages, upstream, run.shared)
        return self._checked(run, doing) if run.route.checks else doing

    async def _checked(
        self, run: Run, doing: AsyncGenerator[RouteEvent, None]
    ) -> AsyncGenerator[RouteEvent, None]:
        async with aclosing(run.answers.watch(doing)) as events:
            async for event in events:
                if isinstance(event, AnswerChecked):
                    self._deps.ledger.note(AnswerJudged(run.request_id, event.n, event.verdicts))
                yield event

    def _prepare(self, run: Run, step: Try) -> Attempt:
        facts = run.selection.of(step.deployment)
        deployment = run.config.deployments[facts.deployment.name]
        place = AttemptPlace(
            request_id=run.request_id,
            n=len(run.past) + 1,
            route=run.route.name,
            why_json=selection_to_json(run.selection),
            until=run.started + run.config.policy.deadline_s,
            held=bool(run.route.checks),
            rates_json=run.planner.rates_json(deployment),
            limit_nano=run.selection.limit_nano(facts),
            max_tokens=facts.clamp.max_tokens,
            thinking_tokens=facts.clamp.thinking_tokens,
        )
        return prepared(deployment, facts.estimate, run.request, place, self._deps)

    def _note(self, run: Run) -> None:
        """Take in how an attempt ended, or why it was refused."""
        attempt, run.attempt = run.attempt, None
        if attempt is None:
            return
        run.rested = False
        if attempt.refusal is not None:
            run.refusals[attempt.deployment.name] = attempt.refusal
        if attempt.stopped is not None:
            run.refusals[attempt.deployment.name] = attempt.stopped
        if attempt.record is None or attempt.diagnosis is None:
            return
        self._retries = self._retries.after(attempt.diagnosis, self._deps.clock.monotonic())
        run.past.append(PastAttempt(attempt.deployment.name, attempt.diagnosis, attempt.stopped is not None))
        run.records.append(attempt.record)
        run.text, run.kinds = "".join(attempt.text), frozenset(attempt.kinds)

    def _answer(
        self, run: Run, first: Selection, step: Answered | UseCached | GiveUp, kept: CachedResponse | None
    ) -> Answer:
        end = step.instead if isinstance(step, UseCached) else step
        answered = bool(run.records) and run.records[-1].outcome is EntryStatus.OK
        if answered:
            run.planner.served(run.request.session, run.records[-1])
        error = None
        if not answered and kept is None and isinstance(end, GiveUp):
            error = AnswerError(end.failure_class, end.message, self._soonest_s(run), end.over_budget)
        return Answer(
            request_id=run.request_id,
            text=kept.text if kept else run.text,
            route=run.route.name,
            task=run.request.task,
            level=first.assigned.request.level,
            attempts=tuple(run.records),
            estimate_nano_usd=first.estimate_nano,
            why=describe(first, tuple(run.past), kept, run.refusals),
            error=error,
            kept=kept,
        )
