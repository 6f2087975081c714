"""What one run found of one target: the value that is shown, kept in the ledger and compared later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from router.core.records.stress import Load, StressResult
from router.core.stress.learned import learned_limit
from router.core.stress.plan import Target
from router.core.stress.shots import Shot, ShotEnd
from router.core.stress.verdict import judge, unfinished


def letters(shots: Sequence[Shot], *, cut_short: bool) -> str:
    """Return a target's row: one letter per request, and `S` where it was stopped."""
    row = "".join(shot.end.letter for shot in shots)
    return row + "S" if cut_short and not row.endswith(ShotEnd.STOPPED.letter) else row


@dataclass(frozen=True, slots=True)
class TargetRun:
    """What came of one target, as the run knows it."""

    target: Target
    shots: tuple[Shot, ...] = ()
    stopped: str | None = None
    """Why it ended before its last request, in words."""
    cost_nano: int | None = 0


def result_of(run_id: str, started_ms: int, ended_ms: int, load: Load, ran: TargetRun) -> StressResult:
    """Return the result of a target that has ended, however it did."""
    deployment, shots = ran.target.deployment, ran.shots
    verdict = judge(load, shots)
    learned = learned_limit(deployment.name, load, shots)
    said = verdict.evidence if verdict else unfinished(load, shots)
    count = {end: sum(shot.end is end for shot in shots) for end in ShotEnd}
    answered = [shot for shot in shots if shot.end is ShotEnd.OK]
    errors = (
        len(shots)
        - count[ShotEnd.OK]
        - count[ShotEnd.TIMEOUT]
        - count[ShotEnd.RATE_LIMITED]
        - count[ShotEnd.STOPPED]
    )
    return StressResult(
        run_id=run_id,
        started_ms=started_ms,
        ended_ms=ended_ms,
        load=load,
        deployment=deployment.name,
        model=deployment.model,
        letters=letters(shots, cut_short=len(shots) < load.requests),
        sent=len(shots),
        ok=count[ShotEnd.OK],
        timeouts=count[ShotEnd.TIMEOUT],
        rate_limited=count[ShotEnd.RATE_LIMITED],
        errors=errors,
        ttft_p50_ms=_median([shot.ttft_ms for shot in answered if shot.ttft_ms is not None]),
        duration_p50_ms=_median([shot.duration_ms for shot in answered]),
        verdict=verdict,
        evidence=said,
        stopped=ran.stopped,
        learned_rpm=learned.value if learned else None,
        cost_nano=ran.cost_nano,
        request_ids=tuple(shot.request_id for shot in shots),
    )


def _median(values: Sequence[int]) -> int | None:
    return median_low(values) if values else None
