"""What must hold at the moment an attempt is written, asked again inside the ledger's own transaction.

The engine decides on what it knew; another process may have spent, cooled or used up since. So the terms of
an attempt go to the ledger with its row, and a choice gone stale is refused there, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from router.core.records.diagnosis import Diagnosis, HealthScope
from router.core.records.health import ScopeHealth
from router.core.settings.budgets import Guard
from router.core.settings.policy import Policy
from router.core.value import dataclass


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
    """What this attempt adds: its bound for a hard cap, for a soft one what it will probably cost at most;
    None if unknown."""
    since_ms: int
    """Entries that started at or after this moment count."""
    column: str | None = None
    """The column of `token_spend` that must equal `value`: tier, deployment, provider, route, session_id."""
    value: str | None = None
    tag: tuple[str, str] | None = None
    hard: bool = True
    within: tuple[str, str] | None = None
    """The session or request that is the window: `("session_id", its name)`, `("request_id", its id)`."""
    until_ms: int | None = None
    """When the window ends and all of it is free again; None where it moves, or never ends."""
    frees: str = ""
    """The same in words for the user: `free again at 2026-11-23 00:00 CET`."""
    extra: bool = False
    """The attempt runs already and needs `amount_nano` beside what is held for it."""


@dataclass(frozen=True, slots=True)
class Used:
    """What entries count against a cap, in nano-dollars."""

    posted_nano: int = 0
    """Of ended attempts."""
    held_nano: int = 0
    """Of running ones."""
    unknown: int = 0
    """Attempts that nobody can put a figure to: neither a cost nor a hold. The two sums leave them out."""

    @property
    def nano(self) -> int:
        """Posted and held together: what the cap is compared with."""
        return self.posted_nano + self.held_nano


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
    until_ms: int | None = None
    """When all of it is free again, for one that is counted from a fixed moment; None where it slides."""

    def before_ms(self, now_ms: int) -> int:
        """Return the moment from which on nothing counts that has started, at `now_ms`.

        What started later was written before somebody set the clock back. Where the window slides, that and
        all that was written before it counts no more, or a limit a minute would keep everybody away until the
        time had come round again.
        """
        return 2 * now_ms - self.since_ms if self.until_ms is None else self.until_ms


@dataclass(frozen=True, slots=True)
class Terms:
    """All that one attempt must meet."""

    caps: tuple[Cap, ...] = ()
    quotas: tuple[Quota, ...] = ()
    scopes: Mapping[HealthScope, str] = field(default_factory=dict)
    """The keys of the deployment's health scopes; one at rest refuses, one whose rest is over is leased."""
    lease_ms: int = 0
    """How long a probe may keep its slot."""
    guard: Guard | None = None
    """The runaway guard's limits; None where nothing watches (a simulation)."""


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
    recalled: bool = False
    """Refused for what other processes have leased and not used: they are asked to give it back."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an attempt's end teaches about the scopes of its deployment; handed in with its settlement."""

    scopes: Mapping[HealthScope, str]
    diagnosis: Diagnosis
    policy: Policy
    roll: float
    """A number in [0, 1)."""
    lease_until_ms: int | None = None
    """When the probe slots end that this attempt may have leased: tells its own slots from another's."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What a running call counts for, in nano-dollars; None where nobody can say."""

    bound_nano: int | None = None
    """In hard budgets: the most it can cost."""
    expected_nano: int | None = None
    """In soft ones: what it will probably cost at most."""


NO_HOLD = Hold()
"""Of a call that nothing counts."""
