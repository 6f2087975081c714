"""What providers were found to offer: their lists of models, and what is left of an account's allowance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Allowance:
    """Requests of the current day, UTC, to all free models of an account together."""

    used: int
    limit: int
    read_at: int = 0
    """Milliseconds since 1970, UTC; 0 before it is kept."""


class Asked(StrEnum):
    """What a provider is asked for."""

    MODELS = "models"
    ALLOWANCE = "allowance"


@dataclass(frozen=True, slots=True)
class OfferReading:
    """The last time a provider was asked. Moments are milliseconds since 1970, UTC."""

    tried_at: int
    read_at: int | None = None
    """None: it has never answered."""
    problem: str | None = None
    """Why it did not answer the last time."""


Readings = Mapping[tuple[str, Asked], OfferReading]
"""By the provider's name and what it was asked for."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One entry. Rates are dollars per million tokens; None where the list does not say."""

    name: str
    input_mtok: Decimal | None = None
    output_mtok: Decimal | None = None
    context_window: int | None = None
    first_seen: int = 0
    """When it was first in the list, in milliseconds since 1970, UTC; 0 before it is kept."""

    @property
    def is_free(self) -> bool | None:
        """Whether it costs nothing; None where the list does not say what it costs."""
        if self.input_mtok is None or self.output_mtok is None:
            return None
        return self.input_mtok == self.output_mtok == 0


@dataclass(frozen=True, slots=True)
class Listing:
    """One provider's list. Moments are milliseconds since 1970, UTC."""

    models: Mapping[str, ListedModel]
    """What the newest reading held, by name."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """What earlier readings held: the name, and when it was last there."""


@dataclass(frozen=True, slots=True)
class Offers:
    """By provider's name; a provider that was never read is missing."""

    readings: Readings = field(default_factory=dict)
    """When each was asked, and what was wrong."""
    listings: Mapping[str, Listing] = field(default_factory=dict)
    allowances: Mapping[str, Allowance] = field(default_factory=dict)


NO_OFFERS = Offers()


@dataclass(frozen=True, slots=True)
class ListingRead:
    """A provider told its whole list; what it held before and holds no more is remembered as gone."""

    provider: str
    models: tuple[ListedModel, ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class AllowanceRead:
    """A provider told what it still gives; None: it gives without limit."""

    provider: str
    allowance: Allowance | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class OfferNotRead:
    """A provider was asked and did not answer, and why."""

    provider: str
    asked: Asked
    problem: str
    at_ms: int


OfferFinding = ListingRead | AllowanceRead | OfferNotRead
