"""The path of one request: resolve, estimate, select, decide, admit, send, classify, settle, commit.

One readable loop over pure decisions and ports. It holds no rule of its own: who may serve is
`core.selection`, what a failure means `core.failures`, what to do next `core.fallback`, what it cost
`core.settling`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from router.core.clamp import clamp
from router.core.diagnosis import Diagnosis
from router.core.estimate import estimate
from router.core.failures import classify, internal
from router.core.fallback import GiveUp, Past, Try, decide
from router.core.fingerprint import prefix_fingerprint, prompt_fingerprint
from router.core.model import Deployment, Request, Route, RouterConfig, Wire
from router.core.resolve import Unknown, members, resolve
from router.core.secret import Secret
from router.core.selection import Candidate, Facts, Plan, plan
from router.core.spend import EntryStatus, Intent
from router.core.why import plan_json, tell
from router.engine.attempt import Attempt, record_of
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
from router.engine.health_board import DeploymentState, HealthBoard
from router.engine.ports import Call, Chance, Clock, Content, Ledger, Upstream, Waiting
from router.errors import LedgerError, UnknownName

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that the engine acts on."""

    upstreams: Mapping[Wire, Upstream]
    ledger: Ledger
    clock: Clock
    chance: Chance
    install_key: Secret
    """Keys the fingerprints of prompts, so that a ledger alone cannot be searched for guesses."""


@dataclass(slots=True)
class _Run:
    """One request on its way."""

    request: Request
    request_id: str
    route: Route
    started: float
    past: list[Past] = field(default_factory=list)
    records: list[AttemptRecord] = field(default_factory=list)
    text: str = ""


class Engine:
    """Answers requests through the deployments of one configuration."""

    def __init__(self, config: RouterConfig, world: World) -> None:
        self.config = config
        self._world = world
        self._health = HealthBoard(config, world.clock, world.chance)

    def route(self, name: str) -> Route:
        """Return what `name` stands for. Raises UnknownName with the nearest ones."""
        found = resolve(self.config, name)
        if isinstance(found, Unknown):
            raise UnknownName(found.name, found.nearest)
        return found

    def plan(self, request: Request) -> Plan:
        """Return the decision as it would be made now. Sends and writes nothing. Raises UnknownName."""
        return self._plan(request, self.route(request.name))

    def deployments(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health, cheapest tier first."""
        return self._health.states()

    async def stream(self, request: Request) -> AsyncGenerator[RouteEvent, None]:
        """Answer `request`; `RequestEnded` comes last.

        Closing the generator stops the call and settles its row as cancelled. Raises UnknownName before the
        first event, and LedgerError when an attempt cannot be written: then nothing was sent.
        """
        run = _Run(request, self._request_id(), self.route(request.name), self._world.clock.monotonic())
        first_plan = fresh = self._plan(request, run.route)
        yield RequestStarted(run.request_id, first_plan)
        while True:
            step = decide(fresh, run.past, self.config.policy, self._left_s(run))
            if isinstance(step, GiveUp):
                break
            async with aclosing(self._attempt(run, step, fresh)) as events:
                async for event in events:
                    yield event
            fresh = self._plan(request, run.route)
        yield RequestEnded(self._answer(run, first_plan, step))

    async def aclose(self) -> None:
        """End child processes and connections; the ledger is its opener's to close."""
        for upstream in self._world.upstreams.values():
            await upstream.aclose()

    def _request_id(self) -> str:
        """Return an id that sorts by time: 11 hex digits of milliseconds, then chance."""
        return f"{self._world.clock.now_ms():011x}{self._world.chance.token()}"

    def _left_s(self, run: _Run) -> float:
        return self.config.policy.deadline_s - (self._world.clock.monotonic() - run.started)

    def _plan(self, request: Request, route: Route) -> Plan:
        return plan(request, route, tuple(self._facts(request, d) for d in members(self.config, route)))

    def _facts(self, request: Request, deployment: Deployment) -> Facts:
        unclamped = estimate(request.messages, deployment, 1)
        limit = clamp(
            request.max_tokens,
            self.config.policy.default_max_tokens,
            deployment,
            unclamped.input_expected_tokens,
        ).max_tokens
        estimated = estimate(request.messages, deployment, limit)
        return Facts(deployment, estimated, limit, self._health.blocked(deployment))

    async def _attempt(self, run: _Run, step: Try, made: Plan) -> AsyncGenerator[RouteEvent, None]:
        """Admit, send, classify and settle one call; the row is settled however this generator ends."""
        attempt = self._prepare(run, step.candidate, made)
        diagnosis: Diagnosis | None = None  # which it stays when the caller goes away at an await or yield
        try:
            await self._world.ledger.admit(attempt.intent)
            self._health.take(attempt.deployment)
            yield AttemptStarted(
                attempt.n, attempt.intent.tier, attempt.deployment.name, attempt.deployment.model
            )
            async with aclosing(self._events(run, attempt)) as events:
                async for event in events:
                    yield event
            diagnosis = classify(attempt.outcome(), self._world.clock.now_ms())
        except LedgerError:
            attempt.refused = True  # there is no row to settle
            raise
        except Exception as bug:  # boundary: an adapter's own bug is one failed attempt
            log.exception("attempt %s of %s failed inside the router", attempt.n, run.request_id)
            diagnosis = internal(type(bug).__name__)
        finally:
            if not attempt.refused:
                self._settle(run, attempt, attempt.cancelled() if diagnosis is None else diagnosis)
        yield AttemptEnded(run.records[-1])

    async def _events(self, run: _Run, attempt: Attempt) -> AsyncGenerator[RouteEvent, None]:
        timeouts = attempt.deployment.timeouts
        bounded = replace(timeouts, total_s=min(timeouts.total_s, self._left_s(run)))
        call = Call(
            deployment=replace(attempt.deployment, timeouts=bounded),
            messages=run.request.messages,
            max_tokens=attempt.candidate.max_tokens,
        )
        upstream = self._world.upstreams[attempt.deployment.provider.wire]
        attempt.started = self._world.clock.monotonic()
        async with aclosing(upstream.stream(call)) as events:
            async for event in events:
                attempt.take(event)
                match event:
                    case Content():
                        yield TextArrived(attempt.n, event.text, event.kind, event.raw)
                    case Waiting():
                        yield AttemptWaiting(attempt.n, event.what)
                    case _:
                        pass

    def _prepare(self, run: _Run, candidate: Candidate, made: Plan) -> Attempt:
        deployment = self.config.deployments[candidate.deployment]
        key, request = self._world.install_key, run.request
        intent = Intent(
            request_id=run.request_id,
            attempt=len(run.past) + 1,
            started_at=self._world.clock.now_ms(),
            source=request.source,
            route=run.route.name,
            tier=candidate.tier,
            deployment=deployment.name,
            provider=deployment.provider.name,
            model_requested=deployment.model,
            billing=deployment.billing.value,
            session_id=request.session,
            task=request.task,
            price_version=deployment.price.version if deployment.price else None,
            rates_json=deployment.price.rates_json if deployment.price else None,
            estimate_nano_usd=candidate.estimate_nano_usd,
            held_nano_usd=candidate.bound_nano_usd,
            prompt_fingerprint=prompt_fingerprint(request.messages, key),
            prefix_fingerprint=prefix_fingerprint(request.messages, key),
            why_json=plan_json(made),
            tags=request.tags,
        )
        expected = estimate(request.messages, deployment, candidate.max_tokens or 1)
        return Attempt(intent, deployment, candidate, expected, self._world.clock)

    def _settle(self, run: _Run, attempt: Attempt, diagnosis: Diagnosis) -> None:
        settlement = attempt.finish(diagnosis)
        self._world.ledger.settle(settlement)
        self._health.note(attempt.deployment, diagnosis)
        run.past.append(Past(attempt.deployment.name, diagnosis))
        run.records.append(record_of(attempt.intent, settlement, diagnosis))
        run.text = "".join(attempt.text)

    def _answer(self, run: _Run, first: Plan, end: GiveUp) -> Answer:
        answered = bool(run.records) and run.records[-1].outcome is EntryStatus.OK
        error = (
            None
            if answered
            else AnswerError(
                end.failure_class, end.message, self._health.soonest_s(run.route), end.over_budget
            )
        )
        return Answer(
            request_id=run.request_id,
            text=run.text,
            route=run.route.name,
            task=run.request.task,
            level=first.level,
            attempts=tuple(run.records),
            estimate_nano_usd=first.chosen.estimate_nano_usd if first.chosen else None,
            why=tell(first, tuple(run.past)),
            error=error,
        )
