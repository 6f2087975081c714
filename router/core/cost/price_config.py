"""Prices as values, and how they are read from their written form.

A price is dollars per million tokens with everything that can change them: long inputs, batch, service tiers,
speeds, hours of the day, fees. `price_from_config` reads the keys that configuration and catalogue share.
What a call cost is `core/cost/cost.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from router.core.money import CostSource
from router.core.settings.prices import MINUTES_A_DAY, RATE_NAMES, Hours, Price, Rates, RateTable, RateTier

MAX_DIGITS = 30
"""Before or after the point; beyond, it is not an amount of money and arithmetic would not be exact."""
Listed: TypeAlias = Callable[[str, str], Price | None]
"""What a price catalogue has for a vendor and a model."""


def price_from_config(written: Mapping[str, object], *, version: str | None = None) -> Price:
    """Read a price. Raises ValueError naming the key and what it should be."""
    _known(written, _TABLE_KEYS | _PRICE_KEYS)
    price = Price(
        _table(written),
        batch=_inner_table(written, "batch") if written.get("batch") is not None else None,
        service_tiers=_tables(written, "service_tiers"),
        speeds=_tables(written, "speeds"),
        multipliers=_factors(_object(written, "multipliers")),
        hours=tuple(_hours(entry) for entry in _objects(written, "schedule")),
        web_search_usd_per_1k=_rate(written, "web_search_usd_per_1k"),
        request_usd=_rate(written, "request_usd"),
        plan=_plan(written.get("plan")),
        by_model={
            name: price_from_config(_object(models, name))
            for models in [_object(written, "by_model")]
            for name in models
        },
        valid_from_ms=_midnight(written, "valid_from"),
        valid_to_ms=_midnight(written, "valid_to"),
        written=written,
        version=version,
    )
    if price.input_mtok is None and price.plan is None and price.request_usd is None and not price.by_model:
        raise ValueError("input_mtok is missing: give the dollars per million input tokens, or a plan")
    return price


def price_over(base: Price | None, written: Mapping[str, object]) -> Price:
    """Return `base` with the keys of `written` replaced. Raises ValueError as `price_from_config` does."""
    return price_from_config({**base.written, **written} if base else written)


_TABLE_KEYS = frozenset({*RATE_NAMES, "tiers"})
_PRICE_KEYS = frozenset(
    {
        *("batch", "service_tiers", "speeds", "multipliers", "schedule", "plan", "by_model"),
        *("web_search_usd_per_1k", "request_usd", "valid_from", "valid_to", "confirmed"),
    }
)
_HOURS_KEYS = frozenset({*RATE_NAMES, "weekdays", "utc_from", "utc_to"})
_TIER_KEYS = frozenset({*RATE_NAMES, "above_input_tokens", "from_input_tokens"})


def _known(written: Mapping[str, object], keys: frozenset[str]) -> None:
    unknown = sorted(set(written) - keys)
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no key of a price; here it may have {', '.join(sorted(keys))}")


def _table(written: Mapping[str, object]) -> RateTable:
    tiers = sorted((_tier(entry) for entry in _objects(written, "tiers")), key=lambda tier: tier.threshold)
    return RateTable(_rates(written), tuple(tiers))


def _rates(written: Mapping[str, object]) -> Rates:
    return Rates(**{name: _rate(written, name) for name in RATE_NAMES})


def _tier(written: Mapping[str, object]) -> RateTier:
    _known(written, _TIER_KEYS)
    inclusive = "from_input_tokens" in written
    threshold = written.get("from_input_tokens" if inclusive else "above_input_tokens")
    if not isinstance(threshold, int) or isinstance(threshold, bool) or threshold < 0:
        raise ValueError("a tier needs above_input_tokens or from_input_tokens, a whole number of tokens")
    return RateTier(threshold, inclusive, _rates(written))


def _inner_table(written: Mapping[str, object], key: str) -> RateTable:
    inner = _object(written, key)
    _known(inner, _TABLE_KEYS)
    return _table(inner)


def _tables(written: Mapping[str, object], key: str) -> dict[str, RateTable]:
    named = _object(written, key)
    return {name.lower(): _inner_table(named, name) for name in named}


def _hours(written: Mapping[str, object]) -> Hours:
    _known(written, _HOURS_KEYS)
    weekdays = written.get("weekdays", [1, 2, 3, 4, 5, 6, 7])
    if not isinstance(weekdays, list) or not all(day in range(1, 8) for day in weekdays):
        raise ValueError("weekdays is a list of numbers from 1, Monday, to 7, Sunday")
    return Hours(
        frozenset(weekdays), _minute(written, "utc_from"), _minute(written, "utc_to"), _rates(written)
    )


def _minute(written: Mapping[str, object], key: str) -> int:
    found = re.fullmatch(r"(\d\d):(\d\d)", str(written.get(key)))
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if not found or int(found[2]) > 59 or minute > MINUTES_A_DAY:
        raise ValueError(f"{key} is a time in UTC such as 06:30")
    return minute


def _factors(written: Mapping[str, object], prefix: str = "") -> dict[str, Decimal]:
    """Flatten `{batch: 0.5, geo: {us: 1.1}}` into `{batch: 0.5, geo_us: 1.1}`."""
    factors: dict[str, Decimal] = {}
    for key, value in written.items():
        label = re.sub(r"[^a-z0-9]+", "_", f"{prefix}{key}".lower())
        if isinstance(value, Mapping):
            factors |= _factors(value, f"{label}_")
        else:
            factors[label] = _decimal(value, f"multipliers.{label}")
    return factors


def _plan(value: object) -> CostSource | None:
    """Read why nothing is paid per call; `metered` is the usual case spelled out."""
    words = set(re.split(r"[^a-z]+", str(value).lower()))
    if value is None or words == {"metered"}:
        return None
    named = [plan for plan in (CostSource.FREE, CostSource.LOCAL, CostSource.SUBSCRIPTION) if plan in words]
    if len(named) != 1:
        raise ValueError(f"plan is free, local or subscription: why nothing is paid per call; not {value!r}")
    return named[0]


def _rate(written: Mapping[str, object], key: str) -> Decimal | None:
    value = written.get(key)
    return None if value is None else _decimal(value, key)


def _decimal(value: object, key: str) -> Decimal:
    """Read an exact number; a float has already lost its digits and is refused."""
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) and value is not True else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise ValueError(f'{key} is a number of dollars in quotes, such as "0.15"; not {value!r}')
    if number < 0:
        raise ValueError(f"{key} is negative: {value}")
    return number


def _midnight(written: Mapping[str, object], key: str) -> int | None:
    value = written.get(key)
    if value is None:
        return None
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{key} is a date such as 2026-03-13; not {value!r}") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _object(written: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = written.get(key, {})
    if isinstance(value, Mapping):
        return value
    raise ValueError(f"{key} is a table of keys; not {value!r}")


def _objects(written: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = written.get(key, [])
    if isinstance(value, list | tuple) and all(isinstance(entry, Mapping) for entry in value):
        return list(value)
    raise ValueError(f"{key} is a list of tables; not {value!r}")
