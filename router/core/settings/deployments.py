"""Models at providers with their tiers, limits, time-outs and quality, as the configuration says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from router.core.settings.prices import Price
from router.core.settings.providers import Billing, Provider


class Need(StrEnum):
    """Something a request needs that not every model can do."""

    VISION = "vision"
    """Pictures in the messages."""
    TOOLS = "tools"
    """Calls of the caller's functions."""
    JSON = "json"
    """An answer that is JSON, by the wire's own switch."""


UNKNOWN_QUALITY = 0.5
"""Where nobody has said anything, neither good nor bad."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work; None is any."""

    task: str | None = None
    language: str | None = None
    """An ISO 639-1 code."""


@dataclass(frozen=True, slots=True)
class QualityPriors:
    """What the configuration says of one deployment, 0 to 1."""

    usual: float | None = None
    of: Mapping[Work, float] = field(default_factory=dict)
    """Where it differs: for a task in a language, a task, or a language."""

    def at(self, work: Work) -> float:
        """Return the word for this work: the most particular one, a task before a language."""
        particular = (work, Work(work.task), Work(None, work.language))
        said = next((self.of[one] for one in particular if one in self.of), self.usual)
        return UNKNOWN_QUALITY if said is None else said


NOT_SAID = QualityPriors()


@dataclass(frozen=True, slots=True)
class Tier:
    """A rung of the ladder."""

    name: str
    label: str
    rank: int
    """0 is the cheapest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one attempt may take, in seconds. Comments and pings reset none of them."""

    connect_s: float = 5.0
    first_token_s: float = 60.0
    idle_s: float = 60.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a provider allows; None where it is not known."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    tpd: int | None = None
    parallel: int | None = None
    reset_timezone: str | None = None
    """Where the day of `rpd` and `tpd` begins, an IANA name; None is UTC."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One model at one provider with one price and its limits: what is chosen, cooled and billed."""

    name: str
    tier: Tier
    provider: Provider
    model: str
    billing: Billing
    price: Price | None = None
    """None when nobody knows it: then a cost is unknown, never zero."""
    context_window: int | None = None
    max_output_tokens: int | None = None
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    off: str | None = None
    """Why this deployment cannot be used at all (no key, no wheel), in words for the user; else None."""
    dropped: str | None = None
    """Why it was taken out of every route and tier; asked for by its own name it still serves."""
    cooldown_s: float | None = None
    """Where it differs from the policy's."""
    weight: float = 1.0
    """Its share among its route's own deployments under the `weighted` strategy; 0: only after the others."""
    order: int = 0
    """Lower ones come first within a route whatever its strategy, which arranges those of one order."""
    capabilities: frozenset[Need] | None = None
    """What it can do beyond text; None: what its wire usually can."""
    trains: bool | None = None
    """Where it differs from the provider's."""
    max_error_rate: float | None = None
    """The share of failures lately, 0 to 1, above which it is passed over."""
    embeds: bool = False
    """It makes embeddings for the classifier, and no answers."""
    quality: QualityPriors = NOT_SAID
    """What the configuration says of its answers."""
