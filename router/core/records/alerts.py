"""Alerts as they are made and as they stand in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.core.settings.hooks import Event


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to be told once."""

    event: Event
    key: str
    """The same for the same thing, whichever process sees it."""
    text: str
    """A line for a person."""
    details: Mapping[str, str | int | None] = field(default_factory=dict)
    """The same for a program; amounts as decimal strings in dollars."""
    rank: int = 0
    """Of alerts with one key a higher one is told after a lower one, never the other way."""


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """What came of telling one hook."""

    hook: str
    tries: int
    told_at: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class WrittenAlert:
    """An alert as it stands in the ledger."""

    number: int
    event: str
    at_ms: int
    text: str
    details: Mapping[str, object]
    told: tuple[HookDelivery, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StandingPause:
    """A pause of the runaway guard that nobody has lifted."""

    number: int
    reason: str
    session: str | None
