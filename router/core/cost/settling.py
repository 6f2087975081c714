"""What an answer has cost so far whose end is not known: it still runs, or it broke off.

Pure. The wire's own counts come first; what it did not count is worked out from the bytes that came. What a
whole answer cost is `cost.py`, what one will cost `estimate.py`.
"""

from __future__ import annotations

from dataclasses import replace

from router.core.cost.cost import CallFacts, cost, list_cost
from router.core.cost.estimate import Estimate
from router.core.money import CostSource
from router.core.records.diagnosis import LedgerOutcome
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.usage import NO_USAGE, NOTHING_READ, Usage, UsageReading, cut_short
from router.core.value import dataclass

BYTES_PER_TOKEN = 3
"""For text we received and the wire did not count: on the high side for prose and code."""
MOST_BYTES_PER_TOKEN = 6
"""What hardly any text passes: English prose has 5, German and Chinese less, Arabic 6."""


@dataclass(frozen=True, slots=True)
class AnswerSoFar:
    """How far an answer has come."""

    deployment: Deployment
    expected: Estimate
    """What was thought of it before it was sent; its output bound is the `max_tokens` it was asked with."""
    received_bytes: int
    """UTF-8 bytes of its content."""
    when_ms: int
    reading: UsageReading | None = None
    model_served: str | None = None


def so_far_nano(arrived: AnswerSoFar) -> int | None:
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


PLANS = {
    Billing.FREE: CostSource.FREE,
    Billing.LOCAL: CostSource.LOCAL,
    Billing.SUBSCRIPTION: CostSource.SUBSCRIPTION,
}
"""The kinds of billing under which nothing is paid per call."""


@dataclass(frozen=True, slots=True)
class AttemptBill:
    """The money columns of a settled row, in nano-dollars."""

    usage: Usage
    usage_source: str | None
    cost_nano: int | None
    source: CostSource
    budget_nano: int | None
    """The cost if known, else the estimate, else what was held."""
    estimate_nano: int | None = None
    """Set only where the cost is unknown and something is known to have been used."""
    list_nano: int | None = None
    """What the call is worth at its list price, whoever pays."""


def settled_bill(
    arrived: AnswerSoFar, outcome: LedgerOutcome, held_nano: int | None, *, whole: bool
) -> AttemptBill:
    """Return the money columns of an attempt that has ended.

    `whole`: the answer said that it was complete; what a broken one counted of its output was not final.
    """
    price = arrived.deployment.price
    plan = PLANS.get(arrived.deployment.billing)
    reading = arrived.reading or NOTHING_READ
    if not whole:
        reading = cut_short(reading)
    facts = CallFacts(model_served=arrived.model_served, plan=plan)
    counted = reading.usage != NO_USAGE
    usage_source = "reported" if counted else None
    if counted or plan is not None:
        found = cost(reading, price, arrived.when_ms, facts)
        computed = found.source is CostSource.COMPUTED
        listed = found.nano if computed else list_cost(reading, price, arrived.when_ms, facts).nano
        if found.nano is not None:
            return AttemptBill(
                reading.usage, usage_source, found.nano, found.source, found.nano, None, listed
            )
    if outcome is LedgerOutcome.VOID:
        return AttemptBill(reading.usage, usage_source, 0, CostSource.NOT_BILLED, 0)
    estimate = so_far_nano(arrived) if outcome is not LedgerOutcome.UNKNOWN else None
    budget = held_nano if estimate is None else estimate
    return AttemptBill(reading.usage, usage_source, None, CostSource.UNKNOWN, budget, estimate)
