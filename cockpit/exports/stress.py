"""The table of stress tests: a row per target of a run."""

from __future__ import annotations

import sys

from cockpit.exports.moments import moment
from cockpit.plain import Cell
from router.core.money import usd
from router.core.records.stress import StressResult
from router.core.windows import calendar_days, span
from router.wiring.reading import Reading

COLUMNS = (
    *("run_id", "started_at", "deployment", "model", "pattern", "letters", "sent", "ok", "timeouts"),
    *("rate_limited", "errors", "ttft_p50_ms", "duration_p50_ms", "verdict", "cause", "evidence"),
    *("learned_rpm", "cost_usd"),
)


async def rows(world: Reading, days: int) -> list[dict[str, Cell]]:
    """Return the results of the last `days` local days, newest first."""
    since = span(calendar_days(world.clock.now_ms(), world.zone, days)).start
    return [_row(run) for run in await world.reader.stress_results(sys.maxsize) if run.started_ms >= since]


def _row(run: StressResult) -> dict[str, Cell]:
    verdict = run.verdict
    return {
        "run_id": run.run_id,
        "started_at": moment(run.started_ms),
        "deployment": run.deployment,
        "model": run.model,
        "pattern": run.load.pattern.value,
        "letters": run.letters,
        "sent": run.sent,
        "ok": run.ok,
        "timeouts": run.timeouts,
        "rate_limited": run.rate_limited,
        "errors": run.errors,
        "ttft_p50_ms": run.ttft_p50_ms,
        "duration_p50_ms": run.duration_p50_ms,
        "verdict": verdict.word if verdict else None,
        "cause": verdict.cause.value if verdict else None,
        "evidence": run.evidence,
        "learned_rpm": run.learned_rpm,
        "cost_usd": usd(run.cost_nano),
    }
