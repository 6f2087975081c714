"""Rates as values: per kind of token, by the length of the input, by the hour of the week.

A rate is a `Decimal` in dollars per million tokens. How they are written is `core/money/pricing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per million tokens of each kind; None where the price does not name the kind."""

    input_mtok: Decimal | None = None
    output_mtok: Decimal | None = None
    cache_read_mtok: Decimal | None = None
    cache_write_mtok: Decimal | None = None
    cache_write_1h_mtok: Decimal | None = None
    input_audio_mtok: Decimal | None = None
    cache_audio_read_mtok: Decimal | None = None
    output_audio_mtok: Decimal | None = None

    def over(self, base: Rates) -> Rates:
        """Return `base` with what these rates name replaced.

        A cache rate that a dearer table leaves out is not the base's: no cache may become cheaper than it is.
        It is then unnamed, which means the input rate. A discount that leaves it out does not reach it.
        """
        dearer = self.input_mtok is not None and self.input_mtok > (base.input_mtok or 0)
        merged: dict[str, Decimal | None] = {}
        for name in RATE_NAMES:
            own = getattr(self, name)
            kept = None if dearer and name.startswith("cache_") else getattr(base, name)
            merged[name] = kept if own is None else own
        return Rates(**merged)


RATE_NAMES = tuple(item.name for item in fields(Rates))


@dataclass(frozen=True, slots=True)
class RateTier:
    """Rates of requests with a long input; they hold for every token of the request."""

    threshold: int
    inclusive: bool
    """Whether an input of exactly `threshold` tokens is already long."""
    rates: Rates

    def reached_by(self, input_tokens: int) -> bool:
        """Whether a request with this input is charged here."""
        return input_tokens >= self.threshold if self.inclusive else input_tokens > self.threshold


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates by the length of the input."""

    rates: Rates = Rates()
    tiers: tuple[RateTier, ...] = ()
    """By rising threshold."""

    def at(self, input_tokens: int) -> Rates:
        """Return the rates of a request with this input."""
        reached = [tier.rates for tier in self.tiers if tier.reached_by(input_tokens)]
        return reached[-1].over(self.rates) if reached else self.rates


@dataclass(frozen=True, slots=True)
class Hours:
    """Rates of some hours of the week, in UTC; the end is exclusive and may lie past midnight."""

    weekdays: frozenset[int]
    """1 is Monday; the day on which the hours begin."""
    start_minute: int
    end_minute: int
    rates: Rates

    def hold(self, when_ms: int) -> bool:
        """Whether these hours contain a moment given in milliseconds since 1970."""
        day, minute = divmod(when_ms // 60_000, MINUTES_A_DAY)
        if self.start_minute < self.end_minute:
            return self._on(day) and self.start_minute <= minute < self.end_minute
        return (self._on(day) and minute >= self.start_minute) or (
            self._on(day - 1) and minute < self.end_minute
        )

    def _on(self, day: int) -> bool:
        return (day + 3) % 7 + 1 in self.weekdays  # 1970 began on a Thursday
