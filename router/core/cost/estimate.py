"""What a call will cost, before it is sent: a bound that holds and a figure to expect.

No tokenizer and no network: the bound rests on bytes, the expectation on a rough look at the text. What a
call did cost is `core/cost/cost.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from router.core.cost.cost import MTOK, one_hour_rate
from router.core.cost.experience import UNSEEN, Experience, Output
from router.core.cost.text_size import text_size
from router.core.money import NANO, to_nano
from router.core.request import CacheMark, Message
from router.core.settings.deployments import Deployment
from router.core.settings.prices import Price, Rates
from router.core.settings.providers import Billing

TOKENS_A_MESSAGE = 16
"""What a role, separators and a chat template may add to one message, at most."""
EXPECTED_A_MESSAGE = 4
"""What they usually add."""
EXPECTED_OUTPUT_TOKENS = 400
"""A usual answer, until enough calls have shown better; never more than the call allows."""
LEAST_LIKELY_OUTPUT = 256
"""What a soft hold counts of output at least, however short answers have been."""


class InputSize(NamedTuple):
    """How many tokens the messages of a request have; found out once for a request, for every candidate."""

    most: int
    probable: int
    """What the text alone suggests."""
    hour: bool = False
    """A caller's mark has a part of it kept in a cache for an hour, which costs more to write."""


NO_INPUT = InputSize(0, 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and nano-dollars of a call not yet made; an amount is None when the price is unknown."""

    input_bound_tokens: int
    input_expected_tokens: int
    output_bound_tokens: int | None
    """None when nothing limits the answer: then there is no bound on the cost either."""
    output_expected_tokens: int
    bound_nano: int | None
    expected_nano: int | None
    likely_nano: int | None = None
    """What it will probably cost at most: answers of nineteen calls in twenty are no longer."""
    plain_input_tokens: int = 0
    """What the text alone suggests of the input."""
    learned_from: int = 0
    """How many calls of the model the expectation rests on; 0: on the text alone."""


@dataclass(frozen=True, slots=True)
class Cached:
    """The part of an input that a provider's prompt cache has to do with, in tokens."""

    read_tokens: int = 0
    written_tokens: int = 0
    hour: bool = False
    """It is kept for an hour, which costs more to write."""


NOT_CACHED = Cached()


def estimate(
    size: InputSize,
    deployment: Deployment,
    max_tokens: int | None = None,
    *,
    task: str | None = None,
    known: Experience = UNSEEN,
    cached: Cached = NOT_CACHED,
) -> Estimate:
    """Estimate a call of messages of a `size` to a deployment that may answer with `max_tokens`.

    `known` is what the model's earlier calls have shown; it moves what is expected. The bound it can only
    raise, where inputs took more tokens than they had bytes. `cached` moves what is expected.

    The bound takes the dearest rate that can apply: a cache write, a long input, the dear hours. What a cache
    or a discount may save never lowers it.
    """
    bound_in, plain_in = size.most, size.probable
    expected_in = known.input_tokens(plain_in)
    bound_in = max(bound_in, expected_in)
    bound_out = deployment.max_output_tokens if max_tokens is None else max_tokens
    expected_out, likely_out = _outputs(known.output(task), bound_out)
    price = deployment.price
    bound: int | None = None
    expected: int | None = None
    likely: int | None = None
    if deployment.billing is not Billing.METERED or (price is not None and price.plan is not None):
        bound = expected = likely = 0
    elif price is not None:
        if bound_out is not None:
            bound = _bound(price, bound_in, bound_out, hour=size.hour)
        expected = _expected(price, expected_in, expected_out, cached)
        alike = likely_out == expected_out
        likely = expected if alike else _expected(price, expected_in, likely_out, cached)
    return Estimate(
        bound_in, expected_in, bound_out, expected_out, bound, expected, likely, plain_in, known.calls
    )


def _outputs(seen: Output | None, most: int | None) -> tuple[int, int]:
    """Return how long an answer is expected to be, and probably at most."""
    expected, likely = (EXPECTED_OUTPUT_TOKENS,) * 2 if seen is None else (seen.mean, seen.long)
    likely = max(likely, expected, LEAST_LIKELY_OUTPUT)
    return (expected, likely) if most is None else (min(expected, most), min(likely, most))


def input_size(messages: Iterable[Message]) -> InputSize:
    """Return how many input tokens messages have.

    Every tokenizer in use falls back to bytes, so a text has no more tokens than bytes; the ones that
    normalise (NFKC) first count the bytes of the longer, normal form.
    """
    bound, expected, count, hour = 0, 0, 0, False
    for message in messages:
        count += 1
        hour = hour or message.mark is CacheMark.HOUR
        size, sixths = text_size(message.content)
        role = len(message.role) + 1
        expected += sixths + role * 3 // 2
        bound += size + role
    return InputSize(bound + TOKENS_A_MESSAGE * count, -(-expected // 6) + EXPECTED_A_MESSAGE * count, hour)


def _bound(price: Price, tokens_in: int, tokens_out: int, *, hour: bool) -> int | None:
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


def _expected(price: Price, tokens_in: int, tokens_out: int, cached: Cached) -> int | None:
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
