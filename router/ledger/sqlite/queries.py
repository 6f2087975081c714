"""The questions screens and reports ask, in SQL. A row belongs to the window it started in.

A request belongs where its first attempt started, or in a breakdown its first attempt with that key. An open
row counts as a request and an attempt. It is not an attempt of unknown cost: that is said of what has ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from statistics import median_low
from typing import Any

from router.core.records.entries import Entry
from router.core.records.health import TrackRecord
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.usage import Usage
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rollup_tables import COLUMNS, NO_KEY
from router.ledger.sqlite.rollups import summed
from router.ledger.sqlite.rows import ENTRY_COLUMNS, USAGE_COLUMNS, Tags, entry
from router.ledger.sqlite.schema import columns
from router.ledger.sqlite.stress import newest_verdict

NEWEST_ANSWERS = 50
"""Of how many answers the median time to the first token is taken, at most: the newest of the window."""
_NEWEST = "FROM token_spend ORDER BY started_at DESC, id DESC LIMIT ?"
_OF_WINDOW = "FROM token_spend WHERE started_at >= ? AND started_at < ? ORDER BY started_at, id"

# Only how an answer went says something of a deployment: not what the caller stopped, not what nobody saw.
_FIRST_TOKENS = f"""
SELECT ttft_ms FROM token_spend
WHERE deployment = ? AND started_at >= ? AND started_at < ?
  AND ttft_ms IS NOT NULL AND status IN ('ok', 'failed', 'truncated')
ORDER BY started_at DESC, id DESC LIMIT {NEWEST_ANSWERS}
"""
_TESTS = """
SELECT deployment, count(*), sum(status <> 'ok') FROM token_spend
WHERE source = 'stress' AND started_at >= ? AND started_at < ? AND status IN ('ok', 'failed', 'truncated')
GROUP BY deployment
"""
_LAST_CALLS = """
SELECT status = 'ok' FROM token_spend
WHERE deployment = ? AND source <> 'stress' AND status IN ('ok', 'failed', 'truncated')
  AND coalesce(failure_class, '') NOT IN ('bad_request', 'content')
ORDER BY started_at DESC, id DESC LIMIT 10
"""
"""What was asked wrongly, or refused for what it says, tells nothing of who was asked."""


def totals(connection: Connection, window: Window) -> Spend:
    """Return the sum over a window."""
    return next((_spend(sums) for _, *sums in summed(connection, window, None)), Spend())


def groups(connection: Connection, window: Window, by: Dimension) -> list[SpendGroup]:
    """Return a breakdown, dearest first. A tag is `key=value`; who has two tags stands in both lines.

    Raises ValueError for days, which are `totals`.
    """
    require_groups(by)
    return dearest_first(
        SpendGroup(None if key == NO_KEY else key, _spend(sums))
        for key, *sums in summed(connection, window, by)
    )


def require_groups(by: Dimension) -> None:
    """Raise ValueError for the one dimension that is no breakdown."""
    if by is Dimension.DAY:
        raise ValueError("a breakdown by day is the totals of its windows")


def dearest_first(lines: Iterable[SpendGroup]) -> list[SpendGroup]:
    """Return `lines` by cost; of equal ones, those with unknown costs first, then by key."""
    return sorted(
        lines, key=lambda line: (-line.spend.cost_nano_usd, -line.spend.unknown_cost_attempts, line.key or "")
    )


def recent(connection: Connection, limit: int) -> list[Entry]:
    """Return the newest entries, newest first."""
    return _entries(connection, _NEWEST, (limit,))


def entries(connection: Connection, window: Window) -> list[Entry]:
    """Return every entry of a window, oldest first."""
    return _entries(connection, _OF_WINDOW, (window.start, window.end))


def _entries(connection: Connection, source: str, values: tuple[int, ...]) -> list[Entry]:
    tags: dict[str, Tags] = {}
    for request_id, key, value in connection.execute(
        f"SELECT request_id, key, value FROM request_tag WHERE request_id IN (SELECT request_id {source}) "
        "ORDER BY key, value",
        values,
    ):
        tags[request_id] = (*tags.get(request_id, ()), (key, value))
    # A file from before a column is read without it: reading migrates nothing.
    there = columns(connection)
    read = ", ".join(name if name in there else f"NULL AS {name}" for name in ENTRY_COLUMNS)
    rows = connection.execute(f"SELECT {read} {source}", values)
    return [entry(row, tags.get(row[0], ())) for row in rows]


def deployment_stats(connection: Connection, window: Window) -> dict[str, DeploymentStats]:
    """Return answers, failures (failed or cut off) and the lower median of the first token, by deployment."""
    stats, tests = {}, _tests(connection, window)
    for deployment, *sums in summed(connection, window, Dimension.DEPLOYMENT):
        line = _line(sums)
        if line["answered"]:
            rows = connection.execute(_FIRST_TOKENS, (deployment, window.start, window.end))
            first_tokens = [ttft_ms for (ttft_ms,) in rows]
            median = median_low(first_tokens) if first_tokens else None
            tried, failed = tests.get(deployment, (0, 0))
            stats[deployment] = DeploymentStats(line["answered"], line["failures"] - failed, median, tried)
    return stats


def track_records(connection: Connection, deployments: Collection[str]) -> dict[str, TrackRecord]:
    """Return how each one's last calls and last stress test went; nothing of those never asked."""
    records = {}
    for name in deployments:
        calls = tuple(bool(ok) for (ok,) in connection.execute(_LAST_CALLS, (name,)))[::-1]
        keeps = newest_verdict(connection, name)
        if calls or keeps is not None:
            records[name] = TrackRecord(calls, keeps)
    return records


def _tests(connection: Connection, window: Window) -> dict[str, tuple[int, int]]:
    """Return the requests of stress tests that were answered, and the failures among them, by deployment."""
    rows = connection.execute(_TESTS, (window.start, window.end))
    return {deployment: (tried, failed) for deployment, tried, failed in rows}


def _spend(sums: Sequence[int | None]) -> Spend:
    line = _line(sums)
    return Spend(
        line["cost_nano_usd"],
        line["unknown_cost_attempts"],
        line["requests"],
        line["attempts"],
        Usage(**{name: line[name] for name in USAGE_COLUMNS}),
    )


def _line(sums: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(COLUMNS, sums, strict=True))
