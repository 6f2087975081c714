"""What a model costs, as the configuration and the catalogue say it: rates by kind, length, hour and date.

Rates are `Decimal` dollars per million tokens; None where a price does not name the kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal

from router.core.money import CostSource

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


@dataclass(frozen=True, slots=True)
class Price:
    """All that one model at one vendor costs."""

    table: RateTable
    batch: RateTable | None = None
    service_tiers: Mapping[str, RateTable] = field(default_factory=dict)
    speeds: Mapping[str, RateTable] = field(default_factory=dict)
    multipliers: Mapping[str, Decimal] = field(default_factory=dict)
    """A factor on all token costs, by what it holds for: `batch`, a service tier, a speed or a place."""
    hours: tuple[Hours, ...] = ()
    web_search_usd_per_1k: Decimal | None = None
    request_usd: Decimal | None = None
    plan: CostSource | None = None
    """Why nothing is paid per call (`free`, `local`, `subscription`); the rates are then a list value."""
    by_model: Mapping[str, Price] = field(default_factory=dict)
    """Prices of models that may serve instead of the one that was asked."""
    valid_from_ms: int | None = None
    valid_to_ms: int | None = None
    """Exclusive."""
    written: Mapping[str, object] = field(default_factory=dict)
    """The form this was read from."""
    version: str | None = None
    """Of the catalogue it comes from; None for a price someone configured."""

    @property
    def input_mtok(self) -> Decimal | None:
        """The plain input rate."""
        return self.table.rates.input_mtok

    @property
    def output_mtok(self) -> Decimal | None:
        """The plain output rate."""
        return self.table.rates.output_mtok

    def of(self, model: str | None) -> Price | None:
        """Return the price of another model that may serve here, by its name with or without a date."""
        if not self.by_model:
            return None
        keys = model_keys(model or "")
        named = {model_keys(name)[0]: price for name, price in self.by_model.items()}
        return next((named[key] for key in keys if key in named), None)

    @property
    def rates_json(self) -> str:
        """The written form, for the ledger: `price_from_config` of it gives this price again."""
        return json.dumps(self.written, default=str, sort_keys=True, separators=(",", ":"))


def model_keys(name: str) -> tuple[str, ...]:
    """Return what a model may be listed under: its name with dashes for dots, then that without its date.

    `claude-sonnet-4.5` and `claude-sonnet-4-5-20250929` are one model; no other prefix is ever cut to.
    """
    key = re.sub(r"(?<=\d)\.(?=\d)", "-", name.lower())
    undated = re.sub(r"[-@](\d{8}|\d{4}-\d{2}-\d{2})$", "", key)
    return (key,) if undated == key else (key, undated)
