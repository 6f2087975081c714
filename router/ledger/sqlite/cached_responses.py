"""The response cache of routes that ask for it: the one table with text, bounded in age, number and size.

What is worth keeping and for which request is `core.checks.response_cache`.
"""

from __future__ import annotations

from router.core.records.answers import CachedResponse
from router.core.settings.policy import ResponseCache
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.schema import has_table

_WRITE = """
INSERT OR REPLACE INTO kept_answer (key, text, bytes, deployment, kept_at, until_ms)
VALUES (:key, :text, :bytes, :deployment, :kept_at, :until_ms)"""
_EXPIRE = "DELETE FROM kept_answer WHERE until_ms <= ?"
_TRIM = """
DELETE FROM kept_answer WHERE key IN (
  SELECT key FROM (
    SELECT key, row_number() OVER newest AS place, sum(bytes) OVER newest AS size
    FROM kept_answer WINDOW newest AS (ORDER BY kept_at DESC, key ROWS UNBOUNDED PRECEDING)
  ) WHERE place > :answers OR size > :most_bytes
)"""


def write(connection: Connection, answer: CachedResponse, bounds: ResponseCache) -> None:
    """Keep an answer in the place of an older one to the same; drop what is over the bounds, oldest first."""
    expire(connection, answer.kept_at)
    raw = answer.text.encode(errors="replace")
    row = {
        "key": answer.key,
        "text": raw.decode(),
        "bytes": len(raw),
        "deployment": answer.deployment,
        "kept_at": answer.kept_at,
        "until_ms": answer.kept_at + round(bounds.age_s * 1000),
    }
    connection.execute(_WRITE, row)
    connection.execute(_TRIM, {"answers": bounds.answers, "most_bytes": bounds.most_bytes})


def find(connection: Connection, key: str, since_ms: int) -> CachedResponse | None:
    """Return the answer under `key` if it was kept at `since_ms` or later."""
    if not has_table(connection, "kept_answer"):
        return None
    query = "SELECT key, text, deployment, kept_at FROM kept_answer WHERE key = ? AND kept_at >= ?"
    row = connection.execute(query, (key, since_ms)).fetchone()
    return None if row is None else CachedResponse(*row)


def expire(connection: Connection, now_ms: int) -> None:
    """Remove what has come of age; where nothing has, nothing is written."""
    [(due,)] = connection.execute("SELECT EXISTS (SELECT 1 FROM kept_answer WHERE until_ms <= ?)", (now_ms,))
    if due:
        connection.execute(_EXPIRE, (now_ms,))


def count(connection: Connection) -> tuple[int, int]:
    """Return how many answers are kept and how many bytes of text they hold."""
    if not has_table(connection, "kept_answer"):
        return 0, 0
    [(answers, size)] = connection.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM kept_answer")
    return answers, size


def forget(connection: Connection) -> int:
    """Remove all of them; return how many there were."""
    return connection.execute("DELETE FROM kept_answer").rowcount
