"""What a run's result asks to change in the configuration's file. Writing it is `config/edit.py`'s."""

from __future__ import annotations

from typing import TypeAlias

from router.core.health.rate_limits import run_rate
from router.core.records.stress import Cause, StressResult
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.edits import Drop, Restore, SetLimit

Advice: TypeAlias = Drop | Restore | SetLimit
DROPPED = frozenset({Cause.GONE, Cause.CONGESTED, Cause.UNREACHABLE, Cause.FLAKY})
"""A key or a bill is mended elsewhere: taking the deployment out of its routes would only hide it."""


def recommended(result: StressResult, config: RouterConfig) -> Advice | None:
    """Return the change that a result asks for; None when the configuration is right as it is."""
    verdict, name = result.verdict, result.deployment
    deployment = config.deployments.get(name)
    if verdict is None or deployment is None:
        return None
    if result.learned_rpm is not None:
        rpm, known = run_rate(result.learned_rpm), deployment.limits.rpm
        return SetLimit(name, "rpm", rpm) if known is None or rpm < known else None
    if verdict.keep:
        return Restore(name) if deployment.dropped else None
    if verdict.cause in DROPPED and _serves(deployment, config):
        return Drop(name, f"stress test: {verdict.cause}")
    return None


def _serves(deployment: Deployment, config: RouterConfig) -> bool:
    """Whether a route may turn to it."""
    name = deployment.name
    return any(name in route.deployments and name not in route.without for route in config.routes.values())
