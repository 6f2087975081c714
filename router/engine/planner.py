"""From a request to a plan: gathers what is known of every deployment and hands it to the pure decisions.

Holds no rule: where a request goes is `core.routing.assignment`, who may serve it `core.routing.selection`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from router.core.cost.estimate import NO_INPUT, Estimate, InputSize, estimate, input_size
from router.core.cost.experience import UNSEEN, Experience
from router.core.cost.prompt_cache import NO_WISH, Wish, cached, marked, watches_prefixes, wish
from router.core.fingerprint import prefix_fingerprint
from router.core.records.answers import NOTHING_SEEN
from router.core.records.health import ExhaustedLimit
from router.core.request import Message, Request
from router.core.retry.escalation import better_ones, climbing, one_tier_up
from router.core.routing.assignment import Assignment, assign, depends_on_work
from router.core.routing.clamp import Clamp, clamp, thinking_range, with_thinking
from router.core.routing.facts import NOTHING, DeploymentFacts, Observed, quality
from router.core.routing.resolve import Unknown, members
from router.core.routing.selection import Plan, PlanMoment, plan
from router.core.routing.stickiness import Pin, warm_for_s
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Work
from router.core.settings.routes import Route
from router.engine.dependencies import Dependencies
from router.engine.events import AttemptRecord
from router.engine.ports import Clock
from router.engine.sessions import Sessions
from router.engine.shared_state import SharedState
from router.errors import UnknownName

if TYPE_CHECKING:  # as in core.assignment
    from router.core.classify.tasks import Classification


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that has found its route, and what is known beside health."""

    assigned: Assignment
    seen: Observed
    roll: float
    """The same for all of its plans, so that they rank alike."""
    prefix: str | None = None
    """The fingerprint of its beginning, where anything is decided by it."""
    wish: Wish = NO_WISH
    """What of it is worth a provider's prompt cache."""
    size: InputSize = NO_INPUT
    """The tokens of its messages, at most and probably."""

    def carrying(self, request: Request) -> Planned:
        """Return the same with other messages."""
        if request is self.assigned.request:
            return self
        size = input_size(request.messages)
        return replace(self, assigned=replace(self.assigned, request=request), size=size)


LABELS_A_SECOND, LABELS_AT_ONCE = 2.0, 20.0
"""How many requests are classified for the statistics alone: everyone's at a person's pace, a share of a
flood's."""


class Leisure:
    """Whether there is time for what nobody waits for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left, self._at_s = LABELS_AT_ONCE, 0.0

    def has(self) -> bool:
        """Return whether there is, and take it."""
        now_s = self._clock.monotonic()
        self._left = min(LABELS_AT_ONCE, self._left + LABELS_A_SECOND * max(0.0, now_s - self._at_s))
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Planner:
    """Plans the requests of one configuration."""

    def __init__(self, config: RouterConfig, deps: Dependencies, shared: SharedState) -> None:
        self._sessions = Sessions()
        self._leisure = Leisure(deps.clock)
        self._config = config
        self._deps = deps
        self._shared = shared

    def under(self, config: RouterConfig, shared: SharedState) -> Planner:
        """Return a planner of another configuration that knows the sessions this one knows."""
        planner = Planner(config, self._deps, shared)
        planner._sessions, planner._leisure = self._sessions, self._leisure
        return planner

    def work(self, request: Request) -> Classification | None:
        """Return what kind of work a request is; None where nobody needs to know and many come at once.

        A label that decides nothing is for the statistics, and takes longer than all the rest of a plan.
        """
        classify = self._deps.classify
        if classify is None:
            return None
        needed = depends_on_work(self._config, request) or (request.session and _complains(request))
        return classify(request.messages) if needed or self._leisure.has() else None

    def begin(self, request: Request, found: Classification | None = None) -> Planned:
        """Find out where a request goes. Raises UnknownName with the nearest names.

        `found` is what its last ask was taken for.
        """
        deps = self._deps
        seen, prefix = self._observed(request)
        seen = replace(seen, pin=seen.pin or self._sessions.last(request.session))
        assigned = assign(self._config, request, found, seen)
        if isinstance(assigned, Unknown):
            raise UnknownName(assigned.name, assigned.nearest)
        roll = deps.chance.roll() if assigned.route.is_drawn else 0.0
        cache = wish(
            request.messages,
            ruled=assigned.cache_prefix,
            auto=self._config.policy.cache_prompts,
            repeated=bool(seen.repeated_prefix),
            session=request.session is not None,
        )
        assigned = climbing(assigned, self._config.tiers)
        return Planned(assigned, seen, roll, prefix, cache, input_size(assigned.request.messages))

    def _observed(self, request: Request) -> tuple[Observed, str | None]:
        """Return what was seen lately, and the request's beginning where anything is decided by that."""
        policy, observe = self._config.policy, self._deps.observe
        seen = observe(request) if observe else NOTHING
        if not watches_prefixes(policy):
            return seen, None
        prefix = prefix_fingerprint(request.messages, self._deps.install_key)
        return replace(seen, repeated_prefix=prefix in seen.prefixes if observe else None), prefix

    def plan(self, planned: Planned) -> Plan:
        """Return the plan as it is now; health moves between the attempts of a request."""
        request, seen = planned.assigned.request, planned.seen
        pace = self._shared.pace
        among = members(self._config, planned.assigned.route)
        facts = [self._facts(planned, pace.with_window(deployment)) for deployment in among]
        moment = PlanMoment(
            weights=self._config.policy.weights,
            now_ms=self._deps.clock.now_ms(),
            roll=planned.roll,
            pin=seen.pin,
        )
        made = plan(planned.assigned, facts, moment)
        poor = request.instead_of
        if poor is None:
            return made
        return one_tier_up(better_ones(made, poor.deployment), (), self._config.deployments)

    def messages(self, planned: Planned, deployment: Deployment) -> tuple[Message, ...]:
        """Return what is sent to a deployment: the request's messages, with marks for its prompt cache."""
        known = planned.seen.experience.get(deployment.model, UNSEEN)
        return marked(planned.assigned.request.messages, deployment, planned.wish, known)

    def estimate(self, planned: Planned, deployment: Deployment, max_tokens: int | None) -> Estimate:
        """Return what a call will cost by what is known of its model and its caches."""
        known = planned.seen.experience.get(deployment.model, UNSEEN)
        messages = self.messages(planned, deployment)
        warm = self._warm_tokens(planned, deployment, known)
        task = planned.assigned.request.task
        part = cached(messages, known, warm)
        return estimate(planned.size, deployment, max_tokens, task=task, known=known, cached=part)

    def _warm_tokens(self, planned: Planned, deployment: Deployment, known: Experience) -> int:
        """Return how much of a request's beginning a deployment has in its cache now."""
        request, seen = planned.assigned.request, planned.seen
        if planned.prefix and deployment.name in seen.prefixes.get(planned.prefix, ()):
            return known.input_tokens(input_size(request.messages[:-1]).probable)
        pin = seen.pin
        if pin is None or pin.deployment != deployment.name:
            return 0
        return pin.prefix_tokens if warm_for_s(pin, deployment, self._deps.clock.now_ms()) > 0 else 0

    def served(self, session: str | None, record: AttemptRecord) -> None:
        """Note who answered a session: its beginning is in that one's cache now."""
        usage = record.usage
        known = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        self._sessions.served(session, Pin(record.deployment, self._deps.clock.now_ms(), known))

    def _facts(self, planned: Planned, deployment: Deployment) -> DeploymentFacts:
        request, seen = planned.assigned.request, planned.seen
        clamped, name = self._clamp(planned, deployment), deployment.name
        work, full = Work(request.task, request.language), self._full(deployment, seen)
        now_ms = self._deps.clock.now_ms()
        return DeploymentFacts(
            deployment=deployment,
            estimate=self.estimate(planned, deployment, clamped.max_tokens),
            clamp=clamped,
            blocked=self._shared.health.blocked(deployment),
            back_in_s=self._back_in_s(deployment),
            full=full.says(now_ms) if full else None,
            frees_in_s=(full.until_ms - now_ms) / 1000 if full else None,
            stats=seen.stats.get(name),
            left=seen.left.get(name),
            pressure=seen.pressure.get(name, 0.0),
            quality=quality(deployment.quality.at(work), seen.evidence.get((name, work), NOTHING_SEEN)),
        )

    def _full(self, deployment: Deployment, seen: Observed) -> ExhaustedLimit | None:
        """Return the limit that keeps a deployment full the longest, counted or told, if one does now."""
        now_ms = self._deps.clock.now_ms()
        found = (seen.full.get(deployment.name), self._shared.pace.full(deployment))
        fulls = [full for full in found if full and full.until_ms > now_ms]
        return max(fulls, key=lambda full: full.until_ms, default=None)

    def _clamp(self, planned: Planned, deployment: Deployment) -> Clamp:
        request = planned.assigned.request
        known = planned.seen.experience.get(deployment.model, UNSEEN)
        tokens = known.input_tokens(planned.size.probable)
        clamped = clamp(request.max_tokens, self._config.policy.default_max_tokens, deployment, tokens)
        return with_thinking(clamped, request.thinking_tokens, thinking_range(deployment))

    def _back_in_s(self, deployment: Deployment) -> float | None:
        back_ms = self._shared.health.soonest_ms(Route(deployment.name, (deployment.name,)))
        return None if back_ms is None else max(0, back_ms - self._deps.clock.now_ms()) / 1000


def _complains(request: Request) -> bool:
    from router.core.classify.last_ask import complains  # its patterns take a while to compile

    return complains(request.messages)
