"""What a rest becomes when somebody sets the clock: it lasts as long as it would have lasted.

Rests are kept as times of day, so that they survive a restart and all processes read them alike. A time of
day can be set, by a person or a time server; then what was counted in seconds moves with it, and what is a
date stays. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from router.core.health.states import LONGEST_PROBE_S, loaded
from router.core.records.health import Health, ScopeHealth

STEP_MS = 1_000
"""A smaller change is the drift of two clocks, not somebody who sets one."""
COUNTED_MS = 600_000
"""A rest with no more than this to go was counted in seconds, as those that grow with the strikes are; a
longer one is a date, the start of a provider's day say, which the right time of day brings. What is disabled
is probed after an hour or a day, which are counted too; farther away it is a date."""


def step_of(ahead_before_ms: int, ahead_ms: int) -> int:
    """Return by how much the time of day was set, 0 if it was not.

    Both arguments are how far it was, and is, ahead of the clock that never steps.
    """
    step_ms = ahead_ms - ahead_before_ms
    return step_ms if abs(step_ms) >= STEP_MS else 0


def moved(health: ScopeHealth, step_ms: int, now_ms: int) -> ScopeHealth:
    """Return health after the time of day was set by `step_ms`, to `now_ms`."""
    until_ms, was_ms = health.until_ms, now_ms - step_ms
    counted_ms = LONGEST_PROBE_S * 1000 if health.state is Health.DISABLED else COUNTED_MS
    if until_ms is not None and until_ms - was_ms <= counted_ms:
        until_ms += step_ms
    shifted = replace(
        health,
        until_ms=until_ms,
        healthy_since_ms=health.healthy_since_ms + step_ms,
        failed_ms=tuple(at + step_ms for at in health.failed_ms),
    )
    return loaded(shifted, now_ms)
