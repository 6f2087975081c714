"""How many free requests a provider allows an account, as it says itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """Requests of the current day, UTC, to all free models of an account together."""

    used: int
    limit: int
    read_at: int = 0
    """Milliseconds since 1970, UTC; 0 before it is kept."""
