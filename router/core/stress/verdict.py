"""Keep or drop, why, and on what evidence: a function of what a target's requests came to.

Pure. The rule is the users' own: a target is kept if all its requests are answered and none times out. What
is refused for its rate comes back; what mostly hangs is a broken endpoint and no rate limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low

from router.core.records.stress import Cause, Load, LoadPattern, StressVerdict
from router.core.stress.shots import Shot, ShotEnd

_FINAL = {ShotEnd.GONE: Cause.GONE, ShotEnd.CREDENTIALS: Cause.CREDENTIALS, ShotEnd.BILLING: Cause.BILLING}
"""Failures that no further request mends."""


def judge(load: Load, shots: Sequence[Shot]) -> StressVerdict | None:
    """Return the verdict on a target; None when it was stopped before anything was wrong."""
    tried = [shot for shot in shots if shot.end is not ShotEnd.STOPPED]
    refused_for_rate = load.finds_limits and any(shot.end is ShotEnd.OK for shot in tried)
    looked_for = (ShotEnd.OK, ShotEnd.RATE_LIMITED) if refused_for_rate else (ShotEnd.OK,)
    failed = [shot for shot in tried if shot.end not in looked_for]
    if failed:
        cause = _cause(tried, failed)
        return StressVerdict(keep=False, cause=cause, evidence=_against(cause, load, tried, failed))
    limited = next((shot for shot in tried if shot.end is ShotEnd.RATE_LIMITED), None)
    if limited is not None:
        return StressVerdict(keep=True, cause=Cause.RATE_LIMITED, evidence=_up_to(load, tried))
    if len(tried) < load.requests:
        return None
    return StressVerdict(keep=True, cause=Cause.HEALTHY, evidence=f"{_answered(tried)}, {_times(tried)}")


def unfinished(load: Load, shots: Sequence[Shot]) -> str:
    """Return what can be said where there is no verdict."""
    tried = [shot for shot in shots if shot.end is not ShotEnd.STOPPED]
    if not tried:
        return "stopped before a request had ended"
    return f"stopped after {len(tried)} of {load.requests}, all answered"


def _cause(tried: Sequence[Shot], failed: Sequence[Shot]) -> Cause:
    def share(*ends: ShotEnd) -> int:
        return sum(shot.end in ends for shot in failed)

    last = failed[-1].end
    ends = [shot.end for shot in tried]
    if last in _FINAL and set(ends[ends.index(last) :]) == {last}:
        return _FINAL[last]
    if share(ShotEnd.UNREACHABLE) == len(tried):
        return Cause.UNREACHABLE
    if 2 * share(ShotEnd.RATE_LIMITED) > len(failed):
        return Cause.RATE_LIMITED
    if 2 * share(ShotEnd.TIMEOUT, ShotEnd.OVERLOADED) >= len(tried):
        return Cause.CONGESTED
    return Cause.FLAKY


def _against(cause: Cause, load: Load, tried: Sequence[Shot], failed: Sequence[Shot]) -> str:
    count = f"{len(failed)} of {len(tried)}"
    told = failed[-1].evidence
    match cause:
        case Cause.RATE_LIMITED:
            return _limited(tried, failed)
        case Cause.CONGESTED:
            late = sum(shot.end is ShotEnd.TIMEOUT for shot in failed)
            busy = len(failed) - late
            said = [f"{late} of {len(tried)} timed out at {load.timeout_s:g} s"] if late else []
            said += [f"{busy} of {len(tried)} failed otherwise: {_last_other(failed)}"] if busy else []
            return " and ".join(said)
        case Cause.FLAKY:
            answered = len(tried) - len(failed)
            return f"{answered} of {len(tried)} answered, {len(failed)} failed; the last one: {told}"
        case _:
            return f"{count} failed: {told}"


def _last_other(failed: Sequence[Shot]) -> str:
    return next(shot.evidence for shot in reversed(failed) if shot.end is not ShotEnd.TIMEOUT)


def _limited(tried: Sequence[Shot], failed: Sequence[Shot]) -> str:
    first = next(shot for shot in failed if shot.end is ShotEnd.RATE_LIMITED)
    before = tried[: tried.index(first)]
    seconds = (first.started_ms - before[0].started_ms) / 1000 if before else 0
    said = f"{len(before)} went through in {seconds:.0f} s, then it answered 429" if before else "429 at once"
    return said if first.rest_s is None else f"{said} and asked to wait {first.rest_s:.0f} s"


def _up_to(load: Load, tried: Sequence[Shot]) -> str:
    ok = sum(shot.end is ShotEnd.OK for shot in tried)
    if load.pattern is LoadPattern.BURST:
        return f"{ok} of {len(tried)} at once were answered, the others got 429"
    return _limited(tried, tried)


def _answered(tried: Sequence[Shot]) -> str:
    return f"{len(tried)} of {len(tried)} answered"


def _times(tried: Sequence[Shot]) -> str:
    durations = [shot.duration_ms for shot in tried]
    return f"median {median_low(durations) / 1000:.2f} s, slowest {max(durations) / 1000:.2f} s"
