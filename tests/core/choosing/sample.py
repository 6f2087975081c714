"""Facts and assignments for the tests of choosing: small values with the one thing a test is about."""

from __future__ import annotations

from dataclasses import replace

from router.core.choosing.assignment import Assignment
from router.core.choosing.clamp import Clamp
from router.core.choosing.facts import Facts
from router.core.model import Billing, Deployment, Message, Request, Route, Tier
from router.core.money.estimate import estimate
from tests.configs import CLIMB, T0, deployment

ASK = Request((Message("user", "Say something nice about tests."),))


def fact(
    name: str,
    billing: Billing = Billing.FREE,
    tier: Tier = T0,
    *,
    deployed: Deployment | None = None,
    blocked: str | None = None,
) -> Facts:
    """A deployment that could serve `ASK`; free on T0 unless said otherwise."""
    made = deployed or deployment(name, tier, billing)
    return Facts(made, estimate(ASK.messages, made, 1000), Clamp(1000, None), blocked)


def costing(name: str, expected_nano: int | None) -> Facts:
    """A metered deployment with a given expectation and bound."""
    made = fact(name, Billing.METERED)
    priced = replace(made.estimate, expected_nano=expected_nano, bound_nano=expected_nano)
    return replace(made, estimate=priced)


def assigned(*facts: Facts, route: Route | None = None, request: Request = ASK) -> Assignment:
    """An assignment to a route over these deployments that may climb."""
    names = tuple(fact.deployment.name for fact in facts)
    return Assignment(request, replace(route or Route("r", (), climb=CLIMB), deployments=names))
