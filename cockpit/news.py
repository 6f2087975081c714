"""What providers' lists say, in words: for the command and for the card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from cockpit.format import time_of_day
from router.core.catalog.news import ModelNews, NewsKind
from router.core.records.offers import Asked, ListedModel, Offers

TITLES = {NewsKind.GONE: "gone?", NewsKind.NOT_FREE: "not free", NewsKind.FREE: "free"}
"""A list may be wrong: what it lacks is only asked about."""
_NOUNS = {Asked.MODELS: "the list of models", Asked.ALLOWANCE: "what is left for free"}


def advice(one: ModelNews) -> str | None:
    """Return what to do about a piece of news."""
    match one.kind:
        case NewsKind.GONE | NewsKind.NOT_FREE:
            return f"cockpit drop {one.deployment}"
        case _:
            return None


def rates(listed: ListedModel) -> str:
    """Return dollars per million tokens, in and out; `?` where the list does not say."""
    return " / ".join(
        "?" if rate is None else f"${rate:f}" for rate in (listed.input_mtok, listed.output_mtok)
    )


def not_read(offers: Offers, zone: tzinfo) -> Sequence[str]:
    """Return a line for each provider that did not answer the last time."""
    return [
        f"{_NOUNS[asked]} of {provider} could not be read at {time_of_day(reading.tried_at, zone)}:"
        f" {reading.problem}"
        for (provider, asked), reading in offers.readings.items()
        if reading.problem
    ]
