"""Prices: what each deployment is priced at, in dollars per million tokens."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.tables.field import Field
from router.app.reading import ReadingApp
from router.core.settings.deployments import Deployment


def _rate(name: str) -> Callable[[Deployment], str | None]:
    def read_rate(deployment: Deployment) -> str | None:
        rate = getattr(deployment.price.table.rates, name) if deployment.price else None
        return None if rate is None else f"{rate:f}"

    return read_rate


FIELDS: tuple[Field[Deployment], ...] = (
    Field("deployment", lambda one: one.name),
    Field("provider", lambda one: one.provider.name),
    Field("model", lambda one: one.model),
    Field("billing", lambda one: one.billing.value),
    Field("input_mtok", _rate("input_mtok")),
    Field("cache_read_mtok", _rate("cache_read_mtok")),
    Field("cache_write_mtok", _rate("cache_write_mtok")),
    Field("output_mtok", _rate("output_mtok")),
    Field("price_version", lambda one: one.price.version if one.price else None),
)


def read(app: ReadingApp) -> list[Deployment]:
    """Return every deployment, cheapest tier first; a rate is empty where nobody knows it."""
    return sorted(app.config.deployments.values(), key=lambda deployment: deployment.tier.rank)
