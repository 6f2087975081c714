"""The ladder of a LiteLLM file, which has none: a deployment stands on `model_info.tier`, or on its price.

Owns the rungs. A price that nobody knows is the top rung and not the lowest: unknown is never cheap.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from router.config.litellm.deployments import Read, free_name
from router.config.positions import Plain
from router.core.cost.price_config import Listed
from router.core.settings.prices import Price
from router.core.settings.providers import Billing

LABELS = (
    *("free", "local", "under $0.50 a million tokens", "under $2 a million tokens"),
    *("under $5 a million tokens", "under $10 a million tokens", "$10 a million tokens and more"),
    "price unknown",
)
"""T0 to T7; the dollars are of `blended` rates."""
FREE, LOCAL, DEAREST, UNKNOWN = 0, 1, 6, 7
_BELOW = ((Decimal("0.5"), 2), (Decimal(2), 3), (Decimal(5), 4), (Decimal(10), 5))
_NUMBERED = re.compile(r"T([0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Ladder:
    """Tiers, and who stands on which."""

    labels: Mapping[str, str]
    """Cheapest first."""
    tier_of: Mapping[str, str]
    """By deployment."""


def ladder_of(reads: Sequence[Read], listed: Listed, taken: Collection[str]) -> Ladder:
    """Place every entry; `taken` are names that tiers may not have.

    A tier that the file names stands where its cheapest deployment's price is, or its own number (`T3`).
    """
    rungs = {one.name: rung(one.billing, one.price, _catalogued(one, listed)) for one in reads}
    named = {one.name: one.info.tier for one in reads if one.info.tier}
    names = {step: free_name(f"T{step}", dict.fromkeys(taken)) for step in rungs.values()}
    tier_of = {name: named.get(name) or names[step] for name, step in rungs.items()}
    heights: dict[str, int] = {}
    for name, tier in tier_of.items():
        numbered = _NUMBERED.fullmatch(tier)
        height = int(numbered[1]) if numbered else rungs[name]
        heights[tier] = min(height, heights.get(tier, height))
    given = set(named.values())
    return Ladder(
        {
            tier: tier if tier in given else LABELS[height]
            for tier, height in sorted(heights.items(), key=lambda item: item[1])
        },
        tier_of,
    )


def _catalogued(one: Read, listed: Listed) -> Price | None:
    return listed(one.upstream.vendor, one.upstream.model)


def rung(billing: Billing, written: Mapping[str, Plain], listed: Price | None) -> int:
    """Return the rung for a billing kind and a price: the file's own rates, else the catalogue's."""
    if billing in (Billing.FREE, Billing.LOCAL):
        return FREE if billing is Billing.FREE else LOCAL
    known = (listed.input_mtok, listed.output_mtok) if listed else (None, None)
    rate_in = _rate(written, "input_mtok", known[0])
    rate_out = _rate(written, "output_mtok", known[1])
    if rate_in is None or rate_out is None:
        return UNKNOWN
    return next((step for bound, step in _BELOW if blended(rate_in, rate_out) < bound), DEAREST)


def blended(rate_in: Decimal, rate_out: Decimal) -> Decimal:
    """Return one rate for both directions: three tokens in for one out, as model comparisons have it."""
    return (3 * rate_in + rate_out) / 4


def _rate(written: Mapping[str, Plain], name: str, otherwise: Decimal | None) -> Decimal | None:
    value = written.get(name)
    return Decimal(value) if isinstance(value, str) else otherwise
