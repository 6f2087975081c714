"""A stress test in words and as JSON: what command and screen say alike."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.format import money, seconds, tokens
from router.core.catalog.quotas import DailyQuota
from router.core.money import usd
from router.core.records.stress import LoadPattern, StressResult
from router.core.settings.edits import Drop, Restore, SetLimit
from router.core.stress.change import Advice
from router.core.stress.history import StressComparison
from router.core.stress.plan import StressPlan
from router.core.stress.shots import Shot, ShotEnd

LEGEND = "o ok  X 429  ! error  t time-out  S stopped"
PATTERNS = {
    LoadPattern.SEQUENTIAL: "one after the other",
    LoadPattern.RAMP: "ramp, one more a minute with each, to the first 429",
    LoadPattern.BURST: "all at once",
    LoadPattern.PROBE: "one probe",
}


def plan_words(plan: StressPlan) -> str:
    """Return what a plan sends: `3 targets, 18 requests, 4.8k tokens at most, costs nothing`."""
    price = f"costs at most {money(plan.bound_nano)}" if plan.bound_nano != 0 else "costs nothing"
    return (
        f"{_count(len(plan.targets), 'target')}, {_count(plan.requests, 'request')}, "
        f"{tokens(plan.tokens)} tokens at most, {price}"
    )


def quota_words(plan: StressPlan, tanks: Iterable[DailyQuota]) -> list[str]:
    """Return what a plan takes of each daily allowance it draws from."""
    names = {target.deployment.name for target in plan.targets}
    taken = ((tank, plan.load.requests * len(names.intersection(tank.deployments))) for tank in tanks)
    return [
        f"{tank.label}: {tank.remaining} of {tank.limit} requests left today, this takes {n}"
        for tank, n in taken
        if n
    ]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def shot_words(shot: Shot) -> str:
    """Return one request's end: `200 ttft 0.4s 1.2s`, `429: rate limited ...`."""
    status = f"{shot.http_status}" if shot.http_status else shot.end.value
    if shot.end is ShotEnd.OK:
        return f"{status}, first token {seconds(_s(shot.ttft_ms))}, whole {seconds(_s(shot.duration_ms))}"
    return f"{status} after {seconds(_s(shot.duration_ms))}: {shot.evidence}"


def verdict_words(result: StressResult) -> str:
    """Return the verdict and its cause: `keep healthy`, `drop gone`, `undecided`."""
    verdict = result.verdict
    return f"{verdict.word} {verdict.cause}" if verdict else "undecided"


def evidence_words(result: StressResult, *, structural: bool = False) -> str:
    """Return why, and whether the trouble lasts."""
    lasts = "structural: failed on several days" if structural else ""
    parts = [result.evidence, result.stopped or "", lasts]
    return "; ".join(part for part in parts if part)


def edit_words(edit: Advice) -> str:
    """Return what a change of the configuration does: `drop gemma-free from every route`."""
    match edit:
        case Drop(name):
            return f"drop {name} from every route"
        case Restore(name):
            return f"put {name} back into its routes"
        case SetLimit(name, limit, value):
            return f"set limits.{limit} of {name} to {value}"


def edit_command(edit: Advice) -> str:
    """Return the command that makes a change of the configuration."""
    match edit:
        case Drop(name):
            return f"cockpit drop {name}"
        case Restore(name):
            return f"cockpit restore {name}"
        case SetLimit(name, limit, value):
            return f"cockpit limit {name} {limit}={value}"


def document(result: StressResult, *, structural: bool = False) -> dict[str, object]:
    """Return one element of `cockpit stress --json`."""
    verdict = result.verdict
    return {
        "deployment": result.deployment,
        "sent": result.sent,
        "ok": result.ok,
        "timeouts": result.timeouts,
        "rate_limited": result.rate_limited,
        "errors": result.errors,
        "ttft_p50_s": _s(result.ttft_p50_ms),
        "duration_p50_s": _s(result.duration_p50_ms),
        "verdict": verdict.word if verdict else None,
        "cause": verdict.cause if verdict else None,
        "learned": None if result.learned_rpm is None else {"rpm": result.learned_rpm},
        "structural": structural,
        "evidence": evidence_words(result),
        "letters": result.letters,
        "cost_usd": usd(result.cost_nano),
    }


def history_document(result: StressResult) -> dict[str, object]:
    """Return one element of `cockpit stress history --json`: a result with its run."""
    return {
        "run_id": result.run_id,
        "started_at": result.started_ms,
        "ended_at": result.ended_ms,
        "pattern": result.load.pattern,
        "requests": result.load.requests,
        "timeout_s": result.load.timeout_s,
        "model": result.model,
        **document(result),
        "request_ids": list(result.request_ids),
    }


def comparison_words(found: StressComparison) -> str:
    """Return how the latest run stands to the one before."""
    if found.before is None:
        return "the first run"
    was = f"was {verdict_words(found.before)}, " if found.changed else ""
    return was + _moved(found.slower_by_ms)


def _moved(by_ms: int | None) -> str:
    if by_ms is None:
        return "no median to compare"
    if by_ms == 0:
        return "as fast"
    return f"median {seconds(abs(by_ms) / 1000)} {'slower' if by_ms > 0 else 'faster'}"


def _s(value_ms: int | None) -> float | None:
    return None if value_ms is None else value_ms / 1000
