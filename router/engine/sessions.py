"""Who served each session last, as far as this process knows: what cache-aware stickiness starts from.

In memory and bounded: a process that forgets it pays for one cold prefix, no more.
"""

from __future__ import annotations

from router.core.routing.stickiness import Pin

MOST = 1000
"""Sessions remembered; the one that was quiet the longest is forgotten first."""


class Sessions:
    """The last deployment of each session."""

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
        if len(self._pins) > MOST:
            del self._pins[next(iter(self._pins))]
