"""Limits on spend as the configuration says them: budgets, and the guard against calls that run away.

What counts against a budget is `money/budget.py`, what trips the guard `money/runaway.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from router.core.money import NANO


class BudgetScope(StrEnum):
    """Whose spend a budget limits."""

    ALL = "all"
    TIER = "tier"
    PROVIDER = "provider"
    DEPLOYMENT = "deployment"
    ROUTE = "route"
    SESSION = "session"
    TAG = "tag"


class BudgetWindow(StrEnum):
    """The span a budget is counted over."""

    CALL = "call"
    SESSION = "session"
    HOUR = "hour"
    DAY = "day"
    SEVEN_DAYS = "7d"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on spend."""

    scope: BudgetScope
    target: str | None
    """Whose: a tier's name, a `key=value` tag; None for all spend, and for each session by itself."""
    window: BudgetWindow
    limit_nano: int
    hard: bool = True
    """A hard budget refuses what does not fit; a soft one warns."""
    rolling: bool | None = None
    """Whether the window moves in whole hours or begins at local midnight; None: the window's own way."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What pauses paid calls and asks; None switches one of them off."""

    nano_per_10m: int | None = 10 * NANO
    """Nano-dollars spent, and expected of what still runs, within ten minutes."""
    requests_per_minute: int | None = 300
    """Paid requests of all sessions."""
    identical_calls: int | None = 30
    """The same paid request of one session within ten minutes."""


USUAL_GUARD = Guard()
