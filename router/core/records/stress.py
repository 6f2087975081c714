"""What a stress test found of one target, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LoadPattern(StrEnum):
    """In which rhythm a target gets its requests."""

    SEQUENTIAL = "sequential"
    """Each when the one before has ended."""
    RAMP = "ramp"
    """At a rate that grows by one a minute with each request, until the first 429."""
    BURST = "burst"
    """All at once."""
    PROBE = "probe"
    """One."""


@dataclass(frozen=True, slots=True)
class Load:
    """What each target gets."""

    pattern: LoadPattern = LoadPattern.SEQUENTIAL
    requests: int = 6
    timeout_s: float = 20.0
    """How long one request may take, from its sending to its end."""

    @property
    def finds_limits(self) -> bool:
        """Whether being refused for the rate is what it is after."""
        return self.pattern in (LoadPattern.RAMP, LoadPattern.BURST)


class Cause(StrEnum):
    """Why a verdict is what it is."""

    HEALTHY = "healthy"
    RATE_LIMITED = "rate_limited"
    """It answers, up to a rate."""
    CONGESTED = "congested"
    """It mostly times out, or says it is overloaded."""
    GONE = "gone"
    CREDENTIALS = "credentials"
    BILLING = "billing"
    UNREACHABLE = "unreachable"
    FLAKY = "flaky"
    """It answers some and fails others."""


@dataclass(frozen=True, slots=True)
class StressVerdict:
    """What is to be done with a target."""

    keep: bool
    cause: Cause
    evidence: str
    """One sentence; what it quotes of a provider is not sanitised."""

    @property
    def word(self) -> str:
        """`keep` or `drop`."""
        return "keep" if self.keep else "drop"


@dataclass(frozen=True, slots=True)
class StressResult:
    """One target of one run, ended. Times in milliseconds; moments since 1970, UTC."""

    run_id: str
    started_ms: int
    ended_ms: int
    load: Load
    deployment: str
    model: str
    letters: str
    """One per request sent, in order; an `S` at the end where it was not all that was planned."""
    sent: int
    ok: int
    timeouts: int
    rate_limited: int
    errors: int
    """Everything else that went wrong."""
    ttft_p50_ms: int | None
    duration_p50_ms: int | None
    """Of what was answered."""
    verdict: StressVerdict | None
    """None: it was stopped before anything was wrong."""
    evidence: str
    """The verdict's, or what stands in for it."""
    stopped: str | None
    """Why it ended before its last request; None when it did not."""
    learned_rpm: int | None
    """The requests a minute it lets through, where the run met that limit."""
    cost_nano: int | None = 0
    """What it cost, in nano-dollars; None as soon as one request's cost is unknown."""
    request_ids: tuple[str, ...] = ()
    """Its rows in the ledger."""
