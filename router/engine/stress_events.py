"""What a stress test tells while it runs: frozen values, in order for each target."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.records.stress import StressResult
from router.core.stress.shots import Shot


@dataclass(frozen=True, slots=True)
class ShotStarted:
    """A request is on its way."""

    deployment: str
    n: int


@dataclass(frozen=True, slots=True)
class ShotEnded:
    """A request is over and handed to the ledger."""

    deployment: str
    shot: Shot


@dataclass(frozen=True, slots=True)
class TargetWaiting:
    """A target's next request waits: a model loads, a limit frees, a ramp is not there yet."""

    deployment: str
    what: str
    seconds: float | None = None
    """How long, where that is known."""


@dataclass(frozen=True, slots=True)
class TargetEnded:
    """A target is done, and what came of it is handed to the ledger."""

    result: StressResult


StressEvent = ShotStarted | ShotEnded | TargetWaiting | TargetEnded
