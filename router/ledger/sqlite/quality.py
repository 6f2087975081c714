"""How good answers were, as the ledger knows it: ratings by people, results of checks, and escalations.

A rating is one bit about a request: no words, nothing of the answer. How much each source moves the quality
of a deployment is `core.routing.facts`.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.core.records.answers import NOTHING_SEEN, STARS, CheckStats, CheckVerdict, Evidence, Rated
from router.core.records.spend import Window
from router.core.settings.deployments import Work
from router.errors import LedgerError
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.schema import has_table

# CROSS JOIN keeps the order: what was judged is far less than what was sent, and is where to begin.
_RATINGS = f"""
SELECT deployment, task, language, count(*), sum(CASE WHEN good THEN {STARS} ELSE 1 END), 0, 0, 0, 0
FROM rating CROSS JOIN token_spend USING (request_id)
WHERE started_at >= ? AND started_at < ? AND attempt = (
  SELECT max(attempt) FROM token_spend AS answered
  WHERE answered.request_id = rating.request_id AND answered.status IN ('ok', 'truncated'))
GROUP BY deployment, task, language"""
_CHECKS = """
SELECT deployment, task, language, 0, 0, sum(passed), sum(NOT passed), 0, 0
FROM check_result CROSS JOIN token_spend USING (request_id, attempt)
WHERE started_at >= ? AND started_at < ?
GROUP BY deployment, task, language"""
_ESCALATIONS = """
SELECT deployment, task, language, 0, 0, 0, 0, count(*), 0
FROM (SELECT DISTINCT request_id, attempt FROM check_result WHERE NOT passed) AS poor
CROSS JOIN token_spend AS spent USING (request_id, attempt)
WHERE started_at >= ? AND started_at < ? AND EXISTS (
  SELECT 1 FROM token_spend AS later
  WHERE later.request_id = spent.request_id AND later.attempt > spent.attempt)
GROUP BY deployment, task, language"""
_DOUBTS = """
SELECT deployment, task, language, 0, 0, 0, 0, 0, count(*)
FROM doubt CROSS JOIN token_spend USING (request_id)
WHERE started_at >= ? AND started_at < ? AND attempt = (
  SELECT max(attempt) FROM token_spend AS answered
  WHERE answered.request_id = doubt.request_id AND answered.status IN ('ok', 'truncated'))
  AND NOT EXISTS (SELECT 1 FROM rating WHERE rating.request_id = doubt.request_id)
GROUP BY deployment, task, language"""
_SOURCES = (
    ("rating", _RATINGS),
    ("check_result", _CHECKS),
    ("check_result", _ESCALATIONS),
    ("doubt", _DOUBTS),
)
_DOUBT = """
INSERT OR IGNORE INTO doubt (request_id, doubted_at)
SELECT request_id, ? FROM token_spend
WHERE session_id = ? AND status IN ('ok', 'truncated') AND started_at <= ?
ORDER BY started_at DESC, id DESC LIMIT 1"""

_NEWEST_ANSWERED = """
SELECT request_id, deployment, route, tier FROM token_spend WHERE status IN ('ok', 'truncated')
ORDER BY started_at DESC, id DESC LIMIT 1"""
_ANSWERED = """
SELECT request_id, deployment, route, tier FROM token_spend
WHERE request_id = ? AND status IN ('ok', 'truncated') ORDER BY attempt DESC LIMIT 1"""


def rate(connection: Connection, request_id: str | None, good: bool, now_ms: int) -> Rated:
    """Write what somebody thinks of a request's answer, of the newest one when None; the last word holds.

    Raises LedgerError when there is no such request or nobody answered it.
    """
    rated = answered(connection, request_id)
    write_rating(connection, rated.request_id, good, now_ms)
    return rated


def write_rating(connection: Connection, request_id: str, good: bool, now_ms: int) -> None:
    """Write whether a request's answer was good."""
    statement = "INSERT OR REPLACE INTO rating (request_id, rated_at, good) VALUES (?, ?, ?)"
    connection.execute(statement, (request_id, now_ms, good))


def write_doubt(connection: Connection, session: str, now_ms: int) -> None:
    """Write that a session's newest answer was complained about; nothing where it has none."""
    connection.execute(_DOUBT, (now_ms, session, now_ms))


def answered(connection: Connection, request_id: str | None) -> Rated:
    """Return who answered a request, the newest answered one when None. Raises LedgerError as `rate` does."""
    if request_id is None:
        found, missing = connection.execute(_NEWEST_ANSWERED).fetchone(), "no request was answered yet"
    else:
        found = connection.execute(_ANSWERED, (request_id,)).fetchone()
        missing = f"the ledger has no answered request {request_id}"
    if found is None:
        raise LedgerError(missing, hint="`cockpit export --table calls` lists the requests")
    return Rated(*found)


def evidence(connection: Connection, window: Window) -> dict[tuple[str, Work], Evidence]:
    """Return what is known of each deployment at each kind of work, for answers begun in a window."""
    found: dict[tuple[str, Work], Evidence] = {}
    for table, query in _SOURCES:
        if not has_table(connection, table):
            continue
        for deployment, task, language, *counts in connection.execute(query, (window.start, window.end)):
            key = (deployment, Work(task, language))
            found[key] = found.get(key, NOTHING_SEEN) + Evidence(*counts)
    return found


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


def write_verdicts(
    connection: Connection, request_id: str, attempt: int, verdicts: Sequence[CheckVerdict]
) -> None:
    """Write what checks said of one attempt's answer; those that could not judge say nothing."""
    rows = [(request_id, attempt, one.check, one.passed) for one in verdicts if one.judged]
    connection.executemany("INSERT OR IGNORE INTO check_result VALUES (?, ?, ?, ?)", rows)


def check_stats(connection: Connection, window: Window) -> list[CheckStats]:
    """Return what each check of each route has led to, for answers begun in a window."""
    if not has_table(connection, "check_result"):
        return []
    return [CheckStats(*row) for row in connection.execute(_STATS, (window.start, window.end))]
