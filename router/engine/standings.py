"""How each deployment stands now for every request: kept until something is learned, and a second at most.

Holds no rule. What of it matters to one request is `planned.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.cost.estimate import Estimator
from router.core.cost.experience import UNSEEN, Experience
from router.core.records.health import ExhaustedLimit, ScopeHealth
from router.core.routing.clamp import ThinkingRange, thinking_range
from router.core.routing.facts import Observed
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.engine.shared_state import SharedState

BELIEVED_MS = 1_000
"""How long what is known of a deployment is kept without another look: limits that were learned grow old."""


@dataclass(slots=True)
class Fixed:
    """What a configuration says of a deployment, made ready."""

    estimator: Estimator
    thinking: ThinkingRange | None


@dataclass(slots=True)
class Standing:
    """One deployment as it stands now."""

    deployment: Deployment
    """With the context window that it said it has."""
    fixed: Fixed
    known: Experience
    rest: ScopeHealth | None
    """The rest that keeps it away the longest, which may be over; None when all is well."""
    full: ExhaustedLimit | None
    """The limit that keeps it full the longest; it may be free again."""
    seen: Observed


class Standings:
    """The standings of one configuration's deployments."""

    def __init__(self, config: RouterConfig, shared: SharedState) -> None:
        self._config = config
        self._shared = shared
        self._fixed: dict[str, Fixed] = {}
        self._kept: dict[str, Standing] = {}
        self._known: tuple[object, ...] = ()
        self._until_ms = 0

    def among(self, names: tuple[str, ...], seen: Observed, now_ms: int) -> list[Standing]:
        """Return how deployments stand, in the order of their names."""
        self._forget_what_changed(seen, now_ms)
        kept = self._kept
        return [kept.get(name) or self._stand(name, seen) for name in names]

    def of(self, name: str, seen: Observed, now_ms: int) -> Standing:
        """Return how one deployment stands."""
        [standing] = self.among((name,), seen, now_ms)
        return standing

    def _forget_what_changed(self, seen: Observed, now_ms: int) -> None:
        health, pace = self._shared.health.known(), self._shared.pace.version()
        known = (health, pace, seen.stats, seen.left, seen.full, seen.pressure, seen.experience)
        same = len(known) == len(self._known) and all(map(_is, known, self._known))
        if not same or not self._until_ms - BELIEVED_MS <= now_ms < self._until_ms:
            self._kept, self._known, self._until_ms = {}, known, now_ms + BELIEVED_MS

    def _stand(self, name: str, seen: Observed) -> Standing:
        configured, shared = self._config.deployments[name], self._shared
        fixed = self._fixed.get(name)
        if fixed is None:
            fixed = self._fixed[name] = Fixed(Estimator(configured), thinking_range(configured))
        fulls = [full for full in (seen.full.get(name), shared.pace.full(configured)) if full]
        made = self._kept[name] = Standing(
            deployment=shared.pace.with_window(configured),
            fixed=fixed,
            known=seen.experience.get(configured.model, UNSEEN),
            rest=None if configured.off else shared.health.resting(configured),
            full=max(fulls, key=lambda full: full.until_ms, default=None),
            seen=seen,
        )
        return made


def _is(one: object, other: object) -> bool:
    return one is other
