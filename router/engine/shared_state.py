"""What this process shares with all others about its deployments: asked before each attempt, told after.

Brings together the ledger, which decides, and the boards, which remember what it said. Holds no rule: terms
come from `core.budget` and `core.health.rate_limits`, what an end teaches from the rest of `core.health`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from router.core.budget.budget import caps, charge_of, extra_caps
from router.core.budget.hold import extended, more, next_look
from router.core.cost.settling import so_far_nano
from router.core.failures.classify import begun
from router.core.money import usd
from router.core.records.admission import NO_HOLD, Hold, Lesson, Refusal, RefusedBy, Terms
from router.core.records.diagnosis import Diagnosis, FailureClass
from router.core.records.entries import Settlement
from router.core.records.facts import HealthLearned, LimitExhausted
from router.core.records.health import ExhaustedLimit, Health, LearnedLimit, ScopeHealth
from router.core.settings.config import RouterConfig
from router.engine.attempt import Attempt
from router.engine.health_board import DeploymentState, HealthBoard
from router.engine.pace_board import PaceBoard
from router.engine.ports import Chance, Clock, Ledger
from router.errors import LedgerError

LEASE_MARGIN_MS = 5_000
"""How much longer than a first token may take a probe keeps its slot."""
MOST_WAITING = 16
"""How many requests may wait at once; what comes beyond is answered at once, one way or the other."""


class SharedState:
    """The health, limits and paces of one configuration's deployments, kept in step with the ledger."""

    def __init__(
        self, config: RouterConfig, ledger: Ledger, clock: Clock, chance: Chance, zone: tzinfo
    ) -> None:
        self.health = HealthBoard(config, clock)
        self.pace = PaceBoard(config.policy, clock)
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._chance = chance
        self._zone = zone
        self._waiting = 0

    def under(self, config: RouterConfig) -> SharedState:
        """Return the state of another configuration's deployments that knows what this one knows."""
        state = SharedState(config, self._ledger, self._clock, self._chance, self._zone)
        state.health, state.pace = self.health.under(config), self.pace.under(config.policy)
        return state

    def refresh(
        self,
        healths: Mapping[str, ScopeHealth],
        limits: Sequence[LearnedLimit],
        full: Mapping[str, ExhaustedLimit],
    ) -> None:
        """Know what the ledger knows now."""
        self.health.refresh(healths)
        self.pace.refresh(limits, full)

    def states(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health and the limits in force, cheapest tier first."""
        return tuple(self._in_force(state) for state in self.health.states())

    async def admit(self, attempt: Attempt) -> Refusal | None:
        """Have the attempt's row written, or return why it may not start. Raises LedgerError.

        An admitted attempt must be settled, also one whose admission was cancelled.
        """
        terms = self.terms(attempt)
        attempt.lease_until_ms = attempt.intent.started_at + terms.lease_ms
        admission = await self._ledger.admit(attempt.intent, terms)
        self.health.update(admission.health)
        attempt.warnings = admission.warnings
        if admission.refusal is None:
            attempt.probes = any(h.state is Health.PROBING for h in admission.health.values())
            self.pace.started(attempt)
            self.hold(attempt, terms)
        return admission.refusal

    def terms(self, attempt: Attempt) -> Terms:
        """Return what an attempt must meet to be admitted."""
        intent, deployment = attempt.intent, attempt.deployment
        return Terms(
            caps=caps(self._config.budgets, charge_of(intent), intent.started_at, self._zone),
            quotas=self.pace.quotas(deployment, intent.estimate_tokens or 0, intent.started_at),
            scopes=self.health.scopes(deployment),
            lease_ms=round(deployment.timeouts.first_token_s * 1000) + LEASE_MARGIN_MS,
            guard=self._config.policy.guard,
        )

    def hold(self, attempt: Attempt, terms: Terms) -> None:
        """Note what counts a running attempt: what nothing counts never needs to be looked at."""
        hard, soft = any(cap.hard for cap in terms.caps), any(not cap.hard for cap in terms.caps)
        intent, deployment, limited = attempt.intent, attempt.deployment, attempt.limit_nano is not None
        attempt.hold = Hold(
            bound_nano=(intent.held_nano_usd or None) if hard or limited else None,
            expected_nano=(intent.soft_held_nano_usd or None) if soft else None,
        )
        if attempt.hold != NO_HOLD and attempt.stream:  # what comes in one piece is not stopped in its middle
            price = deployment.price
            so_far, rate = attempt.expected.expected_nano, price.output_mtok if price else None
            # Its input alone costs no more than all that is expected, so this look is never too late.
            attempt.look_at = next_look(attempt.hold, so_far, 0, rate) if rate and so_far is not None else 1

    async def hold_on(self, attempt: Attempt) -> Refusal | None:
        """Look whether a running answer's hold covers it, and have more held where it does not.

        Returns why the answer has to stop: a budget or the call's own limit has no more for it.
        """
        arrived = attempt.arrived()
        so_far = so_far_nano(arrived)
        if so_far is None:
            return None
        wanted = extended(attempt.hold, so_far, attempt.limit_nano)
        if wanted != attempt.hold:
            refusal = await self._extend(attempt, wanted)
            if refusal is not None:
                told = f"its answer has cost about ${usd(so_far)}, more than was held for it"
                return replace(refusal, reason=f"{told}; {refusal.reason}")
            attempt.hold = wanted or attempt.hold
        rate = arrived.deployment.price.output_mtok if arrived.deployment.price else None
        attempt.look_at = next_look(attempt.hold, so_far, attempt.content_bytes, rate)
        return None

    def answering(self, attempt: Attempt) -> None:
        """Take in that content has begun: a probe need not wait for its end to say that all is well."""
        if attempt.probes and attempt.first_content is not None:
            attempt.probes = False
            lesson, now_ms = self._lesson(attempt, begun()), self._clock.now_ms()
            self.health.take_in(lesson, now_ms)
            self._ledger.note(HealthLearned(lesson, now_ms))

    def settle(self, attempt: Attempt, diagnosis: Diagnosis, settlement: Settlement) -> None:
        """Hand in how an attempt ended, and what that teaches."""
        lesson = self._lesson(attempt, diagnosis)
        self.health.take_in(lesson, settlement.settled_at)
        self._ledger.settle(settlement, lesson)
        answered = diagnosis.failure_class is FailureClass.OK
        self.pace.ended(attempt, answered=answered)
        for limit in self.pace.learn_from(attempt):
            self._ledger.note(limit)
        full = self.pace.told(attempt) if answered else None  # after a failure its rest says it
        if full:
            self._ledger.note(LimitExhausted(*full))

    @property
    def may_wait(self) -> bool:
        """Whether one request more may wait."""
        return self._waiting < MOST_WAITING

    async def wait(self, seconds: float) -> None:
        """Wait, counted among those that do."""
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1

    async def _extend(self, attempt: Attempt, wanted: Hold | None) -> Refusal | None:
        """Have the ledger hold more, for all budgets at once; what cannot be written is refused."""
        if wanted is None:
            limit = usd(attempt.limit_nano or 0)
            return Refusal(RefusedBy.BUDGET, f"this call may cost ${limit} at most")
        intent, added = attempt.intent, more(attempt.hold, wanted)
        charge = replace(charge_of(intent), bound_nano=added.bound_nano, expected_nano=added.expected_nano)
        counted = extra_caps(self._config.budgets, charge, intent.started_at, self._zone)
        try:
            admission = await self._ledger.extend((intent.request_id, attempt.n), wanted, counted)
        except LedgerError as error:
            return Refusal(RefusedBy.BUDGET, f"nothing more can be held for it: {error.message}")
        return admission.refusal

    def _in_force(self, state: DeploymentState) -> DeploymentState:
        limits, full = self.pace.limits(state.deployment), self.pace.full(state.deployment)
        known = replace(state, deployment=replace(self.pace.with_window(state.deployment), limits=limits))
        if full is None or state.health is not Health.AVAILABLE:
            return known
        says = full.says(self._clock.now_ms())
        return replace(known, full=True, until_ms=full.until_ms, reason=says)

    def _lesson(self, attempt: Attempt, diagnosis: Diagnosis) -> Lesson:
        policy, own_s = self._config.policy, attempt.deployment.cooldown_s
        return Lesson(
            scopes=self.health.scopes(attempt.deployment),
            diagnosis=diagnosis,
            policy=policy if own_s is None else replace(policy, cooldown_s=own_s),
            roll=self._chance.roll(),
            lease_until_ms=attempt.lease_until_ms,
        )
