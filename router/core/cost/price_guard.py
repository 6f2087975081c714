"""Does a configured price look like a slip of the pen?

Compares it with a reference price of the same model, rate by rate and in both directions, and looks for what
cannot be right by itself. Judges only; what comes of a flagged price is `guarded_price.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from router.core.cost.price_config import MAX_DIGITS, price_over
from router.core.settings.deployments import Deployment
from router.core.settings.prices import RATE_NAMES, Price
from router.core.settings.providers import Billing

LEAST, MOST = Decimal("0.3"), Decimal(3)
"""A configured rate may be this share of the reference: discounts pass, a lost or an extra zero does not."""
SMALLEST_MTOK, LARGEST_MTOK = Decimal("0.001"), Decimal(1000)
"""Outside of these a rate was probably written per token or per thousand."""
FEES = ("web_search_usd_per_1k", "request_usd")
DEEPEST = 8
"""Levels of a written price; by_model, batch and tiers together make six."""
ORDERED = (
    ("cache_read_mtok", "input_mtok"),
    ("input_mtok", "cache_write_mtok"),
    ("cache_write_mtok", "cache_write_1h_mtok"),
    ("input_mtok", "output_mtok"),
)
"""Pairs of which the first is never the dearer one, unless the reference says so too."""


class Sanity(StrEnum):
    """What to think of a configured price."""

    ACCEPT = "accept"
    ACCEPT_UNVERIFIED = "accept_unverified"
    """There was nothing to compare it with."""
    FLAG = "flag"
    """Improbable: use it only if someone confirms it."""
    REJECT = "reject"
    """Impossible."""


@dataclass(frozen=True, slots=True)
class PriceVerdict:
    """The judgement with the fields it rests on, as `tiers.0.output_mtok`, and the reason in words."""

    sanity: Sanity
    fields: tuple[str, ...]
    why: str
    grave: bool = False
    """Whether costs at this price would be wrong by a factor: it is far from the reference, or so low that it
    must be per token. What merely looks odd by itself is not."""


def check_price(written: Mapping[str, object], reference: Mapping[str, object] | None) -> PriceVerdict:
    """Judge a price in its written form against a reference in the same form, if any. Never raises."""
    rates, impossible = _rates(written)
    known, _ = _rates(reference or {})
    if impossible:
        return _verdict(Sanity.REJECT, impossible, grave=True)
    confirmed, unpaid = written.get("confirmed") is True, written.get("plan") is not None
    far = _against(rates, known, unpaid=unpaid)
    odd = far or _by_itself(rates, known, unpaid=unpaid)
    if odd and not confirmed:
        grave = bool(far) or any(0 < rates[field] < SMALLEST_MTOK for field in odd)
        return _verdict(Sanity.FLAG, odd, grave=grave)
    if not set(rates) & set(known):
        return PriceVerdict(Sanity.ACCEPT_UNVERIFIED, (), "no reference price of this model to compare with")
    why = "confirmed in the configuration" if confirmed else "every rate is near the reference"
    return PriceVerdict(Sanity.ACCEPT, (), why)


def _verdict(sanity: Sanity, odd: Mapping[str, str], *, grave: bool) -> PriceVerdict:
    why = "; ".join(f"{field} {reason}" for field, reason in odd.items())
    return PriceVerdict(sanity, tuple(odd), why, grave)


def _against(rates: Mapping[str, Decimal], known: Mapping[str, Decimal], *, unpaid: bool) -> dict[str, str]:
    odd: dict[str, str] = {}
    for field in rates.keys() & known.keys():
        rate, usual = rates[field], known[field]
        if rate == usual or (unpaid and rate == 0):
            continue
        if not usual or not LEAST <= rate / usual <= MOST:
            odd[field] = f"is {rate:f}, the reference is {usual:f}"
    return dict(sorted(odd.items()))


def _by_itself(rates: Mapping[str, Decimal], known: Mapping[str, Decimal], *, unpaid: bool) -> dict[str, str]:
    odd: dict[str, str] = {}
    for field, rate in rates.items():
        per_mtok = field.endswith("_mtok") and field not in known and rate
        if per_mtok and not SMALLEST_MTOK <= rate <= LARGEST_MTOK:
            odd[field] = f"is {rate:f} dollars per million tokens: is it per token or per thousand?"
    for lower, higher in ORDERED:
        if _exceeds(rates, lower, higher) and not _exceeds(known, lower, higher):
            odd[lower] = f"is dearer than {higher}"
    if not unpaid and _costs_nothing(rates) and not _costs_nothing(known):
        odd["input_mtok"] = "and output_mtok are 0: say plan: free, local or subscription if that is meant"
    return odd


def _costs_nothing(rates: Mapping[str, Decimal]) -> bool:
    return rates.get("input_mtok") == 0 == rates.get("output_mtok") and "request_usd" not in rates


def _exceeds(rates: Mapping[str, Decimal], lower: str, higher: str) -> bool:
    return lower in rates and higher in rates and rates[lower] > rates[higher]


def _rates(written: Mapping[str, object]) -> tuple[dict[str, Decimal], dict[str, str]]:
    """Return every rate and fee by its path, and what is impossible about the others."""
    rates: dict[str, Decimal] = {}
    impossible: dict[str, str] = {}
    for path, value in _leaves(written, ""):
        rate = _number(value)
        if rate is None:
            impossible[path] = f"is no number of dollars: {str(value)[:40]}"
        elif rate < 0:
            impossible[path] = f"is negative: {rate:f}"
        else:
            rates[path] = rate
    return rates, impossible


def _number(value: object) -> Decimal | None:
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= MAX_DIGITS else None


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Walk a written price for its rates; a tier is known by its threshold, other items by their place."""
    if path.count(".") > DEEPEST:
        return
    match value:
        case Mapping():
            for key, item in value.items():
                factor = path.startswith("multipliers.") and not isinstance(item, Mapping)
                if factor or key in RATE_NAMES or key in FEES:
                    yield from [(f"{path}{key}", item)] if item is not None else []
                else:
                    yield from _leaves(item, f"{path}{key}.")
        case list() | tuple():
            for place, item in enumerate(value):
                yield from _leaves(item, f"{path}{_name(item, place)}.")
        case _:
            return


def _name(item: object, place: int) -> object:
    if not isinstance(item, Mapping):
        return place
    return item.get("above_input_tokens", item.get("from_input_tokens", place))


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


def judged(deployment: Deployment, listed: Price | None) -> PriceVerdict | None:
    """Judge the price that somebody configured for a deployment; None where nobody did."""
    price = deployment.price
    if price is None or price.version is not None:
        return None
    plan = {} if deployment.billing is Billing.METERED else {"plan": deployment.billing.value}
    return check_price({**plan, **price.written}, listed.written if listed else None)
