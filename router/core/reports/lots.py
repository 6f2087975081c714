"""Attempts of the ledger in lots that every price treats alike, so that a year can be repriced in an instant.

Within a lot the task, the deployment, the way it was billed and whatever a rate depends on are the same; its
token counts are sums. What a lot would have cost elsewhere is then exact, rounded once. The SQL that makes
lots is `ledger/lots.py`; what is done with them is `whatif.py` and `advise.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from router.core.cost.cost import Alike, cost_of_alike
from router.core.cost.settling import PLANS
from router.core.money import CostSource
from router.core.records.history import Divisions, Lot
from router.core.settings.deployments import Deployment
from router.core.settings.prices import Price, RateTable


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
