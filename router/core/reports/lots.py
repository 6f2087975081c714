"""Attempts of the ledger in lots that every price treats alike, so that a year can be repriced in an instant.

Within a lot the task, the deployment, the way it was billed and whatever a rate depends on are the same; its
token counts are sums. What a lot would have cost elsewhere is then exact, rounded once. The SQL that makes
lots is `ledger/lots.py`; what is done with them is `whatif.py` and `advise.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from router.core.model import Deployment
from router.core.money.cost import Alike, cost_of_alike
from router.core.money.pricing import Price
from router.core.money.rates import RateTable
from router.core.money.settling import PLANS
from router.core.money.spend import CostSource
from router.core.usage import Usage


@dataclass(frozen=True, slots=True)
class Divisions:
    """Where rates change: attempts on two sides of one of these are in different lots."""

    input_tokens: tuple[int, ...] = ()
    """Inputs of this size or more are on the other side."""
    minutes_utc: tuple[int, ...] = ()
    """Minutes of the UTC day; where there are any, weekdays divide too."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Attempts that are alike."""

    task: str | None
    tier: str
    deployment: str
    attempts: int
    requests: int
    """Those whose first attempt is in this lot."""
    cost_nano_usd: int | None
    """What they cost in all; None when that is known of none of them."""
    cost_source: CostSource
    usage: Usage
    """Their sum; without input and output when they have no counts."""
    input_tokens: int
    """The input of one of them."""
    when_ms: int
    """When one of them ended."""


@dataclass(frozen=True, slots=True)
class PrefixUse:
    """Calls that began with the same messages, at one deployment and of one task, and cached nothing."""

    fingerprint: str
    task: str | None
    deployment: str
    calls: int
    reads: int
    """How many came soon enough after another to have read it from a cache; the others would write it."""
    prefix_tokens: int
    """At most: the shortest input among them, whose last message is not part of the prefix."""


@dataclass(frozen=True, slots=True)
class ListValue:
    """What calls that nothing was paid for one by one were worth at list prices."""

    attempts: int = 0
    nano: int = 0
    """Of those whose list price is known."""
    unpriced: int = 0
    """How many it leaves out."""


def divisions(prices: Iterable[Price | None]) -> Divisions:
    """Return where any of `prices` changes its rates."""
    known = [price for price in prices if price is not None]
    tables: list[RateTable | None] = [table for price in known for table in (price.table, price.batch)]
    tables += [price.service_tiers.get("batch") for price in known]
    sizes = {
        tier.threshold + (not tier.inclusive) for table in tables if table is not None for tier in table.tiers
    }
    minutes = {
        minute
        for price in known
        for hours in price.hours
        for minute in (hours.start_minute, hours.end_minute)
    }
    return Divisions(tuple(sorted(sizes)), tuple(sorted(minutes)))


def at_price(lot: Lot, price: Price | None, *, batch: bool = False) -> int | None:
    """Return what a lot would have cost at a price, in nano-dollars; None when it cannot be said.

    What was never billed has no counts and costs nothing anywhere.
    """
    if lot.cost_source is CostSource.NOT_BILLED:
        return 0
    if price is None or lot.usage.input_tokens is None or lot.usage.output_tokens is None:
        return None
    return cost_of_alike(
        Alike(lot.attempts, lot.usage, lot.input_tokens, lot.when_ms), price, batch=batch
    ).nano


def at_deployment(lot: Lot, deployment: Deployment) -> int | None:
    """Return what a lot would have cost its owner at a deployment: nothing where nothing is paid per call."""
    if deployment.billing in PLANS or (deployment.price is not None and deployment.price.plan is not None):
        return 0
    return at_price(lot, deployment.price)
