"""From a request to a plan: gathers what is known of every deployment and hands it to the pure decisions.

Holds no rule: where a request goes is `core.routing.assignment`, who may serve it `core.routing.selection`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from router.core.cost.estimate import input_size
from router.core.cost.experience import UNSEEN
from router.core.cost.prompt_cache import marked, watches_prefixes, wish
from router.core.fingerprint import prefix_fingerprint
from router.core.message import Message
from router.core.request import Request
from router.core.retry.escalation import better_ones, climbing, one_tier_up
from router.core.routing.assignment import assign, depends_on_work
from router.core.routing.facts import NOTHING, Observed
from router.core.routing.resolve import Unknown
from router.core.routing.selection import Plan, PlanMoment, Selection
from router.core.routing.stickiness import Pin
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.engine.dependencies import Dependencies
from router.engine.events import AttemptRecord
from router.engine.planned import Planned, PlannedFacts
from router.engine.ports import Clock
from router.engine.shared_state import SharedState
from router.engine.standings import Standings
from router.errors import UnknownName

if TYPE_CHECKING:  # as in core.assignment
    from router.core.classify.tasks import Classification


MOST_SESSIONS = 1000
"""Sessions remembered; the one that was quiet the longest is forgotten first."""


class Sessions:
    """Who served each session last, as far as this process knows: what cache-aware stickiness starts from.

    A process that forgets it pays for one cold prefix, no more.
    """

    def __init__(self) -> None:
        self._pins: dict[str, Pin] = {}

    def last(self, session: str | None) -> Pin | None:
        """Return who served a session last; None for no session."""
        return self._pins.get(session) if session else None

    def served(self, session: str | None, pin: Pin) -> None:
        """Note who served a session."""
        if not session:
            return
        self._pins.pop(session, None)
        self._pins[session] = pin
        if len(self._pins) > MOST_SESSIONS:
            del self._pins[next(iter(self._pins))]


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
        self._standings = Standings(config, shared)
        self._rates: dict[str, str | None] = {}

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
        if request.session and seen.pin is None:
            seen = replace(seen, pin=self._sessions.last(request.session))
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
        messages = assigned.request.messages
        is_marked = any(message.mark for message in messages)
        return Planned(assigned, seen, roll, prefix, cache, is_marked, input_size(messages))

    def _observed(self, request: Request) -> tuple[Observed, str | None]:
        """Return what was seen lately, and the request's beginning where anything is decided by that."""
        policy, observe = self._config.policy, self._deps.observe
        seen = observe(request) if observe else NOTHING
        if not watches_prefixes(policy):
            return seen, None
        prefix = prefix_fingerprint(request.messages, self._deps.install_key)
        return replace(seen, repeated_prefix=prefix in seen.prefixes if observe else None), prefix

    def select(self, planned: Planned) -> Selection:
        """Return who may serve as things are now; health moves between the attempts of a request."""
        now_ms = self._deps.clock.now_ms()
        names, seen, policy = planned.assigned.route.deployments, planned.seen, self._config.policy
        facts = [
            PlannedFacts(planned, standing, now_ms, policy.default_max_tokens)
            for standing in self._standings.among(names, seen, now_ms)
        ]
        moment = PlanMoment(policy.weights, now_ms, planned.roll, seen.pin)
        return Selection(planned.assigned, facts, moment, self._narrowed(planned.assigned.request))

    def messages(self, planned: Planned, deployment: Deployment) -> tuple[Message, ...]:
        """Return what is sent to a deployment: the request's messages, with marks for its prompt cache."""
        known = planned.seen.experience.get(deployment.model, UNSEEN)
        return marked(planned.assigned.request.messages, deployment, planned.wish, known)

    def rates_json(self, deployment: Deployment) -> str | None:
        """Return a deployment's price as it is written into rows; each is put into words once."""
        name, price = deployment.name, deployment.price
        if name not in self._rates:
            self._rates[name] = price.rates_json if price else None
        return self._rates[name]

    def _narrowed(self, request: Request) -> Callable[[Plan], Plan] | None:
        """Return what leaves a climb to those one tier up that are not known to answer worse."""
        poor = request.instead_of
        if poor is None:
            return None
        return lambda made: one_tier_up(better_ones(made, poor.deployment), (), self._config.deployments)

    def served(self, session: str | None, record: AttemptRecord) -> None:
        """Note who answered a session: its beginning is in that one's cache now."""
        if not session:
            return
        usage = record.usage
        known = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        self._sessions.served(session, Pin(record.deployment, self._deps.clock.now_ms(), known))


def _complains(request: Request) -> bool:
    from router.core.classify.last_ask import complains  # its patterns take a while to compile

    return complains(request.messages)
