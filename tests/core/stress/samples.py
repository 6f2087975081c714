"""Stress tests as rows of letters: `o X t S` as on screen, and one for every kind of error."""

from __future__ import annotations

from router.core.records.stress import Load, StressResult
from router.core.settings.providers import Billing
from router.core.stress.plan import Target, target
from router.core.stress.result import TargetRun, result_of
from router.core.stress.shots import Shot, ShotEnd
from tests.configs import T0, deployment

START = 1_795_348_800_000
ENDS = {
    "o": ShotEnd.OK,
    "X": ShotEnd.RATE_LIMITED,
    "t": ShotEnd.TIMEOUT,
    "S": ShotEnd.STOPPED,
    "g": ShotEnd.GONE,
    "c": ShotEnd.CREDENTIALS,
    "b": ShotEnd.BILLING,
    "u": ShotEnd.UNREACHABLE,
    "v": ShotEnd.OVERLOADED,
    "e": ShotEnd.ERROR,
}


def shots(row: str, *, every_ms: int = 1000, rest_s: float | None = 30.0) -> tuple[Shot, ...]:
    """Return one shot per letter, `every_ms` apart."""
    return tuple(
        Shot(
            n=n,
            request_id=f"r{n}",
            end=ENDS[letter],
            started_ms=START + (n - 1) * every_ms,
            duration_ms=900 + n,
            ttft_ms=300 + n if letter == "o" else None,
            rest_s=rest_s if letter == "X" else None,
            evidence=f"what the server said to {n}",
        )
        for n, letter in enumerate(row, start=1)
    )


def free_target(name: str = "free") -> Target:
    return target(deployment(name, T0, Billing.FREE))


def result(row: str, *, name: str = "free", at_ms: int = START, load: Load | None = None) -> StressResult:
    """Return the result of a run that went as `row` says, begun at `at_ms`."""
    ran = TargetRun(free_target(name), shots(row))
    return result_of(f"run{at_ms}", at_ms, at_ms + 6000, load or Load(), ran)
