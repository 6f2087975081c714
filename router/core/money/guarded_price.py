"""The price a deployment is used at: the configured one over the catalogue's, unless it looks like a slip.

A deployment whose price is far from the reference is off until somebody says that it is meant: at a wrong
price every choice, budget and figure after it would be wrong.
"""

from __future__ import annotations

from dataclasses import replace

from router.core.model import Billing, Deployment
from router.core.money.price_guard import Verdict, check_price
from router.core.money.pricing import Price, price_over

CONFIRM = "say `confirmed: true` with the price if it is meant"


def priced(deployment: Deployment, listed: Price | None) -> Deployment:
    """Return the deployment with its whole price; off, with the reason, where the guard does not trust it.

    `listed` is what the catalogue has for its model now. Raises ValueError where the two make no price.
    """
    if deployment.price is None:
        return deployment if deployment.billing is Billing.LOCAL else replace(deployment, price=listed)
    whole = price_over(listed, deployment.price.written) if listed else deployment.price
    deployment = replace(deployment, price=whole)
    verdict = judged(deployment, listed)
    if verdict is None or not verdict.grave:
        return deployment
    reasons = (f"price: {verdict.why}; {CONFIRM}", deployment.off)
    return replace(deployment, off="; ".join(filter(None, reasons)))


def judged(deployment: Deployment, listed: Price | None) -> Verdict | None:
    """Judge the price that somebody configured for a deployment; None where nobody did."""
    price = deployment.price
    if price is None or price.version is not None:
        return None
    plan = {} if deployment.billing is Billing.METERED else {"plan": deployment.billing.value}
    return check_price({**plan, **price.written}, listed.written if listed else None)
