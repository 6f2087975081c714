"""The format of a configuration, second half: policy, budgets, display and what runs beside requests.

Shapes and types only; `schema.py` is the first half and the whole. Defaults are the engine's own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.config.scalars import (
    ApiKey,
    Currency,
    Every,
    IsoDate,
    Language,
    Name,
    Seconds,
    TimeOfDay,
    Timezone,
    Usd,
    wrong,
)
from router.core.money import NANO
from router.core.settings.budgets import BudgetWindow
from router.core.settings.jobs import USUAL_JOBS
from router.core.settings.policy import Policy, StressDefaults
from router.core.settings.tasks import EmbeddingsClassifier

_POLICY = Policy()

_GUARD = _POLICY.guard

_CLASSIFIER = EmbeddingsClassifier("")

_STRESS = StressDefaults()

_NOT_SPANS = (BudgetWindow.CALL, BudgetWindow.SESSION)

Count = Annotated[int, Field(ge=1)]

Text = Annotated[str, Field(min_length=1)]

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """What all parts have in common: unknown keys are refused, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class LevelSection(Section):
    """Who may serve one level of difficulty."""

    tiers: Annotated[list[Name], Field(min_length=1)]
    """The tiers it may be served from."""
    ceiling_usd_per_1k: Usd | None = None
    """The most that 1,000 requests of this level may cost."""


class BudgetSection(Section):
    """A limit on spend."""

    scope: str = "all"
    """`all`, `tier:T5`, `provider:x`, `deployment:opus`, `route:auto`, `tag:client=acme`, or `session`
    for each session by itself (`session:NAME` for one)."""
    window: Annotated[BudgetWindow, Field(strict=False)]
    """`call` (one request with all its attempts), `session`, `hour`, `day`, `7d` or `month`."""
    usd: Usd
    """The limit in dollars."""
    mode: Literal["hard", "soft"] = "hard"
    """`hard` refuses what does not fit, `soft` warns."""
    rolling: bool | None = None
    """Whether the window moves in whole hours (a month is then 30 days) or begins at midnight in
    `display.timezone`; left out, `7d` moves and the others begin at midnight."""

    @model_validator(mode="after")
    def _only_a_span_rolls(self) -> BudgetSection:
        if self.rolling is not None and self.window in _NOT_SPANS:
            raise wrong(f"has no `rolling`: a window of one {self.window} does not move. Remove it")
        return self


class CacheSection(Section):
    """Answers that routes with `cache: true` keep, whose text then stands in the ledger's file; and the
    provider's own cache of prompts."""

    prompts: Literal["kept", "auto"] = "kept"
    """`auto` marks the system prompt and the longest beginning that comes again for the provider's prompt
    cache; `kept` only hands on what a caller has marked. `cache: auto` says the same in short."""
    ttl: Seconds = _POLICY.keeping.age_s
    """How long one may be used; it is removed soon after."""
    answers: Count = _POLICY.keeping.answers
    """How many are kept, the newest."""
    mib: Annotated[int, Field(ge=1, le=1024)] = _POLICY.keeping.mib
    """How much text they may hold together."""

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, written: object) -> object:
        return {"prompts": written} if written in ("auto", "kept") else written


class ClassifierSection(Section):
    """Who says what kind of work an ask is, instead of the built-in classifier."""

    embeddings: Name
    """A deployment of an embedding model, wire `openai` or `ollama`; it answers nothing else. Run
    `cockpit classify --fit` once for it."""
    timeout: Seconds = _CLASSIFIER.timeout_s
    """After this the built-in classifier decides."""
    margin: Share = _CLASSIFIER.margin
    """It abstains where another task lies less than this further off."""


class GuardSection(Section):
    """What pauses paid calls and asks; `null` switches one off. `cockpit resume` lifts a pause."""

    usd_per_10m: Usd | None = Decimal(_GUARD.nano_per_10m or 0) / NANO
    """Spend within ten minutes, running calls included."""
    requests_per_minute: Count | None = _GUARD.requests_per_minute
    """Paid requests of all sessions."""
    identical_calls: Count | None = _GUARD.identical_calls
    """The same paid request of one session within ten minutes."""


class WeightsSection(Section):
    """How a score weighs its parts; `pressure` moves weight from quality to cost as budgets fill."""

    cost: Share = 0.3
    """At an untouched budget."""
    quality: Share = 0.4
    """At an untouched budget; falls to 0 as it is used up."""
    health: Share = 0.3
    """Always."""
    pressure: Share = 0.4
    """What cost gains when the budget is used up."""


class WhenSection(Section):
    """What a rule waits for; all that is said must hold."""

    tasks: list[Name] = Field(default_factory=list)
    """Any of these tasks."""
    language: Language | None = None
    """An ISO 639-1 code."""
    urgent: bool | None = None
    """Whether the caller waits for it."""
    accuracy_over: Annotated[float, Field(ge=0, le=100)] | None = None
    """The caller asks for more than this accuracy, in percent."""
    repeated_prefix: bool | None = None
    """The same beginning was sent before."""
    requests_per_day_over: Count | None = None
    """More than this many of the task in a day."""


class RuleSection(Section):
    """A decision that is always made the same way."""

    when: WhenSection
    """What it waits for."""
    route: Name | None = None
    """Where it sends the request."""
    min_tier: Name | None = None
    """The lowest tier that may serve it."""
    max_tier: Name | None = None
    """The highest tier that may serve it."""
    batch: bool | None = None
    """Whether it goes to the provider's batch API, at half price and later."""
    cache_prefix: bool | None = None
    """Whether the beginning is marked for the provider's prompt cache."""


class PolicySection(Section):
    """The engine's bounds over all routes."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = _POLICY.max_attempts
    """Calls to deployments for one request, the first included."""
    default_max_tokens: Count = _POLICY.default_max_tokens
    """Asked for where the caller asks for nothing, so that the cost of every call has a bound."""
    deadline: Seconds = _POLICY.deadline_s
    """How long one request may take, all attempts together."""
    cooldown: Seconds = _POLICY.cooldown_s
    """How long a deployment rests when `allowed_fails` in `fail_window` is reached."""
    allowed_fails: Count = _POLICY.allowed_fails
    """Failures that trip the cooldown."""
    fail_window: Seconds = _POLICY.fail_window_s
    """The span they are counted over."""
    wait_for_free: Seconds | None = None
    """How long a request may wait for a free deployment instead of paying; left out: not at all."""
    queue: Seconds = _POLICY.queue_s
    """How long a request may wait for a deployment's limit to free, instead of paying or failing."""
    slow: Seconds = _POLICY.slow_s
    """First content that comes later, where many calls run at once, lets fewer of them run."""
    cache: CacheSection = CacheSection()
    """Answers that routes with `cache: true` keep, and the provider's cache of prompts."""
    guard: GuardSection = GuardSection()
    """What pauses paid calls and asks."""
    weights: WeightsSection = WeightsSection()
    """How candidates are scored."""
    rules: list[RuleSection] = Field(default_factory=list)
    """Decisions that are always made the same way, first match first."""
    allow_commands: bool = False
    """Whether checks of kind `command` may run programs on what models answer."""


class StressSection(Section):
    """How free deployments are tried out."""

    requests: Annotated[int, Field(ge=1, le=100)] = _STRESS.requests
    """Requests to each, one after the other."""
    timeout: Seconds = _STRESS.timeout_s
    """How long one may take."""


class WarmUpSection(Section):
    """Made ready before the day begins: local models are loaded, of others the provider's list is read."""

    at: TimeOfDay
    """When, in `display.timezone`."""
    deployments: Annotated[list[Name], Field(min_length=1)]
    """Which ones."""


class JobsSection(Section):
    """What runs by the clock."""

    warm_up: list[WarmUpSection] = Field(default_factory=list)
    """What is made ready before the day begins."""
    watch_models: Every = USUAL_JOBS.watch_models_s
    """How often the providers' lists of models are read and compared with this file; `off`: never."""


class GatewaySection(Section):
    """The local HTTP server."""

    host: str = "127.0.0.1"
    """The address it listens on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 4000
    """The port it listens on."""
    allowed_hosts: list[str] = Field(default_factory=list)
    """Host names it answers to beside the loopback ones."""
    api_key: ApiKey | None = None
    """The key callers send; left out, it is made on first start and kept in a file."""
    max_body_mib: Annotated[int, Field(ge=1, le=1024)] = 32
    """The largest request."""


class DisplaySection(Section):
    """How figures are shown; the ledger stays in USD."""

    currency: Currency = "USD"
    """The currency shown beside dollars."""
    usd_rate: Usd = Decimal(1)
    """Units of it for one dollar, in quotes."""
    rate_date: IsoDate | None = None
    """The day that rate is from; it is shown with it."""
    timezone: Timezone | None = None
    """Where days begin; the system's own when left out."""
    theme: Name | None = None
    """The name of a theme in themes/."""

    @model_validator(mode="after")
    def _rate_is_said(self) -> DisplaySection:
        if self.currency != "USD" and not {"usd_rate", "rate_date"} <= self.model_fields_set:
            raise wrong(f"shows {self.currency}: add usd_rate and the rate_date it is from")
        return self


class PrivacySection(Section):
    """What is kept of prompts and answers."""

    store_text: bool = False
    """Whether the ledger keeps prompts and answers; fingerprints are kept in any case."""
    keep_days: Count | None = None
    """Days after which ledger rows are folded into daily sums; never when left out."""
    local_only: list[Name] = Field(default_factory=list)
    """Tasks that may be served by local deployments only."""
