"""Who may serve a request, in which order, each in or out with a reason.

Pure: the assignment and what is known of each deployment in, a `Plan` out. The gates are `gates.py`, the
order is `strategies.py`; what happens when an attempt fails is `fallback.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from router.core.routing.assignment import Assignment
from router.core.routing.facts import DeploymentFacts
from router.core.routing.gates import Stop, call_limit, company, stop
from router.core.routing.scoring import Score, cost_term, health_term, score
from router.core.routing.stickiness import Pin, Turn, judge, warm_for_s
from router.core.routing.strategies import RankedDeployment, ranked, says
from router.core.settings.deployments import UNKNOWN_QUALITY, Need
from router.core.settings.policy import USUAL_WEIGHTS, Weights
from router.core.settings.routes import Strategy
from router.core.value import dataclass


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


class Skipped(NamedTuple):
    """One that may not serve."""

    deployment: str
    tier: str
    reason: str
    off: bool


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

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Those that may not serve."""
        return [Skipped(c.deployment, c.tier, c.reason, c.off) for c in self.candidates if not c.eligible]

    @property
    def first(self) -> tuple[str, str, str] | None:
        """The chosen one's name and tier, and why it is the first."""
        chosen = self.chosen
        return (chosen.deployment, chosen.tier, chosen.reason) if chosen else None

    def clamped(self, deployment: str) -> str | None:
        """Return why a deployment would not be asked for all the tokens that were wished for."""
        return next((c.clamped for c in self.candidates if c.deployment == deployment), None)


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


class Selection:
    """A route's deployments for one request: in which order they are asked, and what keeps the others out.

    Decided when it is made. The words, estimates and scores of all of them, a `Plan`, are worked out when
    somebody looks at it.
    """

    def __init__(
        self,
        assigned: Assignment,
        everyone: Sequence[DeploymentFacts],
        moment: PlanMoment = NOW,
        narrowed: Callable[[Plan], Plan] | None = None,
    ) -> None:
        """`everyone` has one entry per deployment of the route, in the route's order.

        `narrowed` leaves out of the plan what the request may not be answered by for other reasons.
        """
        self.assigned = assigned
        self.stops: dict[int, Stop] = {}
        """What keeps deployments out, by their place in the route."""
        self.is_narrowed = narrowed is not None
        self._everyone = everyone
        self._moment = moment
        self._narrowed = narrowed
        self._others = company(assigned, everyone)
        self._scale: int | None = None
        self._plan: Plan | None = None
        inside = []
        for place, fact in enumerate(everyone):
            why = stop(assigned, fact, self._others)
            if why is None:
                inside.append(self._runner(place))
            else:
                self.stops[place] = why
        self.order = ranked(assigned.route, inside, moment.roll)
        """Those that may serve, best first."""
        self._by_rule = self.order[0] if self.order else None
        self._of_session, stays = _session(self.order, moment)
        self._stays = stays is not None
        if stays is not None:
            self.order.insert(0, self.order.pop(stays))

    @property
    def chosen(self) -> DeploymentFacts | None:
        """What an attempt would go to now, if nothing narrows the plan."""
        return self.order[0].facts if self.order else None

    @property
    def estimate_nano(self) -> int | None:
        """What the first attempt is expected to cost; None when unknown, or nobody can serve."""
        if self.is_narrowed:
            return self.plan.chosen.estimate_nano_usd if self.plan.chosen else None
        return self.chosen.estimate.expected_nano if self.chosen else None

    @property
    def plan(self) -> Plan:
        """The whole of it, for people and for what comes after a failure."""
        if self._plan is None:
            made = self._made()
            self._plan = self._narrowed(made) if self._narrowed else made
        return self._plan

    def of(self, deployment: str) -> DeploymentFacts:
        """Return what is known of one of the route's deployments. Raises KeyError for any other."""
        for fact in self._everyone:
            if fact.deployment.name == deployment:
                return fact
        raise KeyError(deployment)

    def limit_nano(self, fact: DeploymentFacts) -> int | None:
        """Return the most one call to a deployment may cost; None without a limit."""
        return call_limit(self.assigned, fact, self._others)

    @property
    def route(self) -> str:
        """The route's name."""
        return self.assigned.route.name

    @property
    def notes(self) -> tuple[str, ...]:
        """How the request came to this route and these bounds, and what a session's switch would cost."""
        return (*self.assigned.notes, *self._of_session)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Those that may not serve."""
        if self.is_narrowed:
            return self.plan.skipped
        known = ((self._everyone[place].deployment, why) for place, why in self.stops.items())
        return [Skipped(d.name, d.tier.name, why.reason, d.off is not None) for d, why in known]

    @property
    def first(self) -> tuple[str, str, str] | None:
        """The chosen one's name and tier, and why it is the first."""
        if self.is_narrowed or not self.order:
            return self.plan.first if self.is_narrowed else None
        runner = self.order[0]
        return runner.facts.deployment.name, runner.facts.deployment.tier.name, self.reason(runner)

    def clamped(self, deployment: str) -> str | None:
        """Return why a deployment would not be asked for all the tokens that were wished for."""
        return self.of(deployment).clamp.reason

    def reason(self, runner: RankedDeployment) -> str:
        """Return in words why one that may serve stands where it stands."""
        if self._stays and runner is self.order[0]:
            return self._of_session[0]
        if runner is self._by_rule and self.assigned.route.strategy is Strategy.ORDERED:
            return _first_in_order(runner.place)
        return says(self.assigned.route, runner)

    def _made(self) -> Plan:
        request = self.assigned.request
        inside = [self._candidate(runner, self.reason(runner)) for runner in self.order]
        outside = [
            _outside(self._candidate(self._runner(place), why.reason), why)
            for place, why in self.stops.items()
        ]
        return Plan(
            self.assigned.route.name,
            request.task,
            request.level,
            request.language,
            (*inside, *outside),
            self.notes,
            request.needs,
        )

    def _runner(self, place: int) -> RankedDeployment:
        return RankedDeployment(place, self._everyone[place], self._scored)

    def _candidate(self, runner: RankedDeployment, reason: str) -> Candidate:
        fact = runner.facts
        return Candidate(
            deployment=fact.deployment.name,
            tier=fact.deployment.tier.name,
            eligible=True,
            reason=reason,
            score=runner.score,
            estimate_nano_usd=fact.estimate.expected_nano,
            bound_nano_usd=fact.estimate.bound_nano,
            limit_nano=self.limit_nano(fact),
            max_tokens=fact.clamp.max_tokens,
            clamped=fact.clamp.reason,
            thinking_tokens=fact.clamp.thinking_tokens,
            learned_from=fact.estimate.learned_from,
            quality=fact.quality.mean,
            quality_count=fact.quality.count,
            paid=fact.paid,
            context_window=fact.deployment.context_window,
            off=fact.deployment.off is not None,
        )

    def _scored(self, fact: DeploymentFacts) -> Score:
        if self._scale is None:
            self._scale = _scale(self.assigned, self._everyone)
        return score(
            self._moment.weights,
            cost=cost_term(fact.estimate.expected_nano, self._scale),
            quality=fact.quality.mean,
            health=health_term(fact.stats, fact.left),
            pressure=fact.pressure,
        )


def plan(assigned: Assignment, everyone: Sequence[DeploymentFacts], moment: PlanMoment = NOW) -> Plan:
    """Rank a route's deployments, those that may serve before the others; see `Selection`."""
    return Selection(assigned, everyone, moment).plan


def _scale(assigned: Assignment, everyone: Sequence[DeploymentFacts]) -> int:
    """Return what a cost is measured against: the level's ceiling, else the dearest of the candidates."""
    if assigned.ceiling_nano_per_1k is not None:
        return assigned.ceiling_nano_per_1k
    return 1000 * max((fact.estimate.expected_nano or 0 for fact in everyone), default=0)


def _session(order: Sequence[RankedDeployment], moment: PlanMoment) -> tuple[tuple[str, ...], int | None]:
    """Return what is to be said of the session's last deployment, and its place when the session stays."""
    pin = moment.pin
    if pin is None:
        return (), None
    place = next((i for i, r in enumerate(order) if r.facts.deployment.name == pin.deployment), None)
    if place is None:
        return (), None
    here = order[place].facts
    warm_s = warm_for_s(pin, here.deployment, moment.now_ms)
    if place == 0 or warm_s <= 0:
        return (), None
    there = order[0].facts
    verdict = judge(pin, Turn(here.deployment, here.estimate), Turn(there.deployment, there.estimate), warm_s)
    return (verdict.reason,), place if verdict.stays else None


def _outside(inside: Candidate, why: Stop) -> Candidate:
    return replace(inside, eligible=False, over_budget=why.money, back_in_s=why.back_in_s, full=why.full)


def _first_in_order(before: int) -> str:
    if before == 0:
        return "first in the route's order"
    return f"first that can serve; {before} before it cannot"
