"""What the screens ask of a large ledger: p50 and p95 of every question, the time to open, what a row costs.

`COCKPIT_BENCH_ROWS=10000000 python -m benchmarks ledger_queries` for another size than a million rows.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from router.core.records.spend import Dimension
from router.core.windows import calendar_days, rolling_hours, span
from router.engine.clock import SystemClock
from router.ledger.private_files import prepare
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing, writing
from router.ledger.sqlite.queries import totals
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.rows import insert_intent, settle_row, settled_row
from router.ledger.sqlite.schema import SUMS_SINCE, VERSION, migrate
from router.ledger.sqlite.sums import Sums, rebuild
from tests.ledger.samples import intent, settlement

ROWS = int(os.environ.get("COCKPIT_BENCH_ROWS", "1000000"))
DAYS = 90
ROUNDS = 60
DAY_MS = 24 * 3_600_000

Question = Callable[[], Awaitable[object]]

# Three rows in a hundred are retries of the request before, one has an unknown cost, fourteen tasks, twelve
# deployments on seven tiers; evenly spread over the days.
_GENERATE = """
INSERT INTO token_spend (request_id, attempt, started_at, settled_at, source, task, route, tier, deployment,
  provider, model_requested, billing, status, failure_class, input_tokens, cache_read_tokens, output_tokens,
  usage_source, cost_nano_usd, cost_source, budget_nano_usd, held_nano_usd, ttft_ms, duration_ms, owner)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)
SELECT printf('%012x', i - (i % 33 = 32)), 1 + (i % 33 = 32), :start + i * :step, :start + i * :step + 900,
  'gateway', 'task-' || (i * 7 % 14), 'auto', 'T' || (i * 5 % 12 % 7), 'deployment-' || (i * 5 % 12),
  'provider-' || (i * 5 % 12 % 5), 'model-' || (i * 5 % 12), 'metered',
  CASE WHEN i % 50 = 49 THEN 'failed' ELSE 'ok' END, 'ok', 500 + i * 31 % 4000,
  i * 13 % 400, 20 + i * 17 % 900,
  'reported', CASE WHEN i % 100 = 99 THEN NULL ELSE 100000 + i * 101 % 9000000 END, 'computed',
  100000 + i * 101 % 9000000, 10000000, 80 + i * 11 % 3000, 900 + i * 19 % 9000, 'benchmark'
FROM n
"""


def generate(path: Path, rows: int, now_ms: int) -> None:
    """Make a ledger of `rows` attempts over the last `DAYS` days, its sums computed once at the end."""
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        connection.execute("PRAGMA journal_mode = OFF")  # nothing is lost when this is interrupted
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        with writing(connection):
            start = now_ms - DAYS * DAY_MS
            connection.execute(
                _GENERATE, {"rows": rows, "start": start, "step": max(DAYS * DAY_MS // rows, 1)}
            )
            rebuild(connection)


async def measure(path: Path, now_ms: int) -> None:
    """Print p50 and p95 of each question, asked as the screens ask it."""
    started = time.perf_counter()
    ledger = await open_ledger(path, SystemClock())
    reader = await open_reports(path)
    print(f"open for writing and reading   {(time.perf_counter() - started) * 1000:8.1f} ms")
    for name, question in _questions(reader, now_ms).items():
        taken = [await _timed(question) for _ in range(ROUNDS)]
        p95 = statistics.quantiles(taken, n=20)[-1]
        print(f"{name:42} p50 {statistics.median(taken):7.2f} ms   p95 {p95:7.2f} ms")
    await reader.aclose()
    await ledger.aclose()


def _questions(reader: SqliteReports, now_ms: int) -> dict[str, Question]:
    asked: dict[str, Question] = {}
    for name in ("UTC", "Europe/Amsterdam", "Asia/Kolkata"):
        zone = ZoneInfo(name)
        week = calendar_days(now_ms, zone, 7)
        hud = [*week, span(calendar_days(now_ms, zone, 7, back=7))]
        asked[f"7 days and the week before, {name}"] = partial(reader.totals, hud)
    week_span, month = span(week), span(calendar_days(now_ms, zone, 30))
    day = rolling_hours(now_ms, 24)
    asked["last 50 calls"] = partial(reader.recent, 50)
    asked["deployments, 24 hours"] = partial(reader.deployment_stats, day)
    for by in (Dimension.TIER, Dimension.PROVIDER, Dimension.MODEL, Dimension.DEPLOYMENT, Dimension.TASK):
        asked[f"7 days by {by}, Asia/Kolkata"] = partial(reader.groups, week_span, by)
    asked["30 days by model, Asia/Kolkata"] = partial(reader.groups, month, Dimension.MODEL)
    asked["has anything changed"] = reader.version
    return asked


async def _timed(question: Question) -> float:
    started = time.perf_counter()
    await question()
    return (time.perf_counter() - started) * 1000


def rows_alone(connection: Connection, now_ms: int) -> float:
    """Return the milliseconds that summing seven days takes where there are no sums to read: a scan."""
    week = span(calendar_days(now_ms, ZoneInfo("UTC"), 7))
    started = time.perf_counter()
    connection.execute(f"PRAGMA user_version = {SUMS_SINCE - 1}")
    totals(connection, week)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    return (time.perf_counter() - started) * 1000


def row_cost(connection: Connection, name: str, *, summed: bool) -> float:
    """Return the microseconds that booking an attempt takes: its row and its end, 64 in a transaction."""
    attempts = [f"{name}{n}" for n in range(6_400)]
    started = time.perf_counter()
    for first in range(0, len(attempts), 64):
        sums = Sums()
        with writing(connection):
            for request_id in attempts[first : first + 64]:
                insert_intent(connection, intent(request_id), "benchmark")
                settle_row(connection, settled_row(settlement(request_id)), sums)
            if summed:
                sums.write(connection)
    return (time.perf_counter() - started) * 1e6 / len(attempts)


def row_costs(path: Path) -> None:
    """Print what booking takes with the sums kept, and without."""
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is measured
        migrate(connection, path)
        kept, bare = (row_cost(connection, str(summed), summed=summed) for summed in (True, False))
        print(f"booking an attempt: {kept:.0f} us, without the sums {bare:.0f} us")


def main() -> None:
    """Make the ledger, ask, print."""
    now_ms = SystemClock().now_ms()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        row_costs(path.with_name("small.db"))
        started = time.perf_counter()
        generate(path, ROWS, now_ms)
        size = path.stat().st_size / 1e6
        print(f"{ROWS:,} rows, {size:,.0f} MB, made in {time.perf_counter() - started:.0f} s")
        asyncio.run(measure(path, now_ms))
        with closing(open_for_writing(path)) as connection:
            print(f"{'7 days without the sums: a scan':42} once {rows_alone(connection, now_ms):6.0f} ms")


if __name__ == "__main__":
    main()
