"""The format of a price. `core.cost.price_config` reads prices; here each key gets its line and column."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.config.scalars import Factor, IsoDate, Name, TimeOfDay, Usd, wrong
from router.config.settings import Count, Section


class RatesSection(Section):
    """Dollars per million tokens, as decimal numbers in quotes. A missing cache rate means the input rate."""

    input_mtok: Usd | None = None
    """Plain input."""
    output_mtok: Usd | None = None
    """Output, reasoning included."""
    cache_read_mtok: Usd | None = None
    """Input read from the provider's cache."""
    cache_write_mtok: Usd | None = None
    """Input written to it for five minutes."""
    cache_write_1h_mtok: Usd | None = None
    """Input written to it for an hour."""
    input_audio_mtok: Usd | None = None
    """Audio input."""
    cache_audio_read_mtok: Usd | None = None
    """Audio input read from the cache."""
    output_audio_mtok: Usd | None = None
    """Audio output."""


class LongInput(RatesSection):
    """Rates for every token of a request whose whole input passes a threshold."""

    above_input_tokens: Count | None = None
    """More than this many."""
    from_input_tokens: Count | None = None
    """This many or more."""

    @model_validator(mode="after")
    def _one_threshold(self) -> LongInput:
        if (self.above_input_tokens is None) == (self.from_input_tokens is None):
            raise wrong("needs either above_input_tokens or from_input_tokens, one of the two")
        return self


class RatesByLength(RatesSection):
    """Rates, and those of long inputs."""

    tiers: list[LongInput] | None = None
    """By the length of the input."""


class HoursSection(RatesSection):
    """Rates by the clock, in UTC."""

    weekdays: list[Annotated[int, Field(ge=1, le=7)]] | None = None
    """1 is Monday; every day when left out."""
    utc_from: TimeOfDay
    """`"01:00"`, inclusive."""
    utc_to: TimeOfDay
    """`"04:00"`, exclusive."""


class ModelPrice(RatesByLength):
    """The whole price of one model."""

    batch: RatesByLength | None = None
    """Through the batch API."""
    service_tiers: dict[Name, RatesByLength] | None = None
    """By the service tier that served."""
    speeds: dict[Name, RatesByLength] | None = None
    """By the speed that was asked for."""
    multipliers: dict[Name, Factor] | None = None
    """Factors on all token costs, in quotes."""
    schedule: list[HoursSection] | None = None
    """By the time of day."""
    web_search_usd_per_1k: Usd | None = None
    """For 1,000 web searches."""
    request_usd: Usd | None = None
    """For each request."""
    plan: Literal["free", "local", "subscription"] | None = None
    """Why nothing is paid per call."""
    valid_from: IsoDate | None = None
    """The first day it holds."""
    valid_to: IsoDate | None = None
    """The first day it no longer holds."""


class PriceSection(ModelPrice):
    """What a deployment costs; laid over the catalogue field by field."""

    confirmed: bool = False
    """That it is meant, where it is not 0.3 to 3 times the catalogue's: otherwise the deployment is off."""
    by_model: dict[Name, ModelPrice] | None = None
    """By the model that served."""
