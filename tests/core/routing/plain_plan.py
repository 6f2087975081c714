"""Who may serve, decided one rule after the other with everything worked out: the oracle for `Selection`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from router.core.cost.estimate import Estimate
from router.core.money import usd
from router.core.routing.assignment import Assignment
from router.core.routing.clamp import MARGIN
from router.core.routing.facts import DeploymentFacts
from router.core.routing.gates import CAPABILITIES, ENOUGH_ATTEMPTS, Company, Stop
from router.core.routing.scoring import Score, cost_term, health_term, score
from router.core.routing.selection import NOW, Candidate, Plan, PlanMoment
from router.core.routing.stickiness import Turn, judge, warm_for_s
from router.core.routing.strategies import RankedDeployment, ranked, says
from router.core.settings.deployments import Deployment
from router.core.settings.policy import Weights
from router.core.settings.providers import Billing
from router.core.settings.routes import Strategy


def plain_plan(assigned: Assignment, everyone: Sequence[DeploymentFacts], moment: PlanMoment = NOW) -> Plan:
    """Rank a route's deployments, those that may serve before the others.

    `everyone` has one entry per deployment of the route, in the route's order.
    """
    others, scale = company(assigned, everyone), _scale(assigned, everyone)
    runners = [
        RankedDeployment(place, fact, lambda fact: _score(moment.weights, fact, scale))
        for place, fact in enumerate(everyone)
    ]
    limits = [call_limit(assigned, fact, others) for fact in everyone]
    stops = {runner.place: stop(assigned, runner.facts, others) for runner in runners}
    order = ranked(assigned.route, [r for r in runners if stops[r.place] is None], moment.roll)
    candidates = [_inside(runner, says(assigned.route, runner), limits[runner.place]) for runner in order]
    if order and assigned.route.strategy is Strategy.ORDERED:
        candidates[0] = replace(candidates[0], reason=_first_in_order(order[0].place))
    notes, stays = _session(order, moment)
    if stays is not None:
        candidates.insert(0, replace(candidates.pop(stays), reason=notes[0]))
    candidates += [
        _outside(runner, why, limits[runner.place]) for runner in runners if (why := stops[runner.place])
    ]
    request = assigned.request
    return Plan(
        assigned.route.name,
        request.task,
        request.level,
        request.language,
        tuple(candidates),
        (*assigned.notes, *notes),
        request.needs,
    )


def _scale(assigned: Assignment, everyone: Sequence[DeploymentFacts]) -> int:
    """Return what a cost is measured against: the level's ceiling, else the dearest of the candidates."""
    if assigned.ceiling_nano_per_1k is not None:
        return assigned.ceiling_nano_per_1k
    return 1000 * max((fact.estimate.expected_nano or 0 for fact in everyone), default=0)


def _score(weights: Weights, fact: DeploymentFacts, scale_nano_per_1k: int) -> Score:
    return score(
        weights,
        cost=cost_term(fact.estimate.expected_nano, scale_nano_per_1k),
        quality=fact.quality.mean,
        health=health_term(fact.stats, fact.left),
        pressure=fact.pressure,
    )


def _session(order: Sequence[RankedDeployment], moment: PlanMoment) -> tuple[tuple[str, ...], int | None]:
    """Return what is to be said of the session's last deployment, and its place when the session stays."""
    pin = moment.pin
    place = next((i for i, r in enumerate(order) if pin and r.facts.deployment.name == pin.deployment), None)
    if pin is None or place is None:
        return (), None
    here = order[place].facts
    warm_s = warm_for_s(pin, here.deployment, moment.now_ms)
    if place == 0 or warm_s <= 0:
        return (), None
    there = order[0].facts
    verdict = judge(pin, Turn(here.deployment, here.estimate), Turn(there.deployment, there.estimate), warm_s)
    return (verdict.reason,), place if verdict.stays else None


def _inside(runner: RankedDeployment, reason: str, limit_nano: int | None) -> Candidate:
    fact = runner.facts
    return Candidate(
        deployment=fact.deployment.name,
        tier=fact.deployment.tier.name,
        eligible=True,
        reason=reason,
        score=runner.score,
        estimate_nano_usd=fact.estimate.expected_nano,
        bound_nano_usd=fact.estimate.bound_nano,
        limit_nano=limit_nano,
        max_tokens=fact.clamp.max_tokens,
        clamped=fact.clamp.reason,
        thinking_tokens=fact.clamp.thinking_tokens,
        learned_from=fact.estimate.learned_from,
        quality=fact.quality.mean,
        quality_count=fact.quality.count,
        paid=fact.paid,
        context_window=fact.deployment.context_window,
    )


def _outside(runner: RankedDeployment, why: Stop, limit_nano: int | None) -> Candidate:
    return replace(
        _inside(runner, why.reason, limit_nano),
        eligible=False,
        over_budget=why.money,
        off=runner.facts.deployment.off is not None,
        back_in_s=why.back_in_s,
        full=why.full,
    )


def _first_in_order(before: int) -> str:
    if before == 0:
        return "first in the route's order"
    return f"first that can serve; {before} before it cannot"


def company(assigned: Assignment, everyone: Sequence[DeploymentFacts]) -> Company:
    """Look at all deployments of the route."""
    on = (fact for fact in everyone if not (fact.deployment.off or _dropped(assigned, fact.deployment)))
    return Company(
        unpaid=frozenset(fact.deployment.billing for fact in everyone if not fact.paid),
        stranded=not any(_in_bounds(assigned, fact) for fact in on),
    )


def call_limit(assigned: Assignment, fact: DeploymentFacts, others: Company) -> int | None:
    """Return the most one call to a deployment may cost: the caller's limit and a climb's cap."""
    climb_cap = _climb_cap(assigned, fact, others)
    limits = [nano for nano in (climb_cap, assigned.request.max_cost_nano) if nano is not None]
    return min(limits, default=None)


def stop(assigned: Assignment, fact: DeploymentFacts, others: Company) -> Stop | None:
    """Return the first thing that keeps a deployment out, or None."""
    return next(_stops(assigned, fact, others), None)


def _stops(assigned: Assignment, fact: DeploymentFacts, others: Company) -> Iterator[Stop]:
    deployment, estimate = fact.deployment, fact.estimate
    plain: tuple[Callable[[], str | None], ...] = (
        lambda: deployment.off,
        lambda: _dropped(assigned, deployment),
        lambda: _may_not_see(assigned, deployment),
        lambda: _cannot(assigned, deployment),
        lambda: _does_not_fit(deployment, estimate),
        lambda: _out_of_bounds(assigned, fact, stranded=others.stranded),
        lambda: _may_not_be_paid(assigned, fact, others),
    )
    for gate in plain:
        if reason := gate():
            yield Stop(reason)
    if reason := _too_dear(assigned, estimate, _climb_cap(assigned, fact, others)):
        yield Stop(reason, money=True)
    if fact.blocked:
        yield Stop(fact.blocked, back_in_s=fact.back_in_s)
    if fact.full:
        yield Stop(fact.full, back_in_s=fact.frees_in_s, full=True)
    if reason := _fails_too_often(fact):
        yield Stop(reason)


def _dropped(assigned: Assignment, deployment: Deployment) -> str | None:
    why = assigned.route.without.get(deployment.name)
    return f"dropped from {assigned.route.name}: {why}" if why else None


def _may_not_see(assigned: Assignment, deployment: Deployment) -> str | None:
    local = deployment.billing is Billing.LOCAL
    if assigned.privacy.local_only and not local:
        return "is not local, and this may be served by local deployments only"
    trains = deployment.provider.trains if deployment.trains is None else deployment.trains
    if assigned.privacy.no_training and not local and trains is not False:
        why = "trains on prompts" if trains else "may train on prompts (`trains: false` is not said)"
        return f"{why}, and this request forbids that"
    return None


def _cannot(assigned: Assignment, deployment: Deployment) -> str | None:
    if deployment.embeds:
        return "makes embeddings for the classifier, and no answers"
    can = deployment.capabilities
    missing = assigned.request.needs - (CAPABILITIES[deployment.provider.wire] if can is None else can)
    return f"cannot do {', '.join(sorted(missing))}" if missing else None


def _does_not_fit(deployment: Deployment, estimate: Estimate) -> str | None:
    window = deployment.context_window
    if window is None or estimate.input_expected_tokens + MARGIN < window:
        return None
    return f"about {estimate.input_expected_tokens} input tokens do not fit its context of {window}"


def _out_of_bounds(assigned: Assignment, fact: DeploymentFacts, *, stranded: bool) -> str | None:
    tier = fact.deployment.tier
    reasons = (bound.keeps_out(tier, stranded=stranded) for bound in assigned.bounds)
    return next((reason for reason in reasons if reason), None)


def _may_not_be_paid(assigned: Assignment, fact: DeploymentFacts, others: Company) -> str | None:
    route = assigned.route
    if fact.paid and route.free_only:
        return f"costs money, and {route.name} forbids that"
    missing = route.climb.undeclared(others.unpaid) if fact.paid else None
    return f"costs money and route {route.name} does not declare climb: {missing}" if missing else None


def _climb_cap(assigned: Assignment, fact: DeploymentFacts, others: Company) -> int | None:
    """Return the most a call may cost that is a climb: from free to paid, or after a poor answer."""
    climbs = others.unpaid or assigned.request.instead_of is not None
    return assigned.route.climb.max_cost_nano if fact.paid and climbs else None


def _too_dear(assigned: Assignment, estimate: Estimate, climb_cap: int | None) -> str | None:
    return (
        _over("the climb's cap", climb_cap, estimate)
        or _over("the caller's limit", assigned.request.max_cost_nano, estimate)
        or _over_ceiling(assigned, estimate)
    )


def _over(limit: str, cap_nano: int | None, estimate: Estimate) -> str | None:
    if cap_nano is None:
        return None
    if estimate.bound_nano is None:
        return f"its price is unknown and {limit} is ${usd(cap_nano)}"
    if estimate.bound_nano > cap_nano:
        return f"could cost ${usd(estimate.bound_nano)}, {limit} is ${usd(cap_nano)}"
    return None


def _over_ceiling(assigned: Assignment, estimate: Estimate) -> str | None:
    ceiling = assigned.ceiling_nano_per_1k
    if ceiling is None:
        return None
    limit = f"the ceiling of level {assigned.request.level} is ${usd(ceiling)}"
    if estimate.expected_nano is None:
        return f"its price is unknown and {limit} per 1,000"
    if estimate.expected_nano * 1000 > ceiling:
        return f"1,000 like this cost about ${usd(estimate.expected_nano * 1000)}, {limit}"
    return None


def _in_bounds(assigned: Assignment, fact: DeploymentFacts) -> bool:
    return not (_out_of_bounds(assigned, fact, stranded=False) or _over_ceiling(assigned, fact.estimate))


def _fails_too_often(fact: DeploymentFacts) -> str | None:
    most, stats = fact.deployment.max_error_rate, fact.stats
    if most is None or stats is None or stats.calls < ENOUGH_ATTEMPTS:
        return None
    if stats.failures <= most * stats.calls:
        return None
    return f"{stats.failures} of its last {stats.calls} calls failed, more than {most:.0%}"
