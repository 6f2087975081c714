"""What providers' lists of models say against a configuration: gone, no longer free, newly free.

A list may be wrong or say only a part, so this is told and nothing is switched off by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from router.core.catalog.listing import FREE_SUFFIX, spellings
from router.core.records.offers import ListedModel, Listing, Offers
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing, Wire

NEW_FOR_MS = 14 * 86_400_000
"""How long a free model is told as new."""
ELSEWHERE = ("-cloud", ":cloud")
"""How the names end of models that Ollama passes on to its own servers: its list need not have them."""


class NewsKind(StrEnum):
    """What a list says."""

    GONE = "gone"
    NOT_FREE = "not_free"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class ModelNews:
    """One thing a list says. Moments are milliseconds since 1970, UTC."""

    kind: NewsKind
    provider: str
    model: str
    deployment: str | None = None
    """Whom it concerns; None for a free model that nobody configured."""
    listed: ListedModel | None = None
    """The entry it is read from; None where there is none."""
    since: int | None = None
    """When a model that is gone was last listed, or a free one first was; None: not known."""
    new: bool = False
    """A free model came after the list was first read, and not long ago."""


def news(config: RouterConfig, offers: Offers, now_ms: int) -> tuple[ModelNews, ...]:
    """Return what the lists say of a configuration: its own models first, then free ones, newest first."""
    listings = offers.listings
    concerns = [found for deployment in config.deployments.values() for found in _of(deployment, listings)]
    free = [
        offer
        for provider, listing in listings.items()
        if provider in config.providers
        for offer in _free(config, provider, listing, now_ms)
    ]
    return (*concerns, *sorted(free, key=lambda offer: (-(offer.since or 0), offer.model)))


def _of(deployment: Deployment, listings: Mapping[str, Listing]) -> Iterator[ModelNews]:
    listing = listings.get(deployment.provider.name)
    if listing is None or not listing.models:
        return
    if deployment.provider.wire is Wire.OLLAMA and deployment.model.endswith(ELSEWHERE):
        return
    names = spellings(deployment)
    entry = next((listing.models[name] for name in names if name in listing.models), None)
    if entry is None:
        paid = listing.models.get(deployment.model.removesuffix(FREE_SUFFIX))
        kind = NewsKind.GONE if paid is None else NewsKind.NOT_FREE
        since = max((listing.gone[name] for name in names if name in listing.gone), default=None)
        yield _news(kind, deployment, paid, since)
    elif deployment.billing is Billing.FREE and _costs(entry):
        yield _news(NewsKind.NOT_FREE, deployment, entry, None)


def _news(kind: NewsKind, deployment: Deployment, listed: ListedModel | None, since: int | None) -> ModelNews:
    return ModelNews(kind, deployment.provider.name, deployment.model, deployment.name, listed, since)


def _costs(entry: ListedModel) -> bool:
    return any(rate is not None and rate > 0 for rate in (entry.input_mtok, entry.output_mtok))


def _free(config: RouterConfig, provider: str, listing: Listing, now_ms: int) -> Iterator[ModelNews]:
    """Find free models that nobody configured; only lists that tell prices have any."""
    used = {
        name
        for deployment in config.deployments.values()
        if deployment.provider.name == provider
        for name in spellings(deployment)
    }
    began = min((model.first_seen for model in listing.models.values()), default=0)
    for model in listing.models.values():
        if model.is_free and model.name not in used:
            new = model.first_seen > began and now_ms - model.first_seen <= NEW_FOR_MS
            yield ModelNews(NewsKind.FREE, provider, model.name, None, model, model.first_seen, new)
