"""Writes `router/prices/catalogue.json` from genai-prices and the reviewed `overlay.json`: `make prices`.

The overlay says which vendors and models are taken, what
genai-prices does not know or has wrong, and which names mean the same model. Review the difference before
committing it: old prices must stay, so that old ledger rows can be priced again.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genai_prices import types
from genai_prices.data import providers

from router.core.settings.prices import RATE_NAMES

OVERLAY = Path(__file__).with_name("overlay.json")
CATALOGUE = Path(__file__).parents[2] / "router" / "prices" / "catalogue.json"

FEES = {"web_searches_kcount": "web_search_usd_per_1k"}

Written = dict[str, Any]
"""A price, a table or a record in the form of the catalogue file."""


@dataclass(frozen=True)
class CatalogueVendor:
    """What the overlay says of one vendor; every field is optional in the file."""

    source: str | None
    keep: str
    skip: str
    drop_aliases: str
    backdate: bool
    inclusive_tiers: bool
    fallback: Written
    also: list[Written]
    aliases: dict[str, list[str]]
    models: dict[str, Written]


def read_vendor(written: Written) -> CatalogueVendor:
    """Read one vendor of the overlay."""
    return CatalogueVendor(
        source=written.get("from"),
        keep=written.get("keep", ""),
        skip=written.get("skip", ""),
        drop_aliases=written.get("drop_aliases", ""),
        backdate=written.get("backdate", False),
        inclusive_tiers=written.get("inclusive_tiers", False),
        fallback=written.get("fallback", {}),
        also=written.get("also", []),
        aliases=written.get("aliases", {}),
        models=written.get("models", {}),
    )


def build(overlay: Written) -> Written:
    """Return the catalogue as it is written to the file."""
    source = {"source": f"genai-prices {version('genai-prices')}", "checked": overlay["checked"]}
    vendors = {name: models(read_vendor(written)) for name, written in overlay["vendors"].items()}
    body = json.dumps(vendors, sort_keys=True).encode()
    return {
        "version": f"{overlay['checked']}-{hashlib.sha256(body).hexdigest()[:8]}",
        **source,
        "vendors": vendors,
    }


def models(vendor: CatalogueVendor) -> Written:
    """Return the records of one vendor by model id."""
    known = next((provider.models for provider in providers if provider.id == vendor.source), [])
    records: dict[str, Written] = {
        model.id: {"aliases": names(vendor, model), "prices": prices(vendor, model)}
        for model in known
        if re.fullmatch(vendor.keep, model.id)
        and not re.fullmatch(vendor.skip, model.id)
        and has_rates(model)
    }
    for record in records.values():
        for price in record["prices"]:
            if "batch" not in price:
                price.update(vendor.fallback)
    for addition in vendor.also:
        for model_id in addition["models"]:
            for price in records[model_id]["prices"]:
                for key, value in addition["keys"].items():
                    price[key] = {**price.get(key, {}), **value}
    records |= vendor.models
    for model_id, others in vendor.aliases.items():
        record = records[model_id]
        record["aliases"] = sorted({*record.get("aliases", []), *others})
    return {model_id: drop_empty(record) for model_id, record in sorted(records.items())}


def has_rates(model: types.ModelInfo) -> bool:
    """Whether every price of a model has an input rate: an empty one is no proof of free."""
    return all(price.prices.input_mtok is not None for price in conditional(model))


def conditional(model: types.ModelInfo) -> list[types.ConditionalPrice]:
    """Return a model's prices, each with its condition."""
    if isinstance(model.prices, list):
        return model.prices
    return [types.ConditionalPrice(constraint=None, prices=model.prices)]


def names(vendor: CatalogueVendor, model: types.ModelInfo) -> list[str]:
    """Return the other spellings genai-prices matches; a prefix is taken as a whole name."""
    found = {name for name in clause_names(model.match) if name != model.id and not name.endswith(("-", "@"))}
    return sorted(name for name in found if not re.fullmatch(vendor.drop_aliases, name))


def clause_names(clause: object) -> Iterator[str]:
    """Walk a match rule for the names in it."""
    match clause:
        case types.ClauseOr(or_=parts):
            for part in parts:
                yield from clause_names(part)
        case types.ClauseEquals(equals=name) | types.ClauseStartsWith(starts_with=name):
            yield name
        case _:
            return


def prices(vendor: CatalogueVendor, model: types.ModelInfo) -> list[Written]:
    """Return a model's prices with their validity, oldest first."""
    dated = [(start_of(price.constraint), price.prices) for price in conditional(model)]
    variants = [
        v for v in model.price_variants or [] if any(value is not None for _, value in rates(v.prices))
    ]
    later = set() if vendor.backdate else {start_of(variant.constraint) for variant in variants}
    starts = sorted({start for start, _ in dated} | later)
    latest = dated[-1][1]
    written: list[Written] = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        base = [price for since, price in dated if since <= start][-1]
        period: Written = {} if start == date.min else {"valid_from": start.isoformat()}
        period |= {} if end is None else {"valid_to": end.isoformat()}
        period |= table(dict(rates(base)), vendor.inclusive_tiers) | fees(base)
        for variant in variants:
            if vendor.backdate or start_of(variant.constraint) <= start:
                scaled = dict(scale(variant.prices, latest, base))
                place(period, variant.when, table(scaled, vendor.inclusive_tiers))
        written.append(period)
    return written


def start_of(constraint: object) -> date:
    """Return the first day of a condition; hours of the day stand in the overlay, with their weekdays."""
    if constraint is None:
        return date.min
    assert isinstance(constraint, types.StartDateConstraint), f"put {constraint} into the overlay"
    return constraint.start_date


def rates(price: types.ModelPrice) -> Iterator[tuple[str, Any]]:
    """Yield the rates of a price that a catalogue can hold."""
    for name in RATE_NAMES:
        if getattr(price, name, None) is not None:
            yield name, getattr(price, name)


def fees(price: types.ModelPrice) -> Written:
    """Return the fees of a price."""
    return {
        ours: text(getattr(price, theirs))
        for theirs, ours in FEES.items()
        if getattr(price, theirs) is not None
    }


def scale(
    variant: types.ModelPrice, latest: types.ModelPrice, base: types.ModelPrice
) -> Iterator[tuple[str, Any]]:
    """Yield a variant's rates as they were when `base` held: the same share of it as of the latest price."""
    for name, rate in rates(variant):
        now, then = getattr(latest, name), getattr(base, name)
        if base is latest or then is None:
            yield name, rate
        else:
            yield name, times(then, plain(rate) / plain(now))


def times(rate: Any, share: Decimal) -> Any:
    """Multiply a rate or every step of a tiered one."""
    if isinstance(rate, types.TieredPrices):
        steps = [types.Tier(start=tier.start, price=tier.price * share) for tier in rate.tiers]
        return types.TieredPrices(base=rate.base * share, tiers=steps)
    return rate * share


def plain(rate: Any) -> Decimal:
    """Return the rate of short inputs."""
    return Decimal(rate.base if isinstance(rate, types.TieredPrices) else rate)


def table(found: Mapping[str, Any], inclusive: bool) -> Written:
    """Write rates as a table; genai-prices writes a bound that is inclusive one token lower."""
    written: Written = {name: text(plain(rate)) for name, rate in found.items()}
    tiered = {name: rate for name, rate in found.items() if isinstance(rate, types.TieredPrices)}
    starts = sorted({tier.start for rate in tiered.values() for tier in rate.tiers})
    if starts:
        written["tiers"] = [
            {
                **({"from_input_tokens": start + 1} if inclusive else {"above_input_tokens": start}),
                **{name: text(step(rate, start)) for name, rate in found.items()},
            }
            for start in starts
        ]
    return written


def step(rate: Any, start: int) -> Decimal:
    """Return the rate above `start` tokens."""
    if not isinstance(rate, types.TieredPrices):
        return Decimal(rate)
    reached = [tier.price for tier in rate.tiers if tier.start <= start]
    return Decimal(reached[-1] if reached else rate.base)


def place(period: Written, when: Mapping[str, str], written: Written) -> None:
    """Put a variant's table where a price keeps it."""
    match dict(when):
        case {"processing": "batch"}:
            period["batch"] = written
        case {"service_tier": tier}:
            period.setdefault("service_tiers", {})[tier] = written
        case {"speed": speed}:
            period.setdefault("speeds", {})[speed] = written
        case _:
            return  # OpenRouter's routes by place: such a call reports its own cost


def text(number: Decimal) -> str:
    """Write a number exactly and plainly."""
    return f"{number.normalize():f}"


def drop_empty(record: Written) -> Written:
    """Leave out what is empty."""
    return {key: value for key, value in record.items() if value}


def main() -> None:
    """Write the catalogue and say what it holds."""
    catalogue = build(json.loads(OVERLAY.read_text()))
    lines = json.dumps(catalogue, indent=0, separators=(",", ":"))
    CATALOGUE.write_text(lines + "\n")
    counts = ", ".join(f"{name} {len(found)}" for name, found in catalogue["vendors"].items())
    sys.stdout.write(f"catalogue {catalogue['version']}: {counts}\n")


if __name__ == "__main__":
    main()
