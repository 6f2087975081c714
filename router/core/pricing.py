"""Prices, and what a call cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """Rates in dollars per million tokens."""

    input_mtok: Decimal
    output_mtok: Decimal
