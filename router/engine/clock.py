"""The one file that reads a clock.

Sleeping and time-outs inside the engine are asyncio's own and follow the event loop's time, so a loop with
virtual time (`virtual_time.py`) moves them all.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from router.core.health.clock_steps import step_of
from router.engine.ports import Clock

# A night with the lid closed is time that passed, and no set clock; macOS's own clock has it in by itself.
_UNSTEPPED = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", 1))


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds on a clock that never steps, and runs on while the machine sleeps where it can."""
        return time.clock_gettime(_UNSTEPPED)


@dataclass(slots=True)
class ManualClock:
    """A clock that moves when told to; for tests, pictures and replays."""

    ms: int = 1_795_348_800_000
    """2026-11-22T12:00:00Z unless said otherwise."""
    stepped_ms: int = 0
    """By how much the time of day was set since."""

    def now_ms(self) -> int:
        """Return the moment it was set to."""
        return self.ms

    def monotonic(self) -> float:
        """Return the same moment in seconds, as if nobody had ever set the time of day."""
        return (self.ms - self.stepped_ms) / 1000

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self.ms += round(seconds * 1000)

    def step(self, seconds: float) -> None:
        """Set the time of day, forward or back; no time passes."""
        self.ms += round(seconds * 1000)
        self.stepped_ms += round(seconds * 1000)


@dataclass(frozen=True, slots=True)
class LoopClock:
    """The running event loop's time on top of a fixed start: virtual where the loop is."""

    start_ms: int = 1_795_348_800_000

    def now_ms(self) -> int:
        """Return the start plus the loop's time."""
        return self.start_ms + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        """Return the loop's time in seconds."""
        return asyncio.get_running_loop().time()


def ahead(clock: Clock) -> int:
    """Return how far the time of day is ahead of the steady clock, in milliseconds."""
    return clock.now_ms() - round(clock.monotonic() * 1000)


class StepWatch:
    """Notices that somebody has set the clock; tells each step once, at the first look after it."""

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
