"""What a call cost: its usage at its price, exactly.

Computed in `Decimal` and rounded once, to nano-dollars. What cannot be known is None with the reason, never 0
and never the nearest rate. Estimates before a call are `core/cost/estimate.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from router.core.money import CostSource, to_nano
from router.core.settings.prices import Price, Rates, RateTable
from router.core.usage import Audio, Usage, UsageReading
from router.core.value import dataclass

MTOK = Decimal(1_000_000)
ONE_HOUR_WRITE = Decimal(2)
"""Anthropic's factor on the input rate for a write that lives an hour; it stands in where a price names the
five-minute write only, because that one is 37.5 % too low for it. No other vendor has such writes."""
STANDARD_TIERS = frozenset(
    {"default", "standard", "standard_only", "auto", "on_demand", "service_tier_unspecified"}
)
"""Names that vendors give to the tier without a price of its own."""
STANDARD_SPEEDS = frozenset({"standard", "default"})


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call beside its usage; what the answer itself says of tier, speed and place wins."""

    batch: bool = False
    service_tier: str | None = None
    speed: str | None = None
    geo: str | None = None
    model_served: str | None = None
    others: tuple[str, ...] = ()
    """Further conditions that a price may have a multiplier for, such as `regional`."""
    plan: CostSource | None = None
    """How the deployment is billed, where that is not per call: `free`, `local` or `subscription`."""


PLAIN_CALL = CallFacts()


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in nano-dollars, or None when nobody can know it."""

    nano: int | None
    source: CostSource
    why: str | None = None
    """Why it is unknown, in words for the user."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Several calls that have the same rates: no threshold and no dear hour lies between them."""

    calls: int
    usage: Usage
    """Their sum; input and output are known of every one."""
    input_tokens: int
    """The input of one of them."""
    when_ms: int
    """When one of them ended."""


class _Unknown(Exception):
    """Carries the reason out of the arithmetic; never leaves this module."""


def cost(reading: UsageReading, price: Price | None, when_ms: int, call: CallFacts = PLAIN_CALL) -> Cost:
    """Return what a call cost that ended at `when_ms` (milliseconds since 1970, UTC).

    A plan under which nothing is paid per call comes first, then the provider's own figure, then the price. A
    free model whose provider reports an amount was not free.
    """
    plan = call.plan or (price.plan if price else None)
    if plan is CostSource.FREE and reading.reported_cost_nano:
        plan = None
    if plan is not None:
        return Cost(0, plan)
    if reading.reported_cost_nano is not None:
        return Cost(reading.reported_cost_nano, CostSource.PROVIDER_REPORTED)
    return list_cost(reading, price, when_ms, call)


def list_cost(reading: UsageReading, price: Price | None, when_ms: int, call: CallFacts = PLAIN_CALL) -> Cost:
    """Return what the call costs at its rates, whatever the plan and whatever the provider says."""
    if price is None:
        return Cost(None, CostSource.UNKNOWN, "nobody knows the price of this model")
    try:
        return Cost(to_nano(_dollars(reading, price, when_ms, call)), CostSource.COMPUTED)
    except _Unknown as unknown:
        return Cost(None, CostSource.UNKNOWN, str(unknown))


def cost_of_alike(alike: Alike, price: Price, *, batch: bool = False) -> Cost:
    """Return what calls cost together that `price` treats alike, rounded once."""
    try:
        rates, factor = _rates(price, alike.input_tokens, alike.when_ms, _Conditions(batch=batch))
        tokens = sum((n * rate for n, rate in _lines(alike.usage, Audio(), rates)), Decimal(0))
        fees = alike.calls * (price.request_usd or 0)
        return Cost(to_nano(factor * tokens / MTOK + fees), CostSource.COMPUTED)
    except _Unknown as unknown:
        return Cost(None, CostSource.UNKNOWN, str(unknown))


def _dollars(reading: UsageReading, price: Price, when_ms: int, call: CallFacts) -> Decimal:
    if reading.suspect:
        raise _Unknown(f"the usage contradicts itself: {reading.suspect}")
    served = price.of(call.model_served) or price
    under = _conditions(reading, call)
    total = _tokens(reading.usage, reading.audio, served, when_ms, under)
    for model, usage in reading.others:
        theirs = price.of(model)
        if theirs is None:
            raise _Unknown(f"nobody knows the price of {model}, which took part in this call")
        total += _tokens(usage, Audio(), theirs, when_ms, under)
    if reading.web_searches:
        if served.web_search_usd_per_1k is None:
            raise _Unknown("the price names no fee for web searches")
        total += reading.web_searches * served.web_search_usd_per_1k / 1000
    return total + (served.request_usd or 0)


@dataclass(frozen=True, slots=True)
class _Conditions:
    batch: bool = False
    service_tier: str | None = None
    speed: str | None = None
    others: tuple[str, ...] = ()


def _conditions(reading: UsageReading, call: CallFacts) -> _Conditions:
    tier = (reading.service_tier or call.service_tier or "").lower()
    speed = (reading.speed or call.speed or "").lower()
    geo = (reading.geo or call.geo or "").lower()
    places = (geo, f"geo_{geo}", f"inference_geo_{geo}") if geo else ()
    return _Conditions(
        batch=call.batch or tier == "batch",
        service_tier=None if tier in STANDARD_TIERS | {"", "batch"} else tier,
        speed=None if speed in STANDARD_SPEEDS | {""} else speed,
        others=(*places, *call.others),
    )


def _tokens(usage: Usage, audio: Audio, price: Price, when_ms: int, under: _Conditions) -> Decimal:
    """Return the dollars for the tokens of one model."""
    if usage.input_tokens is None or usage.output_tokens is None:
        raise _Unknown("the wire did not say how many tokens were used")
    rates, factor = _rates(price, usage.input_tokens, when_ms, under)
    return factor * sum((tokens * rate for tokens, rate in _lines(usage, audio, rates)), Decimal(0)) / MTOK


def _rates(price: Price, input_tokens: int, when_ms: int, under: _Conditions) -> tuple[Rates, Decimal]:
    """Return the rates of a call with this input at this moment, and the factor on them."""
    rates = price.table.at(input_tokens)
    for hours in price.hours:
        if hours.hold(when_ms):
            rates = hours.rates.over(rates)
    factor = Decimal(1)
    for condition in under.others:
        factor *= price.multipliers.get(_label(condition), 1)
    for kind, name, table in _replacements(price, under):
        if table is not None:  # its own rates already are what a multiplier would make of the plain ones
            rates = table.at(input_tokens).over(rates)
            continue
        multiplier = _factor(price, kind, name)
        if multiplier is None:
            raise _Unknown(f"the price has no rates for {kind} {name}")
        factor *= multiplier
    if rates.input_mtok == 0 == rates.output_mtok and not price.request_usd:
        raise _Unknown("both rates are 0 and no plan says why; 0 and 0 is no proof of free")
    return rates, factor


def _replacements(price: Price, under: _Conditions) -> Iterator[tuple[str, str, RateTable | None]]:
    """Yield each condition of the call that has a price of its own. One without is unknown, not plain."""
    if under.speed:
        yield "speed", under.speed, price.speeds.get(under.speed)
    if under.service_tier:
        yield "service_tier", under.service_tier, price.service_tiers.get(under.service_tier)
    if under.batch:
        yield "processing", "batch", price.batch or price.service_tiers.get("batch")


def _factor(price: Price, kind: str, name: str) -> Decimal | None:
    label = _label(name)
    return price.multipliers.get(label, price.multipliers.get(f"{kind}_{label}"))


def _label(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def _lines(usage: Usage, audio: Audio, rates: Rates) -> Iterator[tuple[int, Decimal]]:
    """Yield tokens and rate of each disjoint part; a kind without a rate of its own has the plain rate."""
    plain_in, plain_out = rates.input_mtok, rates.output_mtok
    total_in, total_out = usage.input_tokens or 0, usage.output_tokens or 0
    if plain_in is None or (plain_out is None and total_out):
        raise _Unknown("the price has no rate for these tokens")
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    one_hour = usage.cache_write_1h_tokens or 0
    spoken_read = min(audio.cache_read_tokens, read)
    spoken = min(audio.input_tokens - spoken_read, total_in - read - written)
    read_rate = _or(rates.cache_read_mtok, plain_in)
    yield total_in - read - written - spoken, plain_in
    yield spoken, _or(rates.input_audio_mtok, plain_in)
    yield read - spoken_read, read_rate
    yield spoken_read, _or(rates.cache_audio_read_mtok, _or(rates.input_audio_mtok, read_rate))
    yield written - one_hour, _or(rates.cache_write_mtok, plain_in)
    yield one_hour, one_hour_rate(rates, plain_in)
    if plain_out is not None:
        yield total_out - audio.output_tokens, plain_out
        yield audio.output_tokens, _or(rates.output_audio_mtok, plain_out)


def one_hour_rate(rates: Rates, plain_in: Decimal) -> Decimal:
    """Return the rate of a write that lives an hour; plain where the vendor does not charge writes at all."""
    if rates.cache_write_1h_mtok is not None:
        return rates.cache_write_1h_mtok
    return plain_in if rates.cache_write_mtok is None else ONE_HOUR_WRITE * plain_in


def _or(rate: Decimal | None, plain: Decimal) -> Decimal:
    return plain if rate is None else rate
