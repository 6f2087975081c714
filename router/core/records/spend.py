"""Sums over ledger entries, by window and dimension."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from router.core.records.usage import NO_USAGE, Usage


class Dimension(StrEnum):
    """What spend can be broken down by."""

    DAY = "day"
    TIER = "tier"
    PROVIDER = "provider"
    MODEL = "model"
    DEPLOYMENT = "deployment"
    TASK = "task"
    TAG = "tag"
    SESSION = "session"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time, `start <= t < end`, in milliseconds since 1970 UTC."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spend:
    """A sum over ledger entries."""

    cost_nano_usd: int = 0
    """Of the attempts whose cost is known."""
    unknown_cost_attempts: int = 0
    """The attempts it leaves out, always shown beside it."""
    requests: int = 0
    attempts: int = 0
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class SpendGroup:
    """One line of a breakdown; `key` is None for entries that have no such value."""

    key: str | None
    spend: Spend


@dataclass(frozen=True, slots=True)
class DeploymentStats:
    """What the ledger says of one deployment lately."""

    attempts: int = 0
    """That were answered in some way; stress tests among them, since they use limits up."""
    failures: int = 0
    """Of live calls."""
    ttft_p50_ms: int | None = None
    tests: int = 0
    """How many of the attempts were a stress test's: a test moves no health."""

    @property
    def calls(self) -> int:
        """The live calls among the attempts: what failures are a share of."""
        return self.attempts - self.tests
