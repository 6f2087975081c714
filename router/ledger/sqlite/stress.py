"""The rows of `stress_result`: what stress tests found. What they mean is `core/stress/history.py`."""

from __future__ import annotations

from typing import Any

from router.core.records.stress import Cause, Load, LoadPattern, StressResult, StressVerdict
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.schema import has_table

_COLUMNS = (
    "run_id, deployment, model, started_at, ended_at, pattern, requests, timeout_ms, letters, sent, ok, "
    "timeouts, rate_limited, errors, ttft_p50_ms, duration_p50_ms, verdict, cause, evidence, stopped, "
    "learned_rpm, cost_nano_usd"
)
_INSERT = f"INSERT OR IGNORE INTO stress_result ({_COLUMNS}) VALUES ({', '.join('?' * 22)})"
_NEWEST = f"SELECT {_COLUMNS} FROM stress_result"
_REQUESTS = "SELECT request_id FROM stress_attempt WHERE run_id = ? AND deployment = ? ORDER BY n"
_VERDICT = """
SELECT verdict FROM stress_result
WHERE deployment = ? AND verdict IS NOT NULL ORDER BY started_at DESC, run_id DESC LIMIT 1"""
_PATTERNS = {pattern.value for pattern in LoadPattern}
_CAUSES = {cause.value for cause in Cause}


def write(connection: Connection, result: StressResult) -> None:
    """Write a result and which rows are its requests."""
    verdict, load = result.verdict, result.load
    connection.execute(
        _INSERT,
        (
            result.run_id,
            result.deployment,
            result.model,
            result.started_ms,
            result.ended_ms,
            load.pattern.value,
            load.requests,
            round(load.timeout_s * 1000),
            result.letters,
            result.sent,
            result.ok,
            result.timeouts,
            result.rate_limited,
            result.errors,
            result.ttft_p50_ms,
            result.duration_p50_ms,
            verdict.word if verdict else None,
            verdict.cause.value if verdict else None,
            result.evidence,
            result.stopped,
            result.learned_rpm,
            result.cost_nano,
        ),
    )
    connection.executemany(
        "INSERT OR IGNORE INTO stress_attempt (run_id, deployment, n, request_id) VALUES (?, ?, ?, ?)",
        [(result.run_id, result.deployment, n, each) for n, each in enumerate(result.request_ids, start=1)],
    )


def newest(connection: Connection, limit: int, deployment: str | None) -> list[StressResult]:
    """Return the newest results, newest first; none from a ledger that is older than the table."""
    if not has_table(connection, "stress_result"):
        return []
    of_one = "" if deployment is None else " WHERE deployment = ?"
    values = () if deployment is None else (deployment,)
    query = f"{_NEWEST}{of_one} ORDER BY started_at DESC, run_id DESC, deployment LIMIT ?"
    rows = connection.execute(query, (*values, max(limit, 0))).fetchall()
    return [_result(connection, row) for row in rows if row[5] in _PATTERNS]


def newest_verdict(connection: Connection, deployment: str) -> bool | None:
    """Return whether a deployment's newest test with a verdict says keep; None without one."""
    if not has_table(connection, "stress_result"):
        return None
    row = connection.execute(_VERDICT, (deployment,)).fetchone()
    return None if row is None else row[0] == "keep"


def _result(connection: Connection, row: tuple[Any, ...]) -> StressResult:
    run_id, deployment, model, started, ended, pattern, requests, timeout_ms, *found = row
    letters, sent, ok, timeouts, limited, errors, ttft, duration, *said = found
    word, cause, evidence, stopped, rpm, cost = said
    verdict = StressVerdict(word == "keep", Cause(cause), evidence) if word and cause in _CAUSES else None
    return StressResult(
        run_id=run_id,
        started_ms=started,
        ended_ms=ended,
        load=Load(LoadPattern(pattern), requests, timeout_ms / 1000),
        deployment=deployment,
        model=model,
        letters=letters,
        sent=sent,
        ok=ok,
        timeouts=timeouts,
        rate_limited=limited,
        errors=errors,
        ttft_p50_ms=ttft,
        duration_p50_ms=duration,
        verdict=verdict,
        evidence=evidence,
        stopped=stopped,
        learned_rpm=rpm,
        cost_nano=cost,
        request_ids=tuple(each for (each,) in connection.execute(_REQUESTS, (run_id, deployment))),
    )
