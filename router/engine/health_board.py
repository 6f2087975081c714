"""Which deployments rest now, why and until when: the engine's memory of what failures meant.

Keeps one `ScopeHealth` per scope, so that one dead key rests every deployment that uses it, and leases
probes. How health moves is `core.health`; what a failure means is `core.failures`.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.diagnosis import Diagnosis, FailureClass, Scope
from router.core.health import HEALTHY, Health, ScopeHealth, Sign, lease, note, step
from router.core.model import Billing, Deployment, Route, RouterConfig
from router.engine.ports import Chance, Clock

LEASE_MARGIN_MS = 5_000
"""How much longer than a first token may take a probe keeps its slot."""


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """A deployment and its health."""

    deployment: Deployment
    health: Health
    until_ms: int | None = None
    """When it comes back by itself; None when it is not away, or returns only at a change."""
    reason: str | None = None

    @property
    def word(self) -> str:
        """Return what a person reads: `off` is what was never on, `disabled` what a failure switched off."""
        return "off" if self.deployment.off else self.health


class HealthBoard:
    """The health of one configuration's scopes."""

    def __init__(self, config: RouterConfig, clock: Clock, chance: Chance) -> None:
        self._config = config
        self._clock = clock
        self._chance = chance
        self._scopes: dict[str, ScopeHealth] = {}

    def blocked(self, deployment: Deployment) -> str | None:
        """Return why this deployment may not be asked now, or None; a rest that is over may be probed."""
        resting = self._resting(deployment)
        if resting is None:
            return None
        if resting.until_ms is None:
            return f"disabled until something changes: {resting.reason}"
        left_s = (resting.until_ms - self._clock.now_ms()) / 1000
        if left_s <= 0:
            return None
        word = "probed by another call" if resting.state is Health.PROBING else resting.state.value
        return f"{word} for {left_s:.0f} s more: {resting.reason}"

    def take(self, deployment: Deployment) -> None:
        """Lease the probe of every scope whose rest is over; called right before a deployment is asked."""
        lease_ms = round(deployment.timeouts.first_token_s * 1000) + LEASE_MARGIN_MS
        for key in _keys(deployment).values():
            leased = lease(self._scopes.get(key, HEALTHY), self._clock.now_ms(), lease_ms)
            if leased is not None:
                self._scopes[key] = leased

    def note(self, deployment: Deployment, diagnosis: Diagnosis) -> None:
        """Take in what an attempt's end means, for the scope it concerns and for those it was a probe of."""
        now, ok = self._clock.now_ms(), diagnosis.failure_class is FailureClass.OK
        for scope, key in _keys(deployment).items():
            health = self._scopes.get(key, HEALTHY)
            if scope is diagnosis.cooldown.scope or (ok and scope is Scope.DEPLOYMENT):
                moved = note(health, diagnosis, now, self._config.policy, self._chance.roll())
            else:
                moved = step(health, Sign.SUCCESS if ok else Sign.NEUTRAL, now)
            self._scopes[key] = moved

    def states(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health, cheapest tier first."""
        ranked = sorted(self._config.deployments.values(), key=lambda d: d.tier.rank)
        return tuple(self._state(deployment) for deployment in ranked)

    def soonest_s(self, route: Route) -> float | None:
        """Return in how many seconds a route's first resting deployment comes back; None if none does."""
        states = [self._state(self._config.deployments[name]) for name in route.deployments]
        times = [state.until_ms for state in states if state.until_ms is not None]
        return max(0, min(times) - self._clock.now_ms()) / 1000 if times else None

    def _state(self, deployment: Deployment) -> DeploymentState:
        if deployment.off:
            return DeploymentState(deployment, Health.DISABLED, None, deployment.off)
        resting = self._resting(deployment)
        if resting is None:
            return DeploymentState(deployment, Health.AVAILABLE)
        if resting.until_ms is not None and resting.until_ms <= self._clock.now_ms():
            return DeploymentState(
                deployment, Health.AVAILABLE, None, "back from a rest: the next call proves it"
            )
        return DeploymentState(deployment, resting.state, resting.until_ms, resting.reason)

    def _resting(self, deployment: Deployment) -> ScopeHealth | None:
        """Return the health that keeps a deployment away the longest, or None."""
        away = [
            health
            for key in _keys(deployment).values()
            if (health := self._scopes.get(key, HEALTHY)).state is not Health.AVAILABLE
        ]
        return max(away, key=lambda h: float("inf") if h.until_ms is None else h.until_ms, default=None)


def _keys(deployment: Deployment) -> dict[Scope, str]:
    """Return what each of a deployment's scopes is kept under; providers with one key share a credential."""
    provider = deployment.provider
    owner = provider.api_key.fingerprint() if provider.api_key else provider.name
    keys = {
        Scope.DEPLOYMENT: f"deployment:{deployment.name}",
        Scope.CREDENTIAL: f"credential:{owner}",
        Scope.PROVIDER_ENDPOINT: f"endpoint:{provider.base_url or provider.name}",
    }
    if deployment.billing is Billing.FREE:
        keys[Scope.ACCOUNT_FREE_TIER] = f"free:{owner}"
    return keys
