"""What a run's result recommends to change in the configuration, as a value. It writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.health.limits import run_rate
from router.core.model import RouterConfig
from router.core.stress.result import StressResult
from router.core.stress.verdict import Cause

DROPPED = frozenset({Cause.GONE, Cause.CONGESTED, Cause.UNREACHABLE, Cause.FLAKY})
"""A key or a bill is mended elsewhere: taking the deployment out of its routes would only hide it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one deployment's place in the configuration."""

    deployment: str
    routes: tuple[str, ...] = ()
    """The routes to take it out of; none where only its limit changes."""
    rpm: int | None = None
    """The requests a minute to write as its limit."""

    @property
    def words(self) -> str:
        """What it does, for a person."""
        if self.rpm is not None:
            return f"set limits.rpm of {self.deployment} to {self.rpm}"
        return f"drop {self.deployment} from {', '.join(self.routes)}"


def recommended(result: StressResult, config: RouterConfig) -> Change | None:
    """Return what to change after a run; None when the configuration is right as it is."""
    verdict, name = result.verdict, result.deployment
    deployment = config.deployments.get(name)
    if verdict is None or deployment is None:
        return None
    if result.learned_rpm is not None:
        rpm = run_rate(result.learned_rpm)
        known = deployment.limits.rpm
        return Change(name, rpm=rpm) if known is None or rpm < known else None
    if verdict.keep or verdict.cause not in DROPPED:
        return None
    routes = tuple(route.name for route in config.routes.values() if name in route.deployments)
    return Change(name, routes) if routes else None
