"""From a request to a plan: gathers what is known of every deployment and hands it to the pure decisions.

Holds no rule: where a request goes is `core.choosing.assignment`, who may serve it `core.choosing.selection`.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.answers.found_poor import climbing, one_tier_up
from router.core.choosing.assignment import Assignment, assign
from router.core.choosing.clamp import Clamp, clamp, with_thinking
from router.core.choosing.facts import Facts
from router.core.choosing.observed import NOTHING, Observed
from router.core.choosing.quality import NOTHING_SEEN, Work, quality
from router.core.choosing.resolve import Unknown, members
from router.core.choosing.selection import Moment, Plan, plan
from router.core.choosing.stickiness import Pin
from router.core.choosing.thinking import thinking_range
from router.core.health.full import Full
from router.core.model import Deployment, Request, Route, RouterConfig, Strategy
from router.core.money.estimate import Estimate, estimate
from router.core.money.experience import UNSEEN
from router.engine.events import AttemptRecord
from router.engine.sessions import Sessions
from router.engine.shared_state import SharedState
from router.engine.world import World
from router.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that has found its route, and what is known beside health."""

    assigned: Assignment
    seen: Observed
    roll: float
    """The same for all of its plans, so that they rank alike."""


class Planner:
    """Plans the requests of one configuration."""

    def __init__(self, config: RouterConfig, world: World, shared: SharedState) -> None:
        self._sessions = Sessions()
        self._config = config
        self._world = world
        self._shared = shared

    def under(self, config: RouterConfig, shared: SharedState) -> Planner:
        """Return a planner of another configuration that knows the sessions this one knows."""
        planner = Planner(config, self._world, shared)
        planner._sessions = self._sessions
        return planner

    def begin(self, request: Request) -> Planned:
        """Find out where a request goes. Raises UnknownName with the nearest names."""
        world = self._world
        seen = world.observe(request) if world.observe else NOTHING
        found = world.classify(request.messages) if world.classify else None
        assigned = assign(self._config, request, found, seen)
        if isinstance(assigned, Unknown):
            raise UnknownName(assigned.name, assigned.nearest)
        roll = world.chance.roll() if assigned.route.strategy is Strategy.WEIGHTED else 0.0
        return Planned(climbing(assigned, self._config.tiers), seen, roll)

    def plan(self, planned: Planned) -> Plan:
        """Return the plan as it is now; health moves between the attempts of a request."""
        request, seen = planned.assigned.request, planned.seen
        facts = [
            self._facts(request, deployment, seen)
            for deployment in members(self._config, planned.assigned.route)
        ]
        moment = Moment(
            weights=self._config.policy.weights,
            now_ms=self._world.clock.now_ms(),
            roll=planned.roll,
            pin=seen.pin or self._sessions.last(request.session),
        )
        made = plan(planned.assigned, facts, moment)
        return one_tier_up(made, (), self._config.deployments) if request.instead_of else made

    def estimate(
        self, request: Request, deployment: Deployment, max_tokens: int | None, seen: Observed
    ) -> Estimate:
        """Return what a call will cost by what is known of its model."""
        known = seen.experience.get(deployment.model, UNSEEN)
        return estimate(request.messages, deployment, max_tokens, task=request.task, known=known)

    def served(self, session: str | None, record: AttemptRecord) -> None:
        """Note who answered a session: its beginning is in that one's cache now."""
        usage = record.usage
        known = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        self._sessions.served(session, Pin(record.deployment, self._world.clock.now_ms(), known))

    def _facts(self, request: Request, deployment: Deployment, seen: Observed) -> Facts:
        clamped, name = self._clamp(request, deployment, seen), deployment.name
        work, full = Work(request.task, request.language), self._full(deployment, seen)
        now_ms = self._world.clock.now_ms()
        return Facts(
            deployment=deployment,
            estimate=self.estimate(request, deployment, clamped.max_tokens, seen),
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

    def _full(self, deployment: Deployment, seen: Observed) -> Full | None:
        """Return the limit that keeps a deployment full the longest, counted or told, if one does now."""
        now_ms = self._world.clock.now_ms()
        found = (seen.full.get(deployment.name), self._shared.pace.full(deployment))
        fulls = [full for full in found if full and full.until_ms > now_ms]
        return max(fulls, key=lambda full: full.until_ms, default=None)

    def _clamp(self, request: Request, deployment: Deployment, seen: Observed) -> Clamp:
        tokens = self.estimate(request, deployment, 1, seen).input_expected_tokens
        clamped = clamp(request.max_tokens, self._config.policy.default_max_tokens, deployment, tokens)
        return with_thinking(clamped, request.thinking_tokens, thinking_range(deployment))

    def _back_in_s(self, deployment: Deployment) -> float | None:
        back_ms = self._shared.health.soonest_ms(Route(deployment.name, (deployment.name,)))
        return None if back_ms is None else max(0, back_ms - self._world.clock.now_ms()) / 1000
