"""What an answer has cost so far whose end is not known: it still runs, or it broke off.

Pure. The wire's own counts come first; what it did not count is worked out from the bytes that came. What a
whole answer cost is `cost.py`, what one will cost `estimate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.core.model import Deployment
from router.core.money.cost import CallFacts, list_cost
from router.core.money.estimate import Estimate
from router.core.usage import NOTHING_READ, UsageReading

BYTES_PER_TOKEN = 3
"""For text we received and the wire did not count: on the high side for prose and code."""
MOST_BYTES_PER_TOKEN = 6
"""What hardly any text passes: English prose has 5, German and Chinese less, Arabic 6."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """How far an answer has come."""

    deployment: Deployment
    expected: Estimate
    """What was thought of it before it was sent; its output bound is the `max_tokens` it was asked with."""
    received_bytes: int
    """UTF-8 bytes of its content."""
    when_ms: int
    reading: UsageReading | None = None
    model_served: str | None = None


def so_far_nano(arrived: Arrived) -> int | None:
    """Return what an answer has cost by now, in nano-dollars; None where its price is not known.

    Input as told, else as expected; output as told or as received, whichever is more.
    """
    told = arrived.reading or NOTHING_READ
    if told.suspect:
        told = NOTHING_READ
    received = output_tokens(arrived.received_bytes, arrived.expected.output_bound_tokens)
    input_tokens = told.usage.input_tokens or arrived.expected.input_expected_tokens
    usage = replace(
        told.usage, input_tokens=input_tokens, output_tokens=max(received, told.usage.output_tokens or 0)
    )
    facts = CallFacts(model_served=arrived.model_served)
    return list_cost(replace(told, usage=usage), arrived.deployment.price, arrived.when_ms, facts).nano


def output_tokens(received_bytes: int, max_tokens: int | None) -> int:
    """Return how many tokens so many bytes are at most, when no more than `max_tokens` were asked for.

    Bytes alone would put many an honest answer above what it was allowed. So it is believed to keep to that
    until even long tokens would have passed it; then its provider does not.
    """
    most, least = -(-received_bytes // BYTES_PER_TOKEN), received_bytes // MOST_BYTES_PER_TOKEN
    return most if max_tokens is None else max(least, min(most, max_tokens))
