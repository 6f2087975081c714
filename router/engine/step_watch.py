"""Notices that somebody has set the clock: the time of day moves against the clock that never steps."""

from __future__ import annotations

from router.core.health.clock_steps import step_of
from router.engine.ports import Clock


def ahead(clock: Clock) -> int:
    """Return how far the time of day is ahead of the steady clock, in milliseconds."""
    return clock.now_ms() - round(clock.monotonic() * 1000)


class StepWatch:
    """Tells each step once, at the first look after it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms: int | None = None

    def step_ms(self) -> int:
        """Return by how much the clock was set since the last look, 0 if it was not."""
        ahead_ms = ahead(self._clock)
        step_ms = 0 if self._ahead_ms is None else step_of(self._ahead_ms, ahead_ms)
        if step_ms or self._ahead_ms is None:
            self._ahead_ms = ahead_ms
        return step_ms
