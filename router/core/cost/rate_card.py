"""A price made ready for estimates: its rates as integers, worked out once for each length of input.

An estimate is made of every candidate of every request, and `Decimal` takes ten times as long as `int` does.
The amounts are the same to the nano-dollar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from router.core.cost.cost import one_hour_rate
from router.core.money import NANO
from router.core.settings.prices import Price, Rates

NANO_A_TOKEN = 1000
"""Nano-dollars a token for each dollar a million of them."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The rates of inputs between two lengths, times the card's scale; None where one is not known."""

    dearest: tuple[int | None, int | None]
    """Of input and output, whatever applies: a cache write, a longer input's rate, the dear hours."""
    dearest_hour: int | None
    """Of input, where a part of it may be kept for an hour."""
    plain: int | None
    read: int | None
    written: int | None
    written_hour: int | None
    output: int | None


class RateCard:
    """The rates of one price."""

    def __init__(self, price: Price) -> None:
        self._scale = _scale(price)
        self._fee = self._scaled(price.request_usd or Decimal(0)) * (NANO // NANO_A_TOKEN)
        self._tiers = tuple((tier.threshold + (not tier.inclusive)) for tier in price.table.tiers)
        self._spans = tuple(self._span(price, length) for length in (0, *self._tiers))

    def bound(self, tokens_in: int, tokens_out: int, *, hour: bool) -> int | None:
        """Return the most a call can cost, in nano-dollars, rounded up; None where a rate is not known."""
        span = self._at(tokens_in)
        rate_in, rate_out = span.dearest
        if hour:
            rate_in = span.dearest_hour
        if rate_in is None or rate_out is None or not (rate_in or rate_out or self._fee):
            return None
        return -(-(tokens_in * rate_in + tokens_out * rate_out + self._fee) * NANO_A_TOKEN // self._scale)

    def expected(
        self, tokens_in: int, tokens_out: int, read: int = 0, written: int = 0, *, hour: bool = False
    ) -> int | None:
        """Return what a call probably costs, in nano-dollars, half to even, at the plain hours."""
        span = self._at(tokens_in)
        read = min(read, tokens_in)
        written = min(written, tokens_in - read)
        rates = (span.plain, span.read, span.written_hour if hour else span.written, span.output)
        plain, of_read, of_written, output = rates
        if plain is None or of_read is None or of_written is None or output is None:
            return None
        if not (any(rates) or self._fee):
            return None  # all are 0 and nothing says why
        sums = (tokens_in - read - written) * plain + read * of_read + written * of_written
        nano, rest = divmod((sums + tokens_out * output + self._fee) * NANO_A_TOKEN, self._scale)
        return nano + (2 * rest > self._scale or (2 * rest == self._scale and nano % 2))

    def _at(self, tokens_in: int) -> _Span:
        return self._spans[sum(tokens_in >= least for least in self._tiers) if self._tiers else 0]

    def _scaled(self, rate: Decimal) -> int:
        return int(rate * self._scale)

    def _span(self, price: Price, length: int) -> _Span:
        plain, usual = price.table.rates, price.table.at(length)
        applicable = [plain, *(t.rates.over(plain) for t in price.table.tiers if t.reached_by(length))]
        applicable += [hours.rates.over(rates) for hours in price.hours for rates in tuple(applicable)]
        inputs = [rate for rates in applicable for rate in (rates.input_mtok, rates.cache_write_mtok)]
        hourly = [one_hour_rate(rates, rates.input_mtok) for rates in applicable if rates.input_mtok]
        return _Span(
            dearest=(self._most(inputs), self._most([rates.output_mtok for rates in applicable])),
            dearest_hour=self._most([*inputs, *hourly]),
            plain=self._known(usual.input_mtok),
            read=self._known(_or(usual.cache_read_mtok, usual.input_mtok)),
            written=self._known(_or(usual.cache_write_mtok, usual.input_mtok)),
            written_hour=self._known(
                _or(usual.cache_write_mtok, None)
                if usual.input_mtok is None
                else one_hour_rate(usual, usual.input_mtok)
            ),
            output=self._known(usual.output_mtok),
        )

    def _most(self, rates: list[Decimal | None]) -> int | None:
        known = [rate for rate in rates if rate is not None]
        return self._scaled(max(known)) if known else None

    def _known(self, rate: Decimal | None) -> int | None:
        return None if rate is None else self._scaled(rate)


def _or(rate: Decimal | None, plain: Decimal | None) -> Decimal | None:
    return plain if rate is None else rate


def _scale(price: Price) -> int:
    """Return what makes every rate of a price a whole number."""
    exponents = (rate.as_tuple().exponent for rate in _rates(price))
    return int(10 ** max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0)) or 1


def _rates(price: Price) -> Iterator[Decimal]:
    tables = (price.table.rates, *(tier.rates for tier in price.table.tiers), *(h.rates for h in price.hours))
    for rates in tables:
        yield from _of(rates)
    if price.request_usd:
        yield price.request_usd


def _of(rates: Rates) -> Iterator[Decimal]:
    kinds = (
        rates.input_mtok,
        rates.output_mtok,
        rates.cache_read_mtok,
        rates.cache_write_mtok,
        rates.cache_write_1h_mtok,
    )
    yield from (rate for rate in kinds if rate is not None)
