"""What this process shares with all others about its deployments: asked before each attempt, told after.

Brings together the ledger, which decides, and the boards, which remember what it said. Holds no rule: terms
come from `core.money.budget` and `core.health.limits`, what an end teaches from the rest of `core.health`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from router.core.attempts.admission import Lesson, Refusal, Terms
from router.core.failures.classify import begun
from router.core.failures.diagnosis import Diagnosis, FailureClass
from router.core.health.limits import LearnedLimit
from router.core.health.states import Health, ScopeHealth
from router.core.model import RouterConfig
from router.core.money.budget import caps, charge_of
from router.core.money.spend import Settlement
from router.engine.attempt import Attempt
from router.engine.health_board import DeploymentState, HealthBoard
from router.engine.pace_board import PaceBoard
from router.engine.ports import Chance, Clock, Ledger

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

    def refresh(self, healths: Mapping[str, ScopeHealth], limits: Sequence[LearnedLimit]) -> None:
        """Know what the ledger knows now."""
        self.health.refresh(healths)
        self.pace.refresh(limits)

    def states(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health and the limits in force, cheapest tier first."""
        return tuple(self._in_force(state) for state in self.health.states())

    async def admit(self, attempt: Attempt) -> Refusal | None:
        """Have the attempt's row written, or return why it may not start. Raises LedgerError.

        An admitted attempt must be settled, also one whose admission was cancelled.
        """
        terms = self._terms(attempt)
        attempt.lease_until_ms = attempt.intent.started_at + terms.lease_ms
        admission = await self._ledger.admit(attempt.intent, terms)
        self.health.update(admission.health)
        attempt.warnings = admission.warnings
        if admission.refusal is None:
            attempt.probes = any(h.state is Health.PROBING for h in admission.health.values())
            self.pace.started(attempt)
        return admission.refusal

    def answering(self, attempt: Attempt) -> None:
        """Take in that content has begun: a probe need not wait for its end to say that all is well."""
        if attempt.probes:
            attempt.probes = False
            lesson, now_ms = self._lesson(attempt, begun()), self._clock.now_ms()
            self.health.take_in(lesson, now_ms)
            self._ledger.learn(lesson, now_ms)

    def settle(self, attempt: Attempt, diagnosis: Diagnosis, settlement: Settlement) -> None:
        """Hand in how an attempt ended, and what that teaches."""
        lesson = self._lesson(attempt, diagnosis)
        self.health.take_in(lesson, settlement.settled_at)
        self._ledger.settle(settlement, lesson)
        news = self.pace.ended(attempt, answered=diagnosis.failure_class is FailureClass.OK)
        if news:
            self._ledger.learn_limits(news)

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

    def _in_force(self, state: DeploymentState) -> DeploymentState:
        limits = self.pace.limits(state.deployment)
        return replace(state, deployment=replace(state.deployment, limits=limits))

    def _terms(self, attempt: Attempt) -> Terms:
        intent, deployment = attempt.intent, attempt.deployment
        return Terms(
            caps=caps(self._config.budgets, charge_of(intent), intent.started_at, self._zone),
            quotas=self.pace.quotas(deployment, intent.estimate_tokens or 0, intent.started_at),
            scopes=self.health.scopes(deployment),
            lease_ms=round(deployment.timeouts.first_token_s * 1000) + LEASE_MARGIN_MS,
            guard=self._config.policy.guard,
        )

    def _lesson(self, attempt: Attempt, diagnosis: Diagnosis) -> Lesson:
        policy, own_s = self._config.policy, attempt.deployment.cooldown_s
        return Lesson(
            scopes=self.health.scopes(attempt.deployment),
            diagnosis=diagnosis,
            policy=policy if own_s is None else replace(policy, cooldown_s=own_s),
            roll=self._chance.roll(),
            lease_until_ms=attempt.lease_until_ms,
        )
