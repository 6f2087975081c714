"""What the ledger may say about the money of one attempt, once it has ended.

Brings together what the diagnosis allows (void, reported, estimated, unknown), what the wire counted and what
the price says. A cost that cannot be known is None with a settled estimate beside it, so that budgets still
hold; it is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.failures.diagnosis import LedgerOutcome
from router.core.model import Billing
from router.core.money.cost import CallFacts, cost, list_cost
from router.core.money.so_far import Arrived, so_far_nano
from router.core.money.spend import CostSource
from router.core.usage import NO_USAGE, NOTHING_READ, Usage, cut_short

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

    arrived: Arrived
    outcome: LedgerOutcome
    whole: bool
    """The answer said that it was complete; what a broken one counted of its output was not final."""
    held_nano: int | None


def settle_money(ending: Ending) -> Bill:
    """Return the money columns of an attempt that has ended."""
    arrived, price = ending.arrived, ending.arrived.deployment.price
    plan = PLANS.get(arrived.deployment.billing)
    reading = arrived.reading or NOTHING_READ
    if not ending.whole:
        reading = cut_short(reading)
    facts = CallFacts(model_served=arrived.model_served, plan=plan)
    counted = reading.usage != NO_USAGE
    usage_source = "reported" if counted else None
    if counted or plan is not None:
        found = cost(reading, price, arrived.when_ms, facts)
        listed = list_cost(reading, price, arrived.when_ms, facts).nano
        if found.nano is not None:
            return Bill(reading.usage, usage_source, found.nano, found.source, found.nano, None, listed)
    if ending.outcome is LedgerOutcome.VOID:
        return Bill(reading.usage, usage_source, 0, CostSource.NOT_BILLED, 0)
    estimate = so_far_nano(arrived) if ending.outcome is not LedgerOutcome.UNKNOWN else None
    budget = ending.held_nano if estimate is None else estimate
    return Bill(reading.usage, usage_source, None, CostSource.UNKNOWN, budget, estimate)
