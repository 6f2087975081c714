"""What checks said of answers, as rows, and what each check of a route has led to since.

A row holds a check's name and whether it passed: no words, nothing of the answer. What the sums mean for a
check is `core.checks.check_value`.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.core.records.answers import CheckStats, CheckVerdict
from router.core.records.spend import Window
from router.ledger.present import has_table
from router.ledger.sqlite import Connection

# A request's first judged answer is what its checks are measured by; what came after a failure is the climb.
_STATS = """
WITH first AS (SELECT request_id, min(attempt) AS attempt, max(attempt) AS last FROM check_result GROUP BY 1),
above AS (
  SELECT request_id, sum(cost_nano_usd) AS cost, count(*) - count(cost_nano_usd) AS unknown
  FROM first JOIN token_spend USING (request_id) WHERE token_spend.attempt > first.attempt GROUP BY 1
),
judged AS (
  SELECT below.route, result.name, result.passed, below.cost_nano_usd AS cost,
    first.last > first.attempt AS climbed, coalesce(later.passed, 0) AS mended,
    coalesce(above.cost, 0) AS above_cost, coalesce(above.unknown, 0) AS above_unknown
  FROM first
  JOIN token_spend AS below USING (request_id, attempt)
  JOIN check_result AS result USING (request_id, attempt)
  LEFT JOIN check_result AS later
    ON later.request_id = first.request_id AND later.attempt = first.last AND later.name = result.name
  LEFT JOIN above ON above.request_id = first.request_id
  WHERE below.started_at >= ? AND below.started_at < ?
)
SELECT route, name, count(*), sum(passed),
  sum(NOT passed AND climbed), sum(NOT passed AND climbed AND mended),
  coalesce(sum(cost), 0), sum(CASE WHEN passed THEN 0 ELSE above_cost END),
  sum(cost IS NULL) + sum(CASE WHEN passed THEN 0 ELSE above_unknown END)
FROM judged GROUP BY route, name ORDER BY route, name"""


def write(connection: Connection, request_id: str, attempt: int, verdicts: Sequence[CheckVerdict]) -> None:
    """Write what checks said of one attempt's answer; those that could not judge say nothing."""
    rows = [(request_id, attempt, one.check, one.passed) for one in verdicts if one.judged]
    connection.executemany("INSERT OR IGNORE INTO check_result VALUES (?, ?, ?, ?)", rows)


def stats(connection: Connection, window: Window) -> list[CheckStats]:
    """Return what each check of each route has led to, for answers begun in a window."""
    if not has_table(connection, "check_result"):
        return []
    return [CheckStats(*row) for row in connection.execute(_STATS, (window.start, window.end))]
