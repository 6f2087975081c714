"""What the configuration says, as values: providers, tiers, deployments, routes; and what a caller asks.

Owns the nouns of the engine. Knows nothing of YAML, of wires or of what has happened so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from router.core.pricing import Price
from router.core.secret import Secret


class Wire(StrEnum):
    """The dialect a provider speaks; one adapter each."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"
    LLAMACPP = "llamacpp"


class Billing(StrEnum):
    """What a call to a deployment costs its owner."""

    METERED = "metered"
    FREE = "free"
    LOCAL = "local"
    SUBSCRIPTION = "subscription"


class Strategy(StrEnum):
    """How a route orders the deployments that may serve it."""

    ORDERED = "ordered"
    WEIGHTED = "weighted"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Provider:
    """An account at an endpoint."""

    name: str
    wire: Wire
    billing: Billing
    base_url: str | None = None
    """Without a trailing slash; None for the embedded model, whose address is known once it runs."""
    api_key: Secret | None = None
    key_name: str | None = None
    """The environment variable the key is read from, for the words "set GEMINI_API_KEY"."""
    catalogue: str | None = None
    """The vendor's name in the price catalogue and in the failure rules, where it is not `name`."""
    proxy: str | None = None

    @property
    def vendor(self) -> str:
        """The name the price catalogue and the failure rules know this provider by."""
        return self.catalogue or self.name


@dataclass(frozen=True, slots=True)
class Tier:
    """A rung of the ladder."""

    name: str
    label: str
    rank: int
    """0 is the cheapest."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one attempt may take, in seconds. Comments and pings reset none of them."""

    connect_s: float = 5.0
    first_token_s: float = 60.0
    idle_s: float = 60.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Climb:
    """What a route may do upwards; nothing unless it says so."""

    free_to_paid: bool = False
    max_cost_nano: int | None = None
    """The most one call may cost after a climb, in nano-dollars."""


@dataclass(frozen=True, slots=True)
class Route:
    """A name that callers ask for, and who may serve it."""

    name: str
    deployments: tuple[str, ...]
    """Names in the order of the configuration; a ladder is written out tier by tier."""
    ladder: tuple[str, ...] = ()
    """The tiers it was written as, when it was."""
    strategy: Strategy = Strategy.ORDERED
    climb: Climb = Climb()


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Where one kind of work goes."""

    route: str
    min_tier: str | None = None
    max_tier: str | None = None


@dataclass(frozen=True, slots=True)
class LevelRule:
    """Who may serve one level of difficulty, and what it may cost."""

    tiers: tuple[str, ...]
    ceiling_nano_per_1k: int | None = None
    """The most that 1,000 requests may cost, in nano-dollars; cost scores are measured against it."""


class BudgetScope(StrEnum):
    """Whose spend a budget limits."""

    ALL = "all"
    TIER = "tier"
    PROVIDER = "provider"
    DEPLOYMENT = "deployment"
    TAG = "tag"


class BudgetWindow(StrEnum):
    """The span a budget is counted over."""

    CALL = "call"
    SESSION = "session"
    DAY = "day"
    SEVEN_DAYS = "7d"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on spend."""

    scope: BudgetScope
    target: str | None
    """The tier, provider, deployment or `key=value` tag; None for all spend."""
    window: BudgetWindow
    limit_nano: int
    hard: bool = True
    """A hard budget refuses what does not fit; a soft one warns."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The engine's bounds over all routes. Times in seconds."""

    max_attempts: int = 4
    default_max_tokens: int = 4096
    """Asked for where the caller asks for nothing, so that the cost of every call has a bound."""
    deadline_s: float = 120.0
    cooldown_s: float = 120.0
    allowed_fails: int = 3
    fail_window_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Display:
    """How figures are shown; the ledger stays in USD."""

    currency: str = "USD"
    usd_rate: Decimal = Decimal(1)
    """Units of `currency` for one dollar."""
    rate_date: str | None = None
    timezone: str | None = None
    """An IANA name; None is the system's own zone."""
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """One configuration, whole and checked: every name in it is defined in it."""

    source: str
    """The file it came from, or `built-in`."""
    providers: Mapping[str, Provider]
    tiers: tuple[Tier, ...]
    """Cheapest first."""
    deployments: Mapping[str, Deployment]
    routes: Mapping[str, Route]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """A glob of names, and the route, tier or deployment it stands for."""
    tasks: Mapping[str, TaskRule] = field(default_factory=dict)
    levels: Mapping[str, LevelRule] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    policy: Policy = Policy()
    display: Display = Display()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks of the engine."""

    messages: tuple[Message, ...]
    name: str = "auto"
    """A route, tier, deployment or alias."""
    task: str | None = None
    max_tokens: int | None = None
    max_cost_nano: int | None = None
    session: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    source: str = "ask"
    """Where it came from: ask, cockpit, gateway, stress."""
