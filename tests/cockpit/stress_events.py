"""Made-up events of a stress test: what the screen is told, without anybody to ask."""

from __future__ import annotations

from collections.abc import Sequence

from router.core.records.stress import Load, StressResult
from router.core.stress.plan import target
from router.core.stress.result import TargetRun, result_of
from router.core.stress.shots import Shot, ShotEnd
from router.engine.stress_events import ShotEnded, ShotStarted, StressEvent, TargetEnded
from tests.cockpit.scripted import DEPLOYMENTS

LETTERS = {
    "o": ShotEnd.OK,
    "X": ShotEnd.RATE_LIMITED,
    "t": ShotEnd.TIMEOUT,
    "!": ShotEnd.GONE,
    "S": ShotEnd.STOPPED,
}
NAMED = {deployment.name: deployment for deployment in DEPLOYMENTS}
SPACING_MS = 1_000


def shots(letters: str, *, started_ms: int = 0, evidence: str = "it said so") -> tuple[Shot, ...]:
    """Return a request per letter."""
    return tuple(
        Shot(
            n=n,
            request_id=f"r{n}",
            end=LETTERS[letter],
            started_ms=started_ms + n * SPACING_MS,
            duration_ms=400,
            ttft_ms=200 if letter == "o" else None,
            http_status={"o": 200, "X": 429, "!": 404}.get(letter),
            rest_s=7.0 if letter == "X" else None,
            evidence=evidence,
        )
        for n, letter in enumerate(letters, 1)
    )


def result(
    name: str, letters: str, *, run_id: str = "run", started_ms: int = 0, evidence: str = "it said so"
) -> StressResult:
    """Return what a target's requests come to."""
    ran = TargetRun(target(NAMED[name]), shots(letters, started_ms=started_ms, evidence=evidence))
    ended_ms = started_ms + len(letters) * SPACING_MS
    return result_of(run_id, started_ms, ended_ms, Load(requests=len(letters)), ran)


def told(name: str, letters: str, evidence: str = "it said so") -> Sequence[StressEvent]:
    """Return the events of one target, from its first request to its verdict."""
    events: list[StressEvent] = []
    for shot in shots(letters, evidence=evidence):
        events += [ShotStarted(name, shot.n), ShotEnded(name, shot)]
    return [*events, TargetEnded(result(name, letters, evidence=evidence))]
