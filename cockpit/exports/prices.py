"""The table of prices: what each deployment is priced at, in dollars per million tokens."""

from __future__ import annotations

from decimal import Decimal

from cockpit.plain import Cell
from router.core.settings.deployments import Deployment
from router.wiring.reading import Reading

COLUMNS = (
    *("deployment", "provider", "model", "billing", "input_mtok", "cache_read_mtok", "cache_write_mtok"),
    *("output_mtok", "price_version"),
)


def rows(world: Reading) -> list[dict[str, Cell]]:
    """Return every deployment with its plain rates, cheapest tier first; empty where nobody knows one."""
    ranked = sorted(world.config.deployments.values(), key=lambda deployment: deployment.tier.rank)
    return [_row(deployment) for deployment in ranked]


def _row(deployment: Deployment) -> dict[str, Cell]:
    price = deployment.price
    plain = price.table.rates if price else None
    return {
        "deployment": deployment.name,
        "provider": deployment.provider.name,
        "model": deployment.model,
        "billing": deployment.billing.value,
        "input_mtok": _rate(plain.input_mtok if plain else None),
        "cache_read_mtok": _rate(plain.cache_read_mtok if plain else None),
        "cache_write_mtok": _rate(plain.cache_write_mtok if plain else None),
        "output_mtok": _rate(plain.output_mtok if plain else None),
        "price_version": price.version if price else None,
    }


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:f}"
