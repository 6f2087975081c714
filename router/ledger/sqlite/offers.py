"""The rows of what providers offer: when they were asked, which models they list, what is left for free."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from router.core.records.offers import (
    NO_OFFERS,
    Allowance,
    AllowanceRead,
    Asked,
    ListedModel,
    Listing,
    ListingRead,
    OfferFinding,
    OfferNotRead,
    OfferReading,
    Offers,
)
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rows import figure
from router.ledger.sqlite.schema import has_table

REMEMBERED_MS = 90 * 86_400_000
"""How long a model is remembered that its provider no longer lists."""
_ASKED = {asked.value for asked in Asked}

_TRIED = """
INSERT INTO offer_reading (provider, asked, tried_at, read_at, problem)
VALUES (:provider, :asked, :now, iif(:problem IS NULL, :now, NULL), :problem)
ON CONFLICT (provider, asked) DO UPDATE
SET tried_at = :now, read_at = iif(:problem IS NULL, :now, read_at), problem = :problem
"""
_LISTED = """
INSERT INTO listed_model (provider, name, input_mtok, output_mtok, context_window, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (provider, name) DO UPDATE
SET input_mtok = excluded.input_mtok, output_mtok = excluded.output_mtok,
    context_window = excluded.context_window, last_seen = excluded.last_seen
"""
_ALL_LISTED = """
SELECT m.provider, name, input_mtok, output_mtok, context_window, first_seen, last_seen, read_at
FROM listed_model AS m JOIN offer_reading AS r ON r.provider = m.provider AND r.asked = 'models'
ORDER BY m.provider, name
"""


def write(connection: Connection, finding: OfferFinding) -> None:
    """Take in what came of asking a provider."""
    match finding:
        case ListingRead(provider, models, at_ms):
            write_listing(connection, provider, models, at_ms)
        case AllowanceRead(provider, allowance, at_ms):
            write_allowance(connection, provider, allowance, at_ms)
        case OfferNotRead(provider, asked, problem, at_ms):
            write_tried(connection, provider, asked, problem, at_ms)


def write_listing(connection: Connection, provider: str, models: Iterable[ListedModel], now_ms: int) -> None:
    """Take in a provider's whole list; what it held before and holds no more is remembered as gone."""
    connection.executemany(
        _LISTED,
        [
            (
                provider,
                m.name,
                _text(m.input_mtok),
                _text(m.output_mtok),
                figure(m.context_window),
                now_ms,
                now_ms,
            )
            for m in models
        ],
    )
    forgotten = (provider, now_ms - REMEMBERED_MS)
    connection.execute("DELETE FROM listed_model WHERE provider = ? AND last_seen < ?", forgotten)
    write_tried(connection, provider, Asked.MODELS, None, now_ms)


def write_allowance(connection: Connection, provider: str, told: Allowance | None, now_ms: int) -> None:
    """Take in what a provider still gives; None: it gives without limit."""
    connection.execute("DELETE FROM allowance WHERE provider = ?", (provider,))
    if told is not None:
        row = (provider, told.used, told.limit, now_ms)
        connection.execute(
            "INSERT INTO allowance (provider, used, allowed, read_at) VALUES (?, ?, ?, ?)", row
        )
    write_tried(connection, provider, Asked.ALLOWANCE, None, now_ms)


def write_tried(
    connection: Connection, provider: str, asked: Asked, problem: str | None, now_ms: int
) -> None:
    """Keep that a provider was asked, and why it did not answer; None: it did."""
    row = {"provider": provider, "asked": asked.value, "problem": problem, "now": now_ms}
    connection.execute(_TRIED, row)


def all_offers(connection: Connection) -> Offers:
    """Return all that is known; nothing from a ledger that is older than the tables."""
    if not has_table(connection, "offer_reading"):
        return NO_OFFERS
    readings = connection.execute("SELECT provider, asked, tried_at, read_at, problem FROM offer_reading")
    allowances = connection.execute("SELECT provider, used, allowed, read_at FROM allowance")
    return Offers(
        readings={
            (provider, Asked(asked)): OfferReading(tried_at, read_at, problem)
            for provider, asked, tried_at, read_at, problem in readings
            if asked in _ASKED  # a newer cockpit may ask more
        },
        listings=_listings(connection),
        allowances={name: Allowance(used, limit, read_at) for name, used, limit, read_at in allowances},
    )


def _listings(connection: Connection) -> dict[str, Listing]:
    models: dict[str, dict[str, ListedModel]] = {}
    gone: dict[str, dict[str, int]] = {}
    for provider, name, paid_in, paid_out, window, first, last, read_at in connection.execute(_ALL_LISTED):
        listed = models.setdefault(provider, {})
        if last == read_at:
            listed[name] = ListedModel(name, _rate(paid_in), _rate(paid_out), window, first)
        else:
            gone.setdefault(provider, {})[name] = last
    return {provider: Listing(listed, gone.get(provider, {})) for provider, listed in models.items()}


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:f}"


def _rate(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
