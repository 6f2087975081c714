"""What the ledger may say about the money of one attempt, once it has ended.

Brings together what the diagnosis allows (void, reported, estimated, unknown), what the wire counted and what
the price says. A cost that cannot be known is None with a settled estimate beside it, so that budgets still
hold; it is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from router.core.failures.diagnosis import LedgerOutcome
from router.core.model import Billing, Deployment
from router.core.money.amounts import to_nano
from router.core.money.cost import CallFacts, cost, list_cost
from router.core.money.estimate import Estimate
from router.core.money.spend import CostSource
from router.core.usage import NO_USAGE, NOTHING_READ, Usage, UsageReading, cut_short

BYTES_PER_TOKEN = 3
"""For text we received and the wire did not count: on the high side for prose and code."""

PLANS = {
    Billing.FREE: CostSource.FREE,
    Billing.LOCAL: CostSource.LOCAL,
    Billing.SUBSCRIPTION: CostSource.SUBSCRIPTION,
}
"""The kinds of billing under which nothing is paid per call."""


@dataclass(frozen=True, slots=True)
class Bill:
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


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known when an attempt is over."""

    deployment: Deployment
    outcome: LedgerOutcome
    reading: UsageReading | None
    whole: bool
    """The answer said that it was complete; what a broken one counted of its output was not final."""
    model_served: str | None
    received_bytes: int
    """UTF-8 bytes of the content that arrived."""
    when_ms: int
    expected: Estimate
    held_nano: int | None


def settle_money(ending: Ending) -> Bill:
    """Return the money columns of an attempt that has ended."""
    plan = PLANS.get(ending.deployment.billing)
    reading = ending.reading or NOTHING_READ
    if not ending.whole:
        reading = cut_short(reading)
    facts = CallFacts(model_served=ending.model_served, plan=plan)
    counted = reading.usage != NO_USAGE
    usage_source = "reported" if counted else None
    if counted or plan is not None:
        found = cost(reading, ending.deployment.price, ending.when_ms, facts)
        listed = list_cost(reading, ending.deployment.price, ending.when_ms, facts).nano
        if found.nano is not None:
            return Bill(reading.usage, usage_source, found.nano, found.source, found.nano, None, listed)
    if ending.outcome is LedgerOutcome.VOID:
        return Bill(reading.usage, usage_source, 0, CostSource.NOT_BILLED, 0)
    estimate = _estimate(ending, reading) if ending.outcome is not LedgerOutcome.UNKNOWN else None
    budget = ending.held_nano if estimate is None else estimate
    return Bill(reading.usage, usage_source, None, CostSource.UNKNOWN, budget, estimate)


def _estimate(ending: Ending, reading: UsageReading) -> int | None:
    """Return input as told or expected, and output as received, at the plain rates; None without a price."""
    price = ending.deployment.price
    if price is None or price.input_mtok is None or price.output_mtok is None:
        return None
    output_tokens = -(-ending.received_bytes // BYTES_PER_TOKEN)
    input_tokens = reading.usage.input_tokens or ending.expected.input_expected_tokens
    dollars = input_tokens * price.input_mtok + output_tokens * price.output_mtok
    return to_nano(dollars / Decimal(1_000_000))
