"""Where time and chance come from."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never steps."""


class Chance(Protocol):
    """Where randomness comes from."""

    def token(self) -> str:
        """12 random hex digits."""

    def roll(self) -> float:
        """A number in [0, 1)."""
