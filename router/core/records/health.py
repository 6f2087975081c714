"""What the ledger keeps of the health and the limits of deployments, for all processes."""

from __future__ import annotations

from enum import StrEnum

from router.core import moments
from router.core.value import dataclass


class Health(StrEnum):
    """What a scope may be asked."""

    AVAILABLE = "available"
    COOLING = "cooling"
    """Nothing before `until_ms`, then one probe."""
    PROBING = "probing"
    """One request is under way to see whether it is back; its lease ends at `until_ms`."""
    DISABLED = "disabled"
    """Nothing before a change, or before a stated date."""


@dataclass(frozen=True, slots=True)
class ScopeHealth:
    """One scope's health. Moments are milliseconds since 1970, UTC."""

    state: Health = Health.AVAILABLE
    until_ms: int | None = None
    """The end of the rest, or of a probe's lease; None when available, or disabled until a change."""
    strikes: int = 0
    """How often it came to rest lately; each doubles the length."""
    healthy_since_ms: int = 0
    failed_ms: tuple[int, ...] = ()
    """The failures of the last `policy.fail_window_s` that count toward the breaker."""
    reason: str = ""


HEALTHY = ScopeHealth()


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How a deployment's last calls went, and its last stress test."""

    last_calls: tuple[bool, ...] = ()
    """Whether each was answered; live calls alone, oldest first, ten at most."""
    test_keeps: bool | None = None
    """What the newest stress test with a verdict says; None without one."""


UNTRIED = TrackRecord()
SHOWN_IN_SECONDS_MS = 120_000


@dataclass(frozen=True, slots=True)
class ExhaustedLimit:
    """A limit that is used up."""

    limit: str
    """Which, as a user reads it: `10 requests a minute`, `no tokens left`."""
    until_ms: int
    """When it frees, in milliseconds since 1970, UTC."""

    def says(self, now_ms: int) -> str:
        """Return why nothing is sent there now: `full: 10 requests a minute, free in 12 s`."""
        left_ms = self.until_ms - now_ms
        if left_ms > SHOWN_IN_SECONDS_MS:
            return f"full: {self.limit}, free at {moments.rfc3339(self.until_ms // 1000 * 1000)}"
        return f"full: {self.limit}, free in {max(1, -(-left_ms // 1000))} s"


class LimitKind(StrEnum):
    """Which limit, spelled as in the configuration."""

    RPM = "rpm"
    TPM = "tpm"
    RPD = "rpd"
    TPD = "tpd"
    PARALLEL = "parallel"
    WINDOW = "context_window"
    """How many tokens one request may have: smaller than configured where a server was started so."""


class LimitSource(StrEnum):
    """How a limit became known."""

    HEADER = "header"
    """The provider said it with an answer."""
    STRESS = "stress"
    """A stress test ran into it."""
    REFUSAL = "refusal"
    """The provider named it when it refused a request for its size."""


@dataclass(frozen=True, slots=True)
class LearnedLimit:
    """A limit nobody configured; the newest of one deployment, kind and source holds."""

    deployment: str
    kind: LimitKind
    value: int
    source: LimitSource
    learned_at: int
    """Milliseconds since 1970, UTC."""
    confidence: float = 1.0
    """0 to 1; 1 is the provider's own word."""
