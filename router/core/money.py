"""Amounts of money: integers of nano-dollars, and their spelling as decimal strings.

A rate is a `Decimal` in dollars per million tokens; an amount is an `int` of nano-dollars (1e-9 USD), `None`
when it is unknown, 0 only when it is known to be zero. Neither ever touches a float.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

NANO = 1_000_000_000
"""Nano-dollars in a dollar."""


def to_nano(usd: Decimal) -> int:
    """Return `usd` dollars as whole nano-dollars, half to even: the one place where an amount is rounded."""
    return int((usd * NANO).to_integral_value(rounding=ROUND_HALF_EVEN))


def usd(nano: int | None) -> str | None:
    """Return an amount as a plain decimal string of dollars (`"0"`, `"0.000012"`), or None when unknown."""
    if nano is None:
        return None
    sign, whole, part = "-" if nano < 0 else "", *divmod(abs(nano), NANO)
    return f"{sign}{whole}.{part:09d}".rstrip("0").rstrip(".")


class CostSource(StrEnum):
    """Where a cost comes from; the words stand in the ledger and on screen."""

    COMPUTED = "computed"
    PROVIDER_REPORTED = "provider_reported"
    FREE = "free"
    LOCAL = "local"
    SUBSCRIPTION = "subscription"
    NOT_BILLED = "not_billed"
    UNKNOWN = "unknown"
