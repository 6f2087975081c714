"""Who may serve a request, in which order, each in or out with a reason.

Pure: the assignment and what is known of each deployment in, a `Plan` out. The gates are `gates.py`, the
order is `strategies.py`; what happens when an attempt fails is `fallback.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.core.routing.assignment import Assignment
from router.core.routing.facts import DeploymentFacts
from router.core.routing.gates import Stop, call_limit, company, stop
from router.core.routing.scoring import Score, cost_term, health_term, score
from router.core.routing.stickiness import Pin, Turn, judge, warm_for_s
from router.core.routing.strategies import RankedDeployment, ranked, says
from router.core.settings.deployments import UNKNOWN_QUALITY, Need
from router.core.settings.policy import USUAL_WEIGHTS, Weights
from router.core.settings.routes import Strategy


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment of the route, in or out."""

    deployment: str
    tier: str
    eligible: bool
    reason: str
    """Why it is in, or why not; words for the user."""
    score: Score | None = None
    """What the `weighted` strategy thinks of it, whatever the route's own strategy is."""
    estimate_nano_usd: int | None = None
    """Expected cost; None when unknown."""
    bound_nano_usd: int | None = None
    """The most it can cost; None when unknown."""
    limit_nano: int | None = None
    """The most it may cost: the caller's limit and the climb's cap; None without either."""
    max_tokens: int | None = None
    """What would be asked of it: the caller's wish within the model's cap and context."""
    over_budget: bool = False
    """It is out because of money alone."""
    off: bool = False
    """It cannot be used on this machine at all: no key, no server, no wheel."""
    clamped: str | None = None
    """Why `max_tokens`, or its thinking, is not what the caller asked for."""
    thinking_tokens: int | None = None
    """The part of `max_tokens` that may go into thinking."""
    learned_from: int = 0
    """How many calls of its model the estimate rests on; 0: on the text alone."""
    quality: float = UNKNOWN_QUALITY
    """How good its answers to such work are, 0 to 1, by the configuration and what was observed."""
    quality_count: int = 0
    """How many observations the score's quality rests on; 0: on the configuration's word, or on nothing."""
    paid: bool = False
    """Each call to it costs money."""
    context_window: int | None = None
    back_in_s: float | None = None
    """Its rest alone keeps it out and is over then, or its limit; None otherwise."""
    full: bool = False
    """A provider's limit alone keeps it out: nothing is wrong with it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A route resolved for one request: every deployment that belongs to it, best first."""

    route: str
    task: str | None
    level: str | None
    language: str | None
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    """How the request came to this route and these bounds, and what a session's switch would cost."""
    needs: frozenset[Need] = frozenset()
    """What the request needs beyond text."""

    @property
    def chosen(self) -> Candidate | None:
        """The first that is eligible: what an attempt would go to now."""
        return next((candidate for candidate in self.candidates if candidate.eligible), None)


@dataclass(frozen=True, slots=True)
class PlanMoment:
    """What a plan needs beside the facts: the weights, the time, a roll of chance, and the session's past."""

    weights: Weights = USUAL_WEIGHTS
    now_ms: int = 0
    roll: float = 0.0
    """0 to 1; the same for all plans of one request."""
    pin: Pin | None = None


NOW = PlanMoment()
"""A plan of one moment, for a request that belongs to no session."""


def plan(assigned: Assignment, everyone: Sequence[DeploymentFacts], moment: PlanMoment = NOW) -> Plan:
    """Rank a route's deployments, those that may serve before the others.

    `everyone` has one entry per deployment of the route, in the route's order.
    """
    others, scale = company(assigned, everyone), _scale(assigned, everyone)
    runners = [
        RankedDeployment(place, fact, _score(moment.weights, fact, scale))
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
