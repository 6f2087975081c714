"""How the configuration wants figures shown: another currency beside dollars, and where days begin."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Display:
    """How figures are shown; the ledger stays in USD."""

    currency: str = "USD"
    usd_rate: Decimal = Decimal(1)
    """Units of `currency` for one dollar."""
    rate_date: str | None = None
    timezone: str | None = None
    """An IANA name; None is the system's own zone."""
    theme: str | None = None


USD = Display()
