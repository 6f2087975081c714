"""The format of a configuration (`version: 1`), first half: who may serve; and the whole.

Shapes and types only. Whether the names in it are defined is asked in `references.py`; what it means for the
engine is worked out in `loader.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from router.config.check_schema import CheckSection
from router.config.hook_schema import HookSection
from router.config.price_schema import PriceSection
from router.config.scalars import (
    ApiKey,
    BaseUrl,
    DottedPath,
    HeaderName,
    Language,
    Name,
    Seconds,
    Timezone,
    Usd,
    is_loopback,
    wrong,
)
from router.config.settings import (
    BudgetSection,
    ClassifierSection,
    Count,
    DisplaySection,
    GatewaySection,
    JobsSection,
    LevelSection,
    PolicySection,
    PrivacySection,
    Section,
    Share,
    StressSection,
    Text,
)
from router.core.settings.deployments import Need, Timeouts
from router.core.settings.providers import Billing, Wire
from router.core.settings.routes import Strategy

_TIMEOUTS = Timeouts()


class ProviderSection(Section):
    """An account at an endpoint."""

    wire: Annotated[Wire, Field(strict=False)]
    """The dialect it speaks: `openai`, `anthropic`, `ollama` or `llamacpp` (the embedded model)."""
    base_url: BaseUrl | None = None
    """Where it is, as its own documentation gives it to SDKs."""
    api_key: ApiKey | None = None
    """The key; `"${NAME}"` reads it from the environment."""
    billing: Annotated[Billing, Field(strict=False)]
    """What a call costs you: `metered`, `free`, `local` or `subscription`."""
    catalogue: Name | None = None
    """The vendor's name in the price catalogue, where it differs from the provider's name here."""
    proxy: BaseUrl | None = None
    """An HTTP proxy for this provider; none is taken from the environment."""
    trains: bool | None = None
    """Whether it may learn from prompts; left out, nobody knows, and `no_training` passes it over."""

    headers: dict[HeaderName, ApiKey] = Field(default_factory=dict)
    """Headers of every call beside the wire's own; `"${NAME}"` reads a value from the environment."""
    query: dict[Text, ApiKey] = Field(default_factory=dict)
    """Parameters behind every address: `?api-version=…`; `"${NAME}"` as for headers."""
    body: dict[Text, JsonValue] = Field(default_factory=dict)
    """Laid over the body of every call: mappings are merged, anything else is replaced."""
    usage_at: DottedPath | None = None
    """Where an answer, or a chunk of a stream, holds its token counts, if the wire has them elsewhere."""

    @model_validator(mode="after")
    def _has_room_for_its_words(self) -> ProviderSection:
        if self.wire is Wire.LLAMACPP and (self.headers or self.query or self.body):
            raise wrong("is the embedded model: it takes no headers, query or body of yours")
        if self.usage_at and self.wire is not Wire.OPENAI:
            raise wrong("has a usage_at, which only answers of wire openai may need; remove it")
        own = {"model", "messages", "stream", "max_tokens", "system"} & set(self.body)
        if own:
            raise wrong(f"sets {sorted(own)[0]} in its body, which every request says itself; remove it")
        return self

    @model_validator(mode="after")
    def _says_its_key_once(self) -> ProviderSection:
        names = [name.lower() for name in self.headers]
        if len(set(names)) < len(names):
            raise wrong("has the same header twice, in other letters; keep one")
        doubled = {"authorization", "x-api-key"} & set(names)
        if self.api_key and doubled:
            raise wrong(f"has an api_key and a header {doubled.pop()}; keep one of them")
        return self

    @model_validator(mode="after")
    def _address_fits(self) -> ProviderSection:
        if self.wire is Wire.LLAMACPP:
            if self.base_url is not None:
                raise wrong("is the embedded model: it has no base_url, remove it")
        elif self.base_url is None:
            raise wrong("has no base_url; add the address of the endpoint")
        elif self.api_key and self.base_url.startswith("http:") and not is_loopback(self.base_url):
            raise wrong("would send its api_key unencrypted; use https:// in base_url")
        return self


class TierSection(Section):
    """A rung of the ladder."""

    label: Text
    """What it is, in a word or two."""


class LimitsSection(Section):
    """What the provider allows."""

    rpm: Count | None = None
    """Requests a minute."""
    tpm: Count | None = None
    """Tokens a minute."""
    rpd: Count | None = None
    """Requests a day."""
    tpd: Count | None = None
    """Tokens a day."""
    parallel: Count | None = None
    """Requests at once."""
    reset_timezone: Timezone | None = None
    """Where that day begins; UTC when left out."""


class TimeoutsSection(Section):
    """How long one attempt may take."""

    connect: Seconds = _TIMEOUTS.connect_s
    """To reach the endpoint."""
    first_token: Seconds = _TIMEOUTS.first_token_s
    """To the first content."""
    idle: Seconds = _TIMEOUTS.idle_s
    """Between two pieces of content."""
    total: Seconds = _TIMEOUTS.total_s
    """To the end."""


class QualityAt(Section):
    """How good a deployment is at one kind of work."""

    task: Name | None = None
    """The task; any when left out."""
    language: Language | None = None
    """The language, an ISO 639-1 code; any when left out."""
    quality: Share
    """0 to 1."""

    @model_validator(mode="after")
    def _says_of_what(self) -> QualityAt:
        if self.task is None and self.language is None:
            raise wrong("names neither a task nor a language; write `quality` for what holds everywhere")
        return self


class DeploymentSection(Section):
    """One model at one provider: what is chosen, cooled and billed."""

    tier: Name
    """The rung it stands on."""
    provider: Name
    """Where it is."""
    model: Text | None = None
    """The model's name there; the embedded model needs none."""
    billing: Annotated[Billing, Field(strict=False)] | None = None
    """Where it differs from the provider's."""
    price: PriceSection | None = None
    """Where it differs from the catalogue's."""
    context_window: Count | None = None
    """Tokens of input and output together."""
    max_output_tokens: Count | None = None
    """The most it answers with."""
    limits: LimitsSection = LimitsSection()
    """What the provider allows."""
    timeouts: TimeoutsSection = TimeoutsSection()
    """How long one attempt may take."""
    weight: Annotated[float, Field(ge=0)] = 1.0
    """Its share under the `weighted` strategy; 0: only after the others."""
    order: Annotated[int, Field(ge=0)] = 0
    """Lower ones come first within a route, whatever its strategy."""
    capabilities: list[Annotated[Need, Field(strict=False)]] | None = None
    """What it can do beyond text: `vision`, `tools`, `json`; left out, what its wire usually can."""
    trains: bool | None = None
    """Where it differs from the provider's."""
    max_error_rate: Share | None = None
    """The share of failures lately, 0 to 1, above which it is passed over; never when left out."""
    quality: Share | None = None
    """How good its answers are, 0 to 1; ratings and checks move it. 0.5 when left out."""
    quality_at: list[QualityAt] = Field(default_factory=list)
    """Where that differs, for a task, a language or both."""
    cooldown: Seconds | None = None
    """How long it rests after repeated failures, where that differs from `policy.cooldown`."""
    dropped: Text | None = None
    """Why it was taken out of every route and tier (`cockpit drop`); by its own name it still serves."""
    switched_off: Text | None = None
    """Why it is not to be used: this switches it off and is shown as the reason."""


class ClimbSection(Section):
    """What a route may do upwards; nothing unless it says so."""

    free_to_paid: bool = False
    """Whether a paid deployment may serve where a free one could not."""
    subscription_to_metered: bool = False
    """Whether a paid deployment may serve where a subscription's quota is used up."""
    max_usd_per_call: Usd | None = None
    """The most one call may cost then."""
    max_tier: Name | None = None
    """The highest tier that may serve."""


class RouteSection(Section):
    """A name that callers ask for, and who may serve it."""

    ladder: Annotated[list[Name], Field(min_length=1)] | None = None
    """Tiers, in the order they are tried."""
    use: Annotated[list[Name], Field(min_length=1)] | None = None
    """Or deployments, in the order they are tried."""
    fallbacks: list[Name] = Field(default_factory=list)
    """Routes whose deployments come after these, or single deployments."""
    without: dict[Name, Text] = Field(default_factory=dict)
    """Deployments that this route does without, and why, as `cockpit drop --from` writes them."""
    strategy: Annotated[Strategy, Field(strict=False)] = Strategy.ORDERED
    """`ordered`, `weighted`, `cheapest`, `fastest` or `spread`."""
    climb: ClimbSection = ClimbSection()
    """What it may do upwards."""
    no_training: bool = False
    """Whether only deployments may serve that are known not to train on prompts."""
    local_only: bool = False
    """Whether only local deployments may serve."""
    cache: bool = False
    """Whether its answers are kept, text and all, and stand in for exactly the same request when nobody
    can serve; see `policy.cache`."""
    checks: list[CheckSection] = Field(default_factory=list)
    """What an answer must pass; one that fails climbs one tier, once. Answers then come in one piece."""

    @model_validator(mode="after")
    def _one_way_to_say_who(self) -> RouteSection:
        if (self.ladder is None) == (self.use is None):
            raise wrong("needs either `ladder` (tiers) or `use` (deployments), one of the two")
        return self


class TaskSection(Section):
    """Where one kind of work goes."""

    route: Name
    """A route, tier or deployment."""
    min_tier: Name | None = None
    """The lowest tier that may serve it."""
    max_tier: Name | None = None
    """The highest."""


class File(Section):
    """A whole configuration."""

    version: Literal[1]
    """The format's version."""
    providers: Annotated[dict[Name, ProviderSection], Field(min_length=1)]
    """Accounts at endpoints."""
    tiers: Annotated[dict[Name, TierSection], Field(min_length=1)]
    """The ladder's rungs, cheapest first."""
    deployments: Annotated[dict[Name, DeploymentSection], Field(min_length=1)]
    """Models at providers; within a tier the first one is tried first."""
    routes: Annotated[dict[Name, RouteSection], Field(min_length=1)]
    """Names that callers ask for."""
    aliases: dict[Name, Name] = Field(default_factory=dict)
    """Other names for them; `*` and `?` match any characters."""
    tasks: dict[Name, TaskSection] = Field(default_factory=dict)
    """Where each kind of work goes; `default` is where the rest goes."""
    levels: dict[Literal["L1", "L2", "L3"], LevelSection] = Field(default_factory=dict)
    """Who may serve each level of difficulty."""
    classifier: ClassifierSection | None = None
    """Who says what kind of work an ask is; left out, the built-in classifier."""
    budgets: list[BudgetSection] = Field(default_factory=list)
    """Limits on spend."""
    policy: PolicySection = PolicySection()
    """The engine's bounds."""
    stress: StressSection = StressSection()
    """How free deployments are tried out."""
    jobs: JobsSection = JobsSection()
    """What runs by the clock."""
    hooks: list[HookSection] = Field(default_factory=list)
    """Who is told when something happened."""
    gateway: GatewaySection = GatewaySection()
    """The local HTTP server."""
    display: DisplaySection = DisplaySection()
    """How figures are shown."""
    privacy: PrivacySection = PrivacySection()
    """What is kept of prompts and answers."""
