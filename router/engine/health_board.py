"""Which deployments rest now, why and until when, as far as this process knows.

A cache of the ledger's health, so that planning asks no file: it takes in what admissions answer and what its
own attempts taught at once, and everything when the ledger has changed. How health moves is `core.health`;
that nobody slips through in between is the ledger's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from router.core.health.clock_steps import moved
from router.core.health.scopes import learn, resting, scope_keys, why_away
from router.core.records.admission import Lesson
from router.core.records.diagnosis import HealthScope
from router.core.records.health import HEALTHY, Health, ScopeHealth
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.routes import Route
from router.engine.clock import StepWatch
from router.engine.ports import Clock


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """A deployment and its health."""

    deployment: Deployment
    health: Health
    until_ms: int | None = None
    """When it comes back by itself; None when it is not away, or returns only at a change."""
    reason: str | None = None
    full: bool = False
    """It is well, and its provider says that a limit is used up."""


class HealthBoard:
    """The health of one configuration's scopes."""

    def __init__(self, config: RouterConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._keys = {name: scope_keys(deployment) for name, deployment in config.deployments.items()}
        self._scopes: dict[str, ScopeHealth] = {}
        self._watch = StepWatch(clock)

    def under(self, config: RouterConfig) -> HealthBoard:
        """Return a board of another configuration that knows what this one knows."""
        board = HealthBoard(config, self._clock)
        board.refresh(self._scopes)
        return board

    def scopes(self, deployment: Deployment) -> Mapping[HealthScope, str]:
        """Return the keys of a deployment's scopes."""
        return self._keys[deployment.name]

    def keys(self, deployments: Collection[str]) -> frozenset[str]:
        """Return the keys of all scopes of several deployments."""
        return frozenset(key for name in deployments for key in self._keys[name].values())

    def blocked(self, deployment: Deployment) -> str | None:
        """Return why this deployment may not be asked now, or None; a rest that is over may be probed."""
        now_ms = self._now_ms()
        return why_away(self.resting(deployment), now_ms)

    def refresh(self, healths: Mapping[str, ScopeHealth]) -> None:
        """Know what the ledger knows, all of it."""
        self._now_ms()
        self._scopes = dict(healths)

    def update(self, healths: Mapping[str, ScopeHealth]) -> None:
        """Know what the ledger has just said about some scopes."""
        self._now_ms()
        self._learn(healths)

    def take_in(self, lesson: Lesson, at_ms: int) -> None:
        """Know what an attempt of this process taught before the ledger has it."""
        self._now_ms()
        self._learn(learn(self._scopes, lesson, at_ms))

    def known(self) -> Mapping[str, ScopeHealth]:
        """Return what is known of all scopes: another object as soon as anything else is known."""
        self._now_ms()
        return self._scopes

    def states(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health, cheapest tier first."""
        ranked = sorted(self._config.deployments.values(), key=lambda d: d.tier.rank)
        return tuple(self._state(deployment) for deployment in ranked)

    def soonest_ms(self, route: Route) -> int | None:
        """Return when a route's first resting deployment comes back; None if none does."""
        states = [self._state(self._config.deployments[name]) for name in route.deployments]
        return min((state.until_ms for state in states if state.until_ms is not None), default=None)

    def _now_ms(self) -> int:
        """Return the time of day; somebody may have set it, then what is known moves with it first."""
        step_ms, now_ms = self._watch.step_ms(), self._clock.now_ms()
        if step_ms:
            self._scopes = {key: moved(health, step_ms, now_ms) for key, health in self._scopes.items()}
        return now_ms

    def _state(self, deployment: Deployment) -> DeploymentState:
        if deployment.off:
            return DeploymentState(deployment, Health.DISABLED, None, deployment.off)
        now_ms = self._now_ms()
        rest = self.resting(deployment)
        if rest is None:
            return DeploymentState(deployment, Health.AVAILABLE, None, deployment.dropped)
        if rest.until_ms is not None and rest.until_ms <= now_ms:
            return DeploymentState(
                deployment, Health.AVAILABLE, None, "back from a rest: the next call proves it"
            )
        return DeploymentState(deployment, rest.state, rest.until_ms, rest.reason)

    def _learn(self, healths: Mapping[str, ScopeHealth]) -> None:
        if any(self._scopes.get(key, HEALTHY) != health for key, health in healths.items()):
            self._scopes = {**self._scopes, **healths}

    def resting(self, deployment: Deployment) -> ScopeHealth | None:
        """Return the rest that keeps a deployment away the longest, which may be over; None for none."""
        return resting(self._scopes, self._keys[deployment.name].values())
