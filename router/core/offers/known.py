"""What is known of all providers' offers, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.core.offers.allowance import Allowance
from router.core.offers.due import Readings
from router.core.offers.listing import Listing


@dataclass(frozen=True, slots=True)
class Offers:
    """By provider's name; a provider that was never read is missing."""

    readings: Readings = field(default_factory=dict)
    """When each was asked, and what was wrong."""
    listings: Mapping[str, Listing] = field(default_factory=dict)
    allowances: Mapping[str, Allowance] = field(default_factory=dict)


NO_OFFERS = Offers()
