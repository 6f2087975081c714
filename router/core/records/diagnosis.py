"""The words and values of a judgement: class, action, scope, ledger outcome, cooldown.

Owns the closed lists and the shape of a `Diagnosis`. How one is reached is `classify.py`, which hands these
names on; import them from there.
"""

from __future__ import annotations

from enum import StrEnum

from router.core.value import dataclass


class FailureClass(StrEnum):
    """What kind of outcome it was."""

    OK = "ok"
    TRANSIENT = "transient"
    QUOTA_UNTIL_TIME = "quota_until_time"
    BILLING = "billing"
    AUTH = "auth"
    GONE = "gone"
    BAD_REQUEST = "bad_request"
    CONTENT = "content"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


class Action(StrEnum):
    """What the engine does next."""

    CONTINUE = "continue"
    RETRY_SAME = "retry_same"
    FALL_OVER = "fall_over"
    COOLDOWN_AND_FALL_OVER = "cooldown_and_fall_over"
    DISABLE_AND_FALL_OVER = "disable_and_fall_over"
    FALL_OVER_IF_CAPABLE = "fall_over_if_capable"
    RETURN_TO_CALLER = "return_to_caller"
    SURFACE_STREAM_ERROR = "surface_stream_error"


class HealthScope(StrEnum):
    """Who shares the consequence."""

    NONE = "none"
    DEPLOYMENT = "deployment"
    CREDENTIAL = "credential"
    ACCOUNT_FREE_TIER = "account_free_tier"
    PROVIDER_ENDPOINT = "provider_endpoint"


class LedgerOutcome(StrEnum):
    """What the ledger may say about the money."""

    VOID = "void"
    SETTLE_REPORTED = "settle_reported"
    SETTLE_ESTIMATED = "settle_estimated"
    UNKNOWN = "unknown_outcome_keep_reserved_until_reconciled"


class Lacking(StrEnum):
    """What a deployment had too little of for a request; another may have enough."""

    NOTHING = "nothing"
    WINDOW = "window"
    """Its context window is too small."""
    CAPABILITY = "capability"
    """It cannot do what was asked at all, or takes no such body; how much fits elsewhere is not known."""
    TOKEN_RATE = "token_rate"
    """The account's tokens a minute are fewer than the request has."""
    MONEY = "money"
    """What is left pays for fewer tokens."""


CONFIG_CHANGE = "config_change"
REASONING_ALONE = "only reasoning came, and no answer"
"""What the evidence says of an answer that is whole and holds no word but reasoning."""
"""`Cooldown.until` of a rest that no clock ends: a key, a price plan or the configuration must change."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """How long a scope rests."""

    scope: HealthScope = HealthScope.NONE
    seconds: float | None = None
    """None when there is no rest, or when it ends at a change and not at a time."""
    until: str | None = None
    """An RFC 3339 time in UTC, or `config_change`."""
    derived_from: str = "none"
    """Where the length comes from: `header:retry-after`, `body:retryDelay`, `text`, `class`, `default`, …"""
    also: HealthScope = HealthScope.NONE
    """Whom it concerns beside `scope`: a refused connect all deployments at the address."""
    probe_s: float = 3600.0
    """When a rest that only a change ends is first probed all the same; later once a day."""

    @property
    def is_hinted(self) -> bool:
        """Whether the server itself said how long."""
        return self.seconds is not None and self.derived_from.split(":")[0] in ("header", "body", "text")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The judgement of one exchange, with the evidence it rests on."""

    failure_class: FailureClass
    action: Action
    cooldown: Cooldown
    counts_toward_breaker: bool
    ledger: LedgerOutcome
    evidence: str
    """One sentence naming the rule and the field that decided; never a key, never the prompt."""
    lacking: Lacking = Lacking.NOTHING
    """What the deployment had too little of, where that is why it failed."""
    limit_tokens: int | None = None
    """How much it has of that, in tokens, where its words say so."""

    @property
    def reasoning_alone(self) -> bool:
        """Whether nothing but reasoning came, though the answer is whole."""
        return REASONING_ALONE in self.evidence
