"""The words and values of a judgement: class, action, scope, ledger outcome, cooldown.

Owns the closed lists and the shape of a `Diagnosis`. How one is reached is `classify.py`, which hands these
names on; import them from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


CONFIG_CHANGE = "config_change"
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
