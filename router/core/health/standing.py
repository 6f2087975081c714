"""How a deployment stands, in one word for people: its health, and whether it has ever proven itself.

Health says whether it may be asked; a deployment that failed all of its calls may be, and is not well. Pure.
"""

from __future__ import annotations

from enum import StrEnum

from router.core.records.health import UNTRIED, Health, TrackRecord


class Standing(StrEnum):
    """What a person reads beside a deployment."""

    NEW = "new"
    """May be asked, and never was."""
    OK = "ok"
    WEAK = "weak"
    """May be asked, and most of its last calls failed, or its last stress test says drop."""
    FULL = "full"
    COOLING = "cooling"
    PROBING = "probing"
    DOWN = "down"
    DROPPED = "dropped"
    """No route asks it any more, however well it is."""
    OFF = "off"
    """It was never on: no key, no server."""


_AWAY = {
    Health.COOLING: Standing.COOLING,
    Health.PROBING: Standing.PROBING,
    Health.DISABLED: Standing.DOWN,
}


def standing(
    health: Health,
    record: TrackRecord = UNTRIED,
    *,
    off: bool = False,
    dropped: bool = False,
    full: bool = False,
) -> Standing:
    """Return the word: what keeps it away first, then what its record says."""
    if off or dropped:
        return Standing.OFF if off else Standing.DROPPED
    if health is not Health.AVAILABLE:
        return _AWAY[health]
    if full:
        return Standing.FULL
    if weakness(record):
        return Standing.WEAK
    return Standing.OK if record.last_calls or record.test_keeps else Standing.NEW


def weakness(record: TrackRecord) -> str | None:
    """Return in words why its record is weak, or None.

    One failure of one call is most of them: what has only ever failed is not well.
    """
    calls, failed = len(record.last_calls), record.last_calls.count(False)
    if failed * 2 > calls:
        told = "the last call failed" if calls == 1 else f"{failed} of the last {calls} calls failed"
        return told if failed < calls or calls == 1 else f"all of the last {calls} calls failed"
    return "its last stress test says drop" if record.test_keeps is False else None
