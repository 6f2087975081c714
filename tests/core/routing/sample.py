"""Facts and assignments for the tests of choosing: small values with the one thing a test is about."""

from __future__ import annotations

from dataclasses import replace

from router.core.cost.estimate import estimate, input_size
from router.core.message import Message
from router.core.request import Request
from router.core.routing.assignment import Assignment
from router.core.routing.clamp import Clamp
from router.core.routing.facts import DeploymentFacts
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.providers import Billing
from router.core.settings.routes import Route
from tests.configs import CLIMB, T0, deployment

ASK = Request((Message("user", "Say something nice about tests."),))


def fact(
    name: str,
    billing: Billing = Billing.FREE,
    tier: Tier = T0,
    *,
    deployed: Deployment | None = None,
    blocked: str | None = None,
) -> DeploymentFacts:
    """A deployment that could serve `ASK`; free on T0 unless said otherwise."""
    made = deployed or deployment(name, tier, billing)
    return DeploymentFacts(made, estimate(input_size(ASK.messages), made, 1000), Clamp(1000, None), blocked)


def costing(name: str, expected_nano: int | None) -> DeploymentFacts:
    """A metered deployment with a given expectation and bound."""
    made = fact(name, Billing.METERED)
    priced = replace(made.estimate, expected_nano=expected_nano, bound_nano=expected_nano)
    return replace(made, estimate=priced)


def assigned(*facts: DeploymentFacts, route: Route | None = None, request: Request = ASK) -> Assignment:
    """An assignment to a route over these deployments that may climb."""
    names = tuple(fact.deployment.name for fact in facts)
    return Assignment(request, replace(route or Route("r", (), climb=CLIMB), deployments=names))
