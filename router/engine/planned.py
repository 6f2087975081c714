"""One request that has found its route, and what each deployment would do for it.

Holds no rule. An estimate, a clamp, a quality is worked out when a decision first asks for it.
"""

from __future__ import annotations

from dataclasses import replace

from router.core.cost.estimate import NO_INPUT, NOT_CACHED, Estimate, InputSize, input_size
from router.core.cost.prompt_cache import NO_WISH, Wish, cached, marked
from router.core.health.scopes import why_away
from router.core.records.answers import NOTHING_SEEN
from router.core.request import Request
from router.core.routing.assignment import Assignment
from router.core.routing.clamp import Clamp, clamp, with_thinking
from router.core.routing.facts import DeploymentFacts, Observed, Quality, quality
from router.core.routing.stickiness import warm_for_s
from router.core.settings.deployments import Work
from router.core.settings.providers import Wire
from router.core.value import dataclass
from router.engine.standings import Standing


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
    is_marked: bool = False
    """Its caller has marked what a prompt cache is to keep."""
    size: InputSize = NO_INPUT
    """The tokens of its messages, at most and probably."""

    def carrying(self, request: Request) -> Planned:
        """Return the same with other messages."""
        if request is self.assigned.request:
            return self
        size = input_size(request.messages)
        return replace(self, assigned=replace(self.assigned, request=request), size=size)


class PlannedFacts(DeploymentFacts):
    """What is known of a deployment for one request at one moment."""

    __slots__ = ("_default_max_tokens", "_now_ms", "_planned", "_standing")

    def __init__(self, planned: Planned, standing: Standing, now_ms: int, default_max_tokens: int) -> None:
        rest, full = standing.rest, standing.full
        seen, name = standing.seen, standing.deployment.name
        self._planned = planned
        self._standing = standing
        self._now_ms = now_ms
        self._default_max_tokens = default_max_tokens
        self.deployment = standing.deployment
        self.blocked = self.back_in_s = self.full = self.frees_in_s = None
        if rest is not None:
            self.blocked = why_away(rest, now_ms)
            if rest.until_ms is not None and rest.until_ms > now_ms:
                self.back_in_s = (rest.until_ms - now_ms) / 1000
        if full is not None and full.until_ms > now_ms:
            self.full, self.frees_in_s = full.says(now_ms), (full.until_ms - now_ms) / 1000
        self.stats = seen.stats.get(name)
        self.left = seen.left.get(name)
        self.pressure = seen.pressure.get(name, 0.0)

    def __getattr__(self, name: str) -> object:
        """Work out what nobody has asked for before: only a slot that is still empty comes here."""
        worked_out: Estimate | Clamp | Quality
        match name:
            case "estimate":
                worked_out = self._estimate()
            case "clamp":
                worked_out = self._clamp()
            case "quality":
                worked_out = self._quality()
            case _:
                raise AttributeError(name)
        setattr(self, name, worked_out)
        return worked_out

    @property
    def input_tokens(self) -> int:
        """How many tokens its input is expected to have; no estimate is made for that."""
        return self._standing.known.input_tokens(self._planned.size.probable)

    def _clamp(self) -> Clamp:
        request, standing = self._planned.assigned.request, self._standing
        clamped = clamp(request.max_tokens, self._default_max_tokens, self.deployment, self.input_tokens)
        return with_thinking(clamped, request.thinking_tokens, standing.fixed.thinking)

    def _estimate(self) -> Estimate:
        planned, known, part = self._planned, self._standing.known, NOT_CACHED
        request = planned.assigned.request
        if planned.is_marked or self.deployment.provider.wire is Wire.ANTHROPIC:
            messages = marked(request.messages, self.deployment, planned.wish, known)
            part = cached(messages, known, self._warm_tokens())
        estimator = self._standing.fixed.estimator
        return estimator.estimate(
            planned.size, self.clamp.max_tokens, task=request.task, known=known, cached=part
        )

    def _quality(self) -> Quality:
        request = self._planned.assigned.request
        work = Work(request.task, request.language)
        evidence = self._planned.seen.evidence.get((self.deployment.name, work), NOTHING_SEEN)
        return quality(self.deployment.quality.at(work), evidence)

    def _warm_tokens(self) -> int:
        """Return how much of the request's beginning the deployment has in its cache now."""
        planned, pin, name = self._planned, self._planned.seen.pin, self.deployment.name
        if planned.prefix and name in planned.seen.prefixes.get(planned.prefix, ()):
            before = planned.assigned.request.messages[:-1]
            return self._standing.known.input_tokens(input_size(before).probable)
        if pin is None or pin.deployment != name:
            return 0
        return pin.prefix_tokens if warm_for_s(pin, self.deployment, self._now_ms) > 0 else 0
