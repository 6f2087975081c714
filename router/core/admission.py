"""What must hold at the moment an attempt is written, asked again inside the ledger's own transaction.

The engine decides on what it knew; another process may have spent, cooled or used up since. So the terms of
an attempt go to the ledger with its row, and a choice gone stale is refused there, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from router.core.diagnosis import Diagnosis, Scope
from router.core.health import ScopeHealth
from router.core.model import Policy


class RefusedBy(StrEnum):
    """What stands in the way of an attempt."""

    BUDGET = "budget"
    GUARD = "guard"
    HEALTH = "health"
    LIMIT = "limit"


class Unit(StrEnum):
    """What a limit counts."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True)
class Cap:
    """A budget as it applies to one attempt."""

    label: str
    """As a user reads it: `all spend, day`."""
    limit_nano: int
    amount_nano: int | None
    """What this attempt adds: its bound for a hard cap, its expected cost for a soft one; None if unknown."""
    since_ms: int
    """Entries that started at or after this moment count."""
    column: str | None = None
    """The column of `token_spend` that must equal `value`: tier, deployment, provider, route, session_id."""
    value: str | None = None
    tag: tuple[str, str] | None = None
    hard: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """A provider's limit as it applies to one attempt at a deployment."""

    label: str
    """As a user reads it: `10 requests a minute`."""
    unit: Unit
    limit: int
    amount: int
    """What this attempt adds."""
    since_ms: int
    """Attempts that started at or after this moment count; for PARALLEL the running ones, whenever begun."""


@dataclass(frozen=True, slots=True)
class Terms:
    """All that one attempt must meet."""

    caps: tuple[Cap, ...] = ()
    quotas: tuple[Quota, ...] = ()
    scopes: Mapping[Scope, str] = field(default_factory=dict)
    """The keys of the deployment's health scopes; one at rest refuses, one whose rest is over is leased."""
    lease_ms: int = 0
    """How long a probe may keep its slot."""


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an attempt was not admitted: nothing is written and nothing may be sent."""

    by: RefusedBy
    reason: str
    """In words for the user."""
    until_ms: int | None = None
    """When it may be asked again, where that is known."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The ledger's answer; `refusal` is None when the row is written."""

    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()
    """Soft caps that are passed now."""
    health: Mapping[str, ScopeHealth] = field(default_factory=dict)
    """What the ledger knows of the scopes in the terms, leases of this admission included."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an attempt's end teaches about the scopes of its deployment; handed in with its settlement."""

    scopes: Mapping[Scope, str]
    diagnosis: Diagnosis
    policy: Policy
    roll: float
    """A number in [0, 1)."""
