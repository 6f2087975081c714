"""How many calls at once a deployment bears, found out by trying: more while it is well, half when it is not.

Pure: additive increase, multiplicative decrease (AIMD), as TCP does and Netflix's concurrency-limits advises
for clients. The signals are 429, 503 and 529, and answers that begin later than the policy allows, where
several calls run. Without trouble there is no bound.
"""

from __future__ import annotations

from dataclasses import dataclass

OVERLOADED = frozenset({429, 503, 529})
HEALTHY_MS = 10_000
"""How long a deployment must be well to bear one call more."""
LATE_FLOOR = 4
"""Lateness alone binds to no fewer: a handful of calls is no load, and some models are slow by nature."""
UNBOUND = 256
"""A bound that has grown to this is none any more."""


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """One deployment's bound, as one process found it."""

    parallel: int | None = None
    """None: there has been no trouble."""
    changed_ms: int = 0


@dataclass(frozen=True, slots=True)
class ConcurrencySample:
    """What one attempt tells."""

    started_ms: int
    running: int
    """Attempts at the deployment while it ran, itself included."""
    status: int | None
    first_content_s: float | None
    answered: bool


UNLIMITED = ConcurrencyLimit()


def adjusted(
    pace: ConcurrencyLimit, sample: ConcurrencySample, now_ms: int, slow_s: float
) -> ConcurrencyLimit:
    """Return the bound after an attempt; first content later than `slow_s` is trouble."""
    late = sample.first_content_s is not None and sample.first_content_s > slow_s
    # What a lone call suffers is no fault of the number of calls.
    if sample.running > 1 and sample.status in OVERLOADED:
        return _halved(pace, sample, now_ms, floor=1)
    if sample.running > LATE_FLOOR and late:
        return _halved(pace, sample, now_ms, floor=LATE_FLOOR)
    lately = abs(now_ms - pace.changed_ms) < HEALTHY_MS  # in the future, when the clock was set back
    if pace.parallel is None or not sample.answered or lately:
        return pace
    return ConcurrencyLimit(pace.parallel + 1, now_ms) if pace.parallel + 1 < UNBOUND else UNLIMITED


def _halved(
    pace: ConcurrencyLimit, sample: ConcurrencySample, now_ms: int, *, floor: int
) -> ConcurrencyLimit:
    """Halve once for all calls that were under way together: those begun before the last change know less."""
    if pace.parallel is not None and sample.started_ms < pace.changed_ms <= now_ms:
        return pace
    most = sample.running if pace.parallel is None else min(pace.parallel, sample.running)
    return ConcurrencyLimit(min(most, max(floor, most // 2)), now_ms)
