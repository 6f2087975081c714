"""Stress tests: a row per target of a run."""

from __future__ import annotations

import sys

from cockpit.tables.field import Field, moment
from router.app.reading import ReadingApp
from router.core.money import usd
from router.core.records.stress import StressResult
from router.core.windows import calendar_days, span

FIELDS: tuple[Field[StressResult], ...] = (
    Field("run_id", lambda run: run.run_id),
    Field("started_at", lambda run: moment(run.started_ms)),
    Field("deployment", lambda run: run.deployment),
    Field("model", lambda run: run.model),
    Field("pattern", lambda run: run.load.pattern.value),
    Field("letters", lambda run: run.letters),
    Field("sent", lambda run: run.sent),
    Field("ok", lambda run: run.ok),
    Field("timeouts", lambda run: run.timeouts),
    Field("rate_limited", lambda run: run.rate_limited),
    Field("errors", lambda run: run.errors),
    Field("ttft_p50_ms", lambda run: run.ttft_p50_ms),
    Field("duration_p50_ms", lambda run: run.duration_p50_ms),
    Field("verdict", lambda run: run.verdict.word if run.verdict else None),
    Field("cause", lambda run: run.verdict.cause.value if run.verdict else None),
    Field("evidence", lambda run: run.evidence),
    Field("learned_rpm", lambda run: run.learned_rpm),
    Field("cost_usd", lambda run: usd(run.cost_nano)),
)


async def read(app: ReadingApp, days: int) -> list[StressResult]:
    """Return the results of the last `days` local days, newest first."""
    since = span(calendar_days(app.clock.now_ms(), app.zone, days)).start
    return [run for run in await app.reader.stress_results(sys.maxsize) if run.started_ms >= since]
