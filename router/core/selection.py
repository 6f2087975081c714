"""Who may serve a request, in which order, each in or out with a reason.

Pure: the configuration, the request and what is known of each deployment in, a `Plan` out. What happens when
an attempt fails is `fallback.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from router.core.estimate import Estimate
from router.core.model import Billing, Deployment, Request, Route
from router.core.money import usd


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment of the route, in or out."""

    deployment: str
    tier: str
    eligible: bool
    reason: str
    """Why it is in, or why not; words for the user."""
    score: float | None = None
    estimate_nano_usd: int | None = None
    """Expected cost; None when unknown."""
    bound_nano_usd: int | None = None
    """The most it can cost; None when unknown."""
    max_tokens: int | None = None
    """What would be asked of it: the caller's wish within the model's cap and context."""
    over_budget: bool = False
    """It is out because of money alone."""
    off: bool = False
    """It cannot be used on this machine at all: no key, no server, no wheel."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A route resolved for one request: every deployment that belongs to it, best first."""

    route: str
    task: str | None
    level: str | None
    language: str | None
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate | None:
        """The first that is eligible: what an attempt would go to now."""
        return next((candidate for candidate in self.candidates if candidate.eligible), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one deployment for one request."""

    deployment: Deployment
    estimate: Estimate
    max_tokens: int
    blocked: str | None = None
    """Why its health keeps it out now; None when it does not."""


def plan(request: Request, route: Route, facts: tuple[Facts, ...]) -> Plan:
    """Rank a route's deployments: in its own order, the eligible before the others.

    `facts` has one entry per deployment of the route, in the route's order.
    """
    judged = [_judge(request, route, fact, climbs=_climbs(facts, fact)) for fact in facts]
    first = next((i for i, candidate in enumerate(judged) if candidate.eligible), None)
    if first is not None:
        judged[first] = replace(judged[first], reason=_first_reason(judged, first))
    ranked = sorted(judged, key=lambda candidate: not candidate.eligible)  # stable: keeps the route's order
    return Plan(route.name, request.task, None, None, tuple(ranked))


def _judge(request: Request, route: Route, fact: Facts, *, climbs: bool) -> Candidate:
    deployment, estimate = fact.deployment, fact.estimate
    gates: tuple[tuple[bool, Callable[[], str | None]], ...] = (
        (False, lambda: deployment.off),
        (False, lambda: fact.blocked),
        (False, lambda: _does_not_fit(deployment, estimate)),
        (False, lambda: _may_not_climb(route) if climbs else None),
        (True, lambda: _over("the climb's cap", route.climb.max_cost_nano, estimate) if climbs else None),
        (True, lambda: _over("the caller's limit", request.max_cost_nano, estimate)),
    )
    stopped = next(((money, reason) for money, gate in gates if (reason := gate())), None)
    return Candidate(
        deployment=deployment.name,
        tier=deployment.tier.name,
        eligible=stopped is None,
        reason=stopped[1] if stopped else "next in the route's order",
        estimate_nano_usd=estimate.expected_nano,
        bound_nano_usd=estimate.bound_nano,
        max_tokens=fact.max_tokens,
        over_budget=stopped[0] if stopped else False,
        off=deployment.off is not None,
    )


def _climbs(facts: tuple[Facts, ...], fact: Facts) -> bool:
    """Whether reaching this deployment means going from what costs nothing to what costs money."""
    if fact.deployment.billing is not Billing.METERED:
        return False
    return any(other.deployment.billing is not Billing.METERED for other in facts)


def _may_not_climb(route: Route) -> str | None:
    if route.climb.free_to_paid:
        return None
    return f"costs money and route {route.name} does not declare climb: free_to_paid"


def _over(limit: str, cap_nano: int | None, estimate: Estimate) -> str | None:
    if cap_nano is None:
        return None
    if estimate.bound_nano is None:
        return f"its price is unknown and {limit} is ${usd(cap_nano)}"
    if estimate.bound_nano > cap_nano:
        return f"could cost ${usd(estimate.bound_nano)}, {limit} is ${usd(cap_nano)}"
    return None


def _does_not_fit(deployment: Deployment, estimate: Estimate) -> str | None:
    window = deployment.context_window
    if window is None or estimate.input_expected_tokens < window:
        return None
    return f"about {estimate.input_expected_tokens} input tokens do not fit its context of {window}"


def _first_reason(judged: list[Candidate], first: int) -> str:
    if first == 0:
        return "first in the route's order"
    return f"first that can serve; {first} before it cannot"
