"""What keeps a deployment out of a request, whatever a strategy thinks of it: the gates, in order.

What can never serve comes first, what money forbids next, what is only tired last: so a deployment that its
rest alone keeps out is known to be worth waiting for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from router.core.money import usd
from router.core.routing.assignment import Assignment
from router.core.routing.clamp import MARGIN
from router.core.routing.facts import DeploymentFacts
from router.core.settings.deployments import Need
from router.core.settings.providers import Billing, Wire
from router.core.value import dataclass

CAPABILITIES = {
    Wire.OPENAI: frozenset({Need.TOOLS, Need.JSON}),
    Wire.ANTHROPIC: frozenset({Need.VISION, Need.TOOLS, Need.JSON}),
    Wire.OLLAMA: frozenset({Need.JSON}),
    Wire.LLAMACPP: frozenset({Need.JSON}),
}
"""What models behind a wire usually can; a deployment's own `capabilities` say it exactly."""
ENOUGH_ATTEMPTS = 5
"""Below this many an error rate says nothing; LiteLLM's own minimum."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a deployment is out."""

    reason: str
    money: bool = False
    """Money alone keeps it out."""
    back_in_s: float | None = None
    """Its rest, or its limit, alone keeps it out, and is over then."""
    full: bool = False
    """It is a limit."""


@dataclass(frozen=True, slots=True)
class Company:
    """What a gate must know of the others of the route."""

    unpaid: frozenset[Billing]
    """How those are billed that cost nothing per call: with any, a paid one is a climb."""
    stranded: bool
    """Whether nothing that the bounds and the ceiling leave is switched on here."""
    gates: tuple[Gate, ...] = ()
    """Those of the gates that can keep anybody out of this request."""
    limited: bool = False
    """Whether anything says what a call may cost."""


def company(assigned: Assignment, everyone: Sequence[DeploymentFacts]) -> Company:
    """Look at all deployments of the route."""
    on = (fact for fact in everyone if not (fact.deployment.off or _dropped(assigned, fact)))
    return Company(
        unpaid=frozenset(fact.deployment.billing for fact in everyone if not fact.paid),
        # Without bounds everybody is within them, and whether anybody is on bears on nothing.
        stranded=bool(assigned.bounds) and not any(_in_bounds(assigned, fact) for fact in on),
        gates=tuple(gate for matters, gate in GATES if matters(assigned)),
        limited=any(nano is not None for nano in _limits(assigned)),
    )


def call_limit(assigned: Assignment, fact: DeploymentFacts, others: Company) -> int | None:
    """Return the most one call to a deployment may cost: the caller's limit and a climb's cap."""
    climb_cap = _climb_cap(assigned, fact, others)
    limits = [nano for nano in (climb_cap, assigned.request.max_cost_nano) if nano is not None]
    return min(limits, default=None)


def stop(assigned: Assignment, fact: DeploymentFacts, others: Company) -> Stop | None:
    """Return the first thing that keeps a deployment out, or None."""
    if fact.deployment.off:
        return Stop(fact.deployment.off)
    for gate in others.gates:
        if never := gate(assigned, fact, others):
            return Stop(never)
    if others.limited and (dear := _too_dear(assigned, fact, _climb_cap(assigned, fact, others))):
        return Stop(dear, money=True)
    if fact.blocked:
        return Stop(fact.blocked, back_in_s=fact.back_in_s)
    if fact.full:
        return Stop(fact.full, back_in_s=fact.frees_in_s, full=True)
    often = _fails_too_often(fact) if fact.deployment.max_error_rate is not None else None
    return Stop(often) if often else None


def _dropped(assigned: Assignment, fact: DeploymentFacts, _: Company | None = None) -> str | None:
    why = assigned.route.without.get(fact.deployment.name)
    return f"dropped from {assigned.route.name}: {why}" if why else None


def _may_not_see(assigned: Assignment, fact: DeploymentFacts, _: Company) -> str | None:
    deployment = fact.deployment
    local = deployment.billing is Billing.LOCAL
    if assigned.privacy.local_only and not local:
        return "is not local, and this may be served by local deployments only"
    trains = deployment.provider.trains if deployment.trains is None else deployment.trains
    if assigned.privacy.no_training and not local and trains is not False:
        why = "trains on prompts" if trains else "may train on prompts (`trains: false` is not said)"
        return f"{why}, and this request forbids that"
    return None


def _cannot(assigned: Assignment, fact: DeploymentFacts, _: Company) -> str | None:
    deployment = fact.deployment
    if deployment.embeds:
        return "makes embeddings for the classifier, and no answers"
    if not assigned.request.needs:
        return None
    can = deployment.capabilities
    missing = assigned.request.needs - (CAPABILITIES[deployment.provider.wire] if can is None else can)
    return f"cannot do {', '.join(sorted(missing))}" if missing else None


def _does_not_fit(_: Assignment, fact: DeploymentFacts, __: Company) -> str | None:
    window = fact.deployment.context_window
    if window is None or fact.input_tokens + MARGIN < window:
        return None
    return f"about {fact.input_tokens} input tokens do not fit its context of {window}"


def _out_of_bounds(assigned: Assignment, fact: DeploymentFacts, others: Company) -> str | None:
    return _beyond(assigned, fact, stranded=others.stranded)


def _beyond(assigned: Assignment, fact: DeploymentFacts, *, stranded: bool) -> str | None:
    tier = fact.deployment.tier
    reasons = (bound.keeps_out(tier, stranded=stranded) for bound in assigned.bounds)
    return next((reason for reason in reasons if reason), None)


def _may_not_be_paid(assigned: Assignment, fact: DeploymentFacts, others: Company) -> str | None:
    route = assigned.route
    if not fact.paid:
        return None
    if route.free_only:
        return f"costs money, and {route.name} forbids that"
    missing = route.climb.undeclared(others.unpaid) if others.unpaid else None
    return f"costs money and route {route.name} does not declare climb: {missing}" if missing else None


Gate: TypeAlias = Callable[[Assignment, DeploymentFacts, Company], str | None]
"""Says why a deployment can never serve this request; None where it can."""
GATES: tuple[tuple[Callable[[Assignment], object], Gate], ...] = (
    (lambda assigned: assigned.route.without, _dropped),
    (lambda assigned: assigned.privacy.local_only or assigned.privacy.no_training, _may_not_see),
    (lambda assigned: True, _cannot),
    (lambda assigned: True, _does_not_fit),
    (lambda assigned: assigned.bounds, _out_of_bounds),
    (lambda assigned: True, _may_not_be_paid),
)
"""In the order in which they are asked, each with when it can matter at all."""


def _limits(assigned: Assignment) -> tuple[int | None, ...]:
    return assigned.request.max_cost_nano, assigned.ceiling_nano_per_1k, assigned.route.climb.max_cost_nano


def _climb_cap(assigned: Assignment, fact: DeploymentFacts, others: Company) -> int | None:
    """Return the most a call may cost that is a climb: from free to paid, or after a poor answer."""
    climbs = others.unpaid or assigned.request.instead_of is not None
    return assigned.route.climb.max_cost_nano if fact.paid and climbs else None


def _too_dear(assigned: Assignment, fact: DeploymentFacts, climb_cap: int | None) -> str | None:
    return (
        _over("the climb's cap", climb_cap, fact)
        or _over("the caller's limit", assigned.request.max_cost_nano, fact)
        or _over_ceiling(assigned, fact)
    )


def _over(limit: str, cap_nano: int | None, fact: DeploymentFacts) -> str | None:
    if cap_nano is None:
        return None
    bound_nano = fact.estimate.bound_nano
    if bound_nano is None:
        return f"its price is unknown and {limit} is ${usd(cap_nano)}"
    if bound_nano > cap_nano:
        return f"could cost ${usd(bound_nano)}, {limit} is ${usd(cap_nano)}"
    return None


def _over_ceiling(assigned: Assignment, fact: DeploymentFacts) -> str | None:
    ceiling = assigned.ceiling_nano_per_1k
    if ceiling is None:
        return None
    estimate = fact.estimate
    limit = f"the ceiling of level {assigned.request.level} is ${usd(ceiling)}"
    if estimate.expected_nano is None:
        return f"its price is unknown and {limit} per 1,000"
    if estimate.expected_nano * 1000 > ceiling:
        return f"1,000 like this cost about ${usd(estimate.expected_nano * 1000)}, {limit}"
    return None


def _in_bounds(assigned: Assignment, fact: DeploymentFacts) -> bool:
    return not (_beyond(assigned, fact, stranded=False) or _over_ceiling(assigned, fact))


def _fails_too_often(fact: DeploymentFacts) -> str | None:
    most, stats = fact.deployment.max_error_rate, fact.stats
    if most is None or stats is None or stats.calls < ENOUGH_ATTEMPTS:
        return None
    if stats.failures <= most * stats.calls:
        return None
    return f"{stats.failures} of its last {stats.calls} calls failed, more than {most:.0%}"
