"""The questions screens and reports ask, in SQL. A row belongs to the window it started in.

An open row counts as a request and an attempt. It is not an attempt of unknown cost: that is said of what
has ended. Adjustments are not added yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.core.spend import DeploymentStats, Dimension, Entry, Spend, SpendGroup, Window
from router.core.usage import Usage
from router.ledger.rows import ENTRY_COLUMNS, USAGE_COLUMNS, Tags, entry
from router.ledger.sqlite import Connection

_COLUMN_OF = {
    Dimension.TIER: "tier",
    Dimension.PROVIDER: "provider",
    Dimension.MODEL: "model_requested",  # a failed attempt has no other
    Dimension.DEPLOYMENT: "deployment",
    Dimension.TASK: "task",
    Dimension.SESSION: "session_id",
}
_IN_WINDOW = "started_at >= ? AND started_at < ?"
_SUMS = ", ".join(
    (
        "coalesce(sum(cost_nano_usd), 0)",
        "coalesce(sum(status <> 'open' AND cost_nano_usd IS NULL), 0)",
        "count(DISTINCT request_id)",
        "count(*)",
        *(f"sum({name})" for name in USAGE_COLUMNS),
    )
)
_NEWEST = "FROM token_spend ORDER BY started_at DESC, id DESC LIMIT ?"

# Only how an answer went says something of a deployment: not what the caller stopped, not what nobody saw.
_STATS = f"""
SELECT deployment, count(*), sum(status <> 'ok')
FROM token_spend
WHERE {_IN_WINDOW} AND status IN ('ok', 'failed', 'truncated')
GROUP BY deployment
"""
_MEDIANS = f"""
SELECT deployment, ttft_ms FROM (
  SELECT deployment, ttft_ms,
    row_number() OVER (PARTITION BY deployment ORDER BY ttft_ms) AS place,
    count(*) OVER (PARTITION BY deployment) AS many
  FROM token_spend
  WHERE {_IN_WINDOW} AND status IN ('ok', 'failed', 'truncated') AND ttft_ms IS NOT NULL
) WHERE place = (many + 1) / 2
"""


def column_of(by: Dimension) -> str:
    """Return what a breakdown groups by. Raises ValueError for days, which are `totals`.

    Tags have no column, they are in a table of their own.
    """
    if by not in _COLUMN_OF:
        raise ValueError(f"a breakdown by {by} is the totals of its windows")
    return _COLUMN_OF[by]


def totals_sql() -> str:
    """Return the sum over one window."""
    return f"SELECT {_SUMS} FROM token_spend WHERE {_IN_WINDOW}"


def groups_sql(by: Dimension) -> str:
    """Return the breakdown of one window. Raises ValueError for days, which are `totals`."""
    if by is Dimension.TAG:
        return (
            f"SELECT request_tag.key || '=' || request_tag.value, {_SUMS} "
            "FROM token_spend LEFT JOIN request_tag USING (request_id) "
            f"WHERE {_IN_WINDOW} GROUP BY request_tag.key, request_tag.value"
        )
    column = column_of(by)
    return f"SELECT {column}, {_SUMS} FROM token_spend WHERE {_IN_WINDOW} GROUP BY {column}"


def totals(connection: Connection, window: Window) -> Spend:
    """Return the sum over a window."""
    [row] = connection.execute(totals_sql(), (window.start, window.end))
    return _spend(row)


def groups(connection: Connection, window: Window, by: Dimension) -> list[SpendGroup]:
    """Return a breakdown, dearest first. A tag is `key=value`; who has two tags stands in both lines."""
    rows = connection.execute(groups_sql(by), (window.start, window.end))
    return dearest_first(SpendGroup(key, _spend(sums)) for key, *sums in rows)


def dearest_first(lines: Iterable[SpendGroup]) -> list[SpendGroup]:
    """Return `lines` by cost; of equal ones, those with unknown costs first, then by key."""
    return sorted(
        lines, key=lambda line: (-line.spend.cost_nano_usd, -line.spend.unknown_cost_attempts, line.key or "")
    )


def recent(connection: Connection, limit: int) -> list[Entry]:
    """Return the newest entries, newest first."""
    tags: dict[str, Tags] = {}
    for request_id, key, value in connection.execute(
        f"SELECT request_id, key, value FROM request_tag WHERE request_id IN (SELECT request_id {_NEWEST}) "
        "ORDER BY key, value",
        (limit,),
    ):
        tags[request_id] = (*tags.get(request_id, ()), (key, value))
    rows = connection.execute(f"SELECT {', '.join(ENTRY_COLUMNS)} {_NEWEST}", (limit,))
    return [entry(row, tags.get(row[0], ())) for row in rows]


def deployment_stats(connection: Connection, window: Window) -> dict[str, DeploymentStats]:
    """Return answers, failures (failed or cut off) and the lower median of the first token, by deployment."""
    span = (window.start, window.end)
    medians: dict[str, int] = dict(connection.execute(_MEDIANS, span).fetchall())
    return {
        deployment: DeploymentStats(attempts, failures, medians.get(deployment))
        for deployment, attempts, failures in connection.execute(_STATS, span)
    }


def _spend(row: Iterable[Any]) -> Spend:
    cost, unknown, requests, attempts, *counts = row
    return Spend(cost, unknown, requests, attempts, Usage(**dict(zip(USAGE_COLUMNS, counts, strict=True))))
