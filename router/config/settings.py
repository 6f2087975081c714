"""The format of a configuration, second half: policy, budgets, display and what runs beside requests.

Shapes and types only; `schema.py` is the first half and the whole. Defaults are the engine's own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.config.scalars import Currency, IsoDate, Name, Seconds, TimeOfDay, Timezone, Usd, wrong
from router.core import model

_POLICY = model.Policy()
Count = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """What all parts have in common: unknown keys are refused, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Level(Section):
    """Who may serve one level of difficulty."""

    tiers: Annotated[list[Name], Field(min_length=1)]
    """The tiers it may be served from."""
    ceiling_usd_per_1k: Usd | None = None
    """The most that 1,000 requests of this level may cost."""


class Budget(Section):
    """A limit on spend."""

    scope: str = "all"
    """`all`, `tier:T5`, `provider:openrouter`, `deployment:opus` or `tag:client=acme`."""
    window: Annotated[model.BudgetWindow, Field(strict=False)]
    """`call`, `session`, `day`, `7d` or `month`; days and months begin in `display.timezone`."""
    usd: Usd
    """The limit in dollars."""
    mode: Literal["hard", "soft"] = "hard"
    """`hard` refuses what does not fit, `soft` warns."""


class Cache(Section):
    """Answers kept for exactly the same request."""

    exact: bool = False
    """Whether to keep any; what is kept holds the answer's text."""
    ttl: Seconds = 3600.0
    """How long one may be used."""


class Guard(Section):
    """What trips the breaker that pauses paid calls and asks."""

    usd_per_10m: Usd | None = None
    """Spend within ten minutes."""
    identical_calls: Count | None = None
    """The same call again and again within ten minutes."""


class Weights(Section):
    """How a score weighs its parts; `pressure` moves weight from quality to cost as budgets fill."""

    cost: Share = 0.3
    """At an untouched budget."""
    quality: Share = 0.4
    """At an untouched budget; falls to 0 as it is used up."""
    health: Share = 0.3
    """Always."""
    pressure: Share = 0.4
    """What cost gains when the budget is used up."""


class When(Section):
    """What a rule waits for; all that is said must hold."""

    tasks: list[Name] = Field(default_factory=list)
    """Any of these tasks."""
    language: str | None = None
    """An ISO 639-1 code."""
    urgent: bool | None = None
    """Whether the caller waits for it."""
    accuracy_over: Annotated[float, Field(ge=0, le=100)] | None = None
    """The caller asks for more than this accuracy, in percent."""
    repeated_prefix: bool | None = None
    """The same beginning was sent before."""
    requests_per_day_over: Count | None = None
    """More than this many of the task in a day."""


class Rule(Section):
    """A decision that is always made the same way."""

    when: When
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


class Policy(Section):
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
    cache: Cache = Cache()
    """Answers kept for exactly the same request."""
    guard: Guard = Guard()
    """What pauses paid calls and asks."""
    weights: Weights = Weights()
    """How candidates are scored."""
    rules: list[Rule] = Field(default_factory=list)
    """Decisions that are always made the same way, first match first."""


class Stress(Section):
    """How free deployments are tried out."""

    requests: Annotated[int, Field(ge=1, le=100)] = 6
    """Requests to each, one after the other."""
    timeout: Seconds = 20.0
    """How long one may take."""


class WarmUp(Section):
    """A call before the day begins, at no cost where that is possible."""

    at: TimeOfDay
    """When, in `display.timezone`."""
    deployments: Annotated[list[Name], Field(min_length=1)]
    """Which ones."""


class Jobs(Section):
    """What runs by the clock."""

    warm_up: list[WarmUp] = Field(default_factory=list)
    """Calls before the day begins."""
    watch_models: Seconds | None = None
    """How often the providers' model lists are compared with this file."""


class Hook(Section):
    """A program to run when something happened; it gets the event as JSON on its standard input."""

    on: Literal["budget_near", "budget_reached", "anomaly", "guard_tripped", "model_vanished", "credits_gone"]
    """What happened."""
    run: Annotated[list[str], Field(min_length=1)]
    """The program and its arguments, no shell."""
    timeout: Seconds = 10.0
    """How long it may take."""


class Gateway(Section):
    """The local HTTP server."""

    host: str = "127.0.0.1"
    """The address it listens on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 4000
    """The port it listens on."""
    allowed_hosts: list[str] = Field(default_factory=list)
    """Host names it answers to beside the loopback ones."""
    max_body_mib: Annotated[int, Field(ge=1, le=1024)] = 32
    """The largest request."""


class Display(Section):
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
    def _rate_is_said(self) -> Display:
        if self.currency != "USD" and not {"usd_rate", "rate_date"} <= self.model_fields_set:
            raise wrong(f"shows {self.currency}: add usd_rate and the rate_date it is from")
        return self


class Privacy(Section):
    """What is kept of prompts and answers."""

    store_text: bool = False
    """Whether the ledger keeps prompts and answers; fingerprints are kept in any case."""
    keep_days: Count | None = None
    """Days after which ledger rows are folded into daily sums; never when left out."""
    local_only: list[Name] = Field(default_factory=list)
    """Tasks that may be served by local deployments only."""
