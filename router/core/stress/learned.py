"""The limit that a stress test ran into.

Pure. What was let through in the minute before the first 429 is the limit; how far below it the engine stays
is `core/health/rate_limits.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.core.health.rate_limits import MINUTE_MS
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.core.records.stress import Load, LoadPattern
from router.core.stress.shots import Shot, ShotEnd

OF_A_MINUTE_S = 120.0
"""A longer rest is asked for when a day's allowance is spent: that says nothing of a minute."""
RAMP_CONFIDENCE = 0.8
"""A ramp goes up to the limit on purpose; others may still have used up a part of it."""
CHANCE_CONFIDENCE = 0.5


def learned_limit(deployment: str, load: Load, shots: Sequence[Shot]) -> LearnedLimit | None:
    """Return the requests a minute that a target lets through, or None when it met no such limit.

    A burst tells none: whether it was refused for its rate or for being many at once cannot be told apart.
    """
    first = next((shot for shot in shots if shot.end is ShotEnd.RATE_LIMITED), None)
    if first is None or load.pattern is LoadPattern.BURST:
        return None
    if first.rest_s is not None and first.rest_s > OF_A_MINUTE_S:
        return None
    since = first.started_ms - MINUTE_MS
    through = sum(since < shot.started_ms and shot.n < first.n for shot in shots)
    if not through:
        return None
    return LearnedLimit(
        deployment=deployment,
        kind=LimitKind.RPM,
        value=through,
        source=LimitSource.STRESS,
        learned_at=first.started_ms,
        confidence=RAMP_CONFIDENCE if load.pattern is LoadPattern.RAMP else CHANCE_CONFIDENCE,
    )
