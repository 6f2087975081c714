"""Whom to tell of what: the events that somebody may want to hear of, and a hook that hears them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from router.core.settings.secret import Secret


class Event(StrEnum):
    """What may happen; the words stand in configurations, in the ledger and in what hooks are sent."""

    BUDGET = "budget"
    """Half, four fifths or all of a budget is spent."""
    ANOMALY = "anomaly"
    """A day costs far more than its weekday usually does."""
    GUARD = "guard"
    """The runaway guard has paused paid calls."""
    PRICE_MISMATCH = "price_mismatch"
    """A provider's bills are not what the price says."""
    BACKEND_GONE = "backend_gone"
    """A deployment, credential or account is off until something changes: no credit, no such model.

    Or its provider's list has its model no more, or no longer for free.
    """
    TEST = "test"
    """Somebody tries the hooks."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A command or a web address that is told of some events."""

    name: str
    """Which one it is, for lists: its place and the program or host; nothing secret."""
    events: frozenset[Event]
    run: tuple[str, ...] = ()
    """The program and its arguments; no shell. Empty for a web address."""
    url: Secret | None = None
    """Where to post to; None for a command, and where the variable it stands in is not set."""
    off: str | None = None
    """Why it cannot be told anything."""
    timeout_s: float = 10.0
