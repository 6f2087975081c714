"""What the configuration says, as values: providers, tiers, deployments, routes; and what a caller asks.

Owns the nouns of the engine. Knows nothing of YAML, of wires or of what has happened so far.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from router.core.answers.checks import Check
from router.core.answers.keeping import USUAL, Keeping
from router.core.asks.classifier import EmbeddingsClassifier
from router.core.choosing.quality import NOT_SAID, Priors
from router.core.choosing.rules import Rule
from router.core.choosing.scoring import USUAL_WEIGHTS, Weights
from router.core.choosing.task_map import LevelRule, TaskRule
from router.core.clockwork import USUAL_JOBS, Jobs
from router.core.display import USD, Display
from router.core.hook import Hook
from router.core.money.pricing import Price
from router.core.request import ANYBODY, Message, Need, Privacy, Request
from router.core.secret import Secret
from router.core.spending_limits import USUAL_GUARD, Budget, BudgetScope, BudgetWindow, Guard

# Handed on: who imports the configuration's nouns wants these as well.
__all__ = [
    "Budget",
    "BudgetScope",
    "BudgetWindow",
    "EmbeddingsClassifier",
    "Guard",
    "LevelRule",
    "Message",
    "Request",
    "TaskRule",
]


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
    trains: bool | None = None
    """Whether it may learn from prompts; None: nobody has said."""

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
    quality: Priors = NOT_SAID
    """What the configuration says of its answers."""


@dataclass(frozen=True, slots=True)
class Climb:
    """What a route may do upwards; nothing unless it says so."""

    free_to_paid: bool = False
    max_cost_nano: int | None = None
    """The most one call may cost after a climb, in nano-dollars."""
    max_tier: str | None = None
    """The highest tier it may reach; None: the highest it names."""
    subscription_to_metered: bool = False
    """Whether calls that a subscription's quota leaves no room for may be paid one by one."""

    def undeclared(self, unpaid: Collection[Billing]) -> str | None:
        """Return the word that is missing for a paid call where those were to serve; None when none is."""
        if Billing.SUBSCRIPTION in unpaid and not self.subscription_to_metered:
            return "subscription_to_metered"
        if any(kind is not Billing.SUBSCRIPTION for kind in unpaid) and not self.free_to_paid:
            return "free_to_paid"
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """A name that callers ask for, and who may serve it."""

    name: str
    deployments: tuple[str, ...]
    """Names in the order of the configuration; a ladder is written out tier by tier."""
    ladder: tuple[str, ...] = ()
    """The tiers it was written as, when it was."""
    own: int | None = None
    """How many of them are its own, None for all; those after are its fallbacks', which no strategy moves."""
    strategy: Strategy = Strategy.ORDERED
    climb: Climb = Climb()
    privacy: Privacy = ANYBODY
    cache: bool = False
    """Whether its answers are kept, and one to exactly the same may stand in when nobody can serve."""
    free_only: bool = False
    """It was asked for with `:free`: nothing that costs money may serve."""
    explicit: bool = False
    """It was asked for by the name of a tier or a deployment: no task, level or rule has a say."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Which of its deployments were dropped from it, and why: they are its own still, and serve nothing."""
    checks: tuple[Check, ...] = ()
    """What an answer must pass; with any, nothing of an answer is handed over before all have spoken."""


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
    queue_s: float = 5.0
    """How long a request may queue for a limit to free, instead of paying or failing."""
    slow_s: float = 2.0
    """First content that comes later, while several calls run, lets fewer of them run at once."""
    guard: Guard = USUAL_GUARD
    keeping: Keeping = USUAL
    wait_for_free_s: float = 0.0
    """How long a request may wait for a free deployment's rest to end instead of paying or failing."""
    weights: Weights = USUAL_WEIGHTS
    rules: tuple[Rule, ...] = ()
    cache_prompts: bool = False
    """Whether beginnings that come again are marked for the provider's prompt cache."""


@dataclass(frozen=True, slots=True)
class StressDefaults:
    """How a deployment is tried out unless somebody says otherwise."""

    requests: int = 6
    timeout_s: float = 20.0


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
    hooks: tuple[Hook, ...] = ()
    jobs: Jobs = USUAL_JOBS
    display: Display = USD
    gateway_key: Secret | None = None
    """The key callers of the gateway send, where the configuration names one."""
    classifier: EmbeddingsClassifier | None = None
    """None: the built-in one alone."""
    local_only_tasks: frozenset[str] = frozenset()
    """Tasks that only local deployments may serve."""
    stress: StressDefaults = StressDefaults()
    ignored: tuple[str, ...] = ()
    """What a LiteLLM file says that has no meaning here, or another one, each said once with its lines."""
