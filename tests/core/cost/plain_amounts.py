"""What a call will cost, worked out in `Decimal` rate by rate: the oracle for rate cards."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from router.core.cost.cost import MTOK, one_hour_rate
from router.core.cost.estimate import Cached
from router.core.money import NANO, to_nano
from router.core.settings.prices import Price, Rates


def bound(price: Price, tokens_in: int, tokens_out: int, *, hour: bool) -> int | None:
    """Return the most the call can cost, rounded up; None where a rate is not known."""
    plain = price.table.rates
    applicable = [
        plain,
        *(tier.rates.over(plain) for tier in price.table.tiers if tier.reached_by(tokens_in)),
    ]
    applicable += [hours.rates.over(rates) for hours in price.hours for rates in tuple(applicable)]
    inputs = [rate for rates in applicable for rate in (rates.input_mtok, rates.cache_write_mtok)]
    inputs += [one_hour_rate(rates, rates.input_mtok) for rates in applicable if hour and rates.input_mtok]
    dearest_in = max((rate for rate in inputs if rate is not None), default=None)
    outputs = [rates.output_mtok for rates in applicable]
    dearest_out = max((rate for rate in outputs if rate is not None), default=None)
    dollars = _dollars(price, (tokens_in, dearest_in), (tokens_out, dearest_out))
    return None if dollars is None else int((dollars * NANO).to_integral_value(rounding=ROUND_CEILING))


def expected(price: Price, tokens_in: int, tokens_out: int, cached: Cached) -> int | None:
    """Return what the call probably costs, at the plain hours."""
    rates = price.table.at(tokens_in)
    read = min(cached.read_tokens, tokens_in)
    written = min(cached.written_tokens, tokens_in - read)
    dollars = _dollars(
        price,
        (tokens_in - read - written, rates.input_mtok),
        (read, rates.input_mtok if rates.cache_read_mtok is None else rates.cache_read_mtok),
        (written, _write_rate(rates, hour=cached.hour)),
        (tokens_out, rates.output_mtok),
    )
    return None if dollars is None else to_nano(dollars)


def _write_rate(rates: Rates, *, hour: bool) -> Decimal | None:
    if hour and rates.input_mtok is not None:
        return one_hour_rate(rates, rates.input_mtok)
    return rates.input_mtok if rates.cache_write_mtok is None else rates.cache_write_mtok


def _dollars(price: Price, *parts: tuple[int, Decimal | None]) -> Decimal | None:
    """Return the sum, or None where a rate is missing or all are 0 and nothing says why."""
    known = [(tokens, rate) for tokens, rate in parts if rate is not None]
    fee = price.request_usd or Decimal(0)
    if len(known) < len(parts) or not (fee or any(rate for _, rate in known)):
        return None
    return sum((tokens * rate for tokens, rate in known), Decimal(0)) / MTOK + fee
