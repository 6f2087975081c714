"""What an attempt is known to have cost after it was settled otherwise: a row each, the newest holds.

A trigger lays each correction over its row of `token_spend`, in the same transaction, and keeps beside the
correction what stood there before; the sums are told of both. So budgets and screens follow without knowing.
"""

from __future__ import annotations

from collections.abc import Collection

from router.core.records.history import Correction, Unbilled
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.schema import has_table
from router.ledger.sqlite.sums import ENDED, EndedRow, Sums

_ADJUST = """
INSERT INTO adjustment (request_id, attempt, adjusted_at, cost_nano_usd, cost_source, evidence)
SELECT request_id, attempt, ?, ?, ?, ? FROM token_spend
WHERE request_id = ? AND attempt = ? AND status <> 'open'"""
_UNKNOWN = """
SELECT request_id, attempt, provider, provider_request_id, settled_at FROM token_spend
WHERE started_at >= ? AND status <> 'open' AND billing = 'metered' AND cost_nano_usd IS NULL
  AND provider_request_id IS NOT NULL AND provider IN ({providers})
ORDER BY started_at DESC, id DESC LIMIT ?"""
_NOT_LAID_OVER = """
SELECT request_id, attempt FROM adjustment AS a JOIN token_spend AS r USING (request_id, attempt)
WHERE a.id = (SELECT max(id) FROM adjustment AS b WHERE b.request_id = a.request_id AND b.attempt = a.attempt)
  AND r.status <> 'open' AND (r.cost_nano_usd IS NOT a.cost_nano_usd OR r.cost_source IS NOT a.cost_source)"""


def adjust(connection: Connection, place: tuple[str, int], correction: Correction, now_ms: int) -> bool:
    """Correct what an ended attempt cost, inside a write transaction. Return False when there is none."""
    before = _row(connection, place)
    values = (now_ms, correction.cost_nano, correction.source.value, correction.evidence, *place)
    if connection.execute(_ADJUST, values).rowcount != 1:
        return False
    after, sums = _row(connection, place), Sums()
    if before is not None and after is not None:
        sums.corrected(connection, before, after)
        sums.write(connection)
    return True


def _row(connection: Connection, place: tuple[str, int]) -> EndedRow | None:
    row = connection.execute(
        f"SELECT {ENDED} FROM token_spend WHERE request_id = ? AND attempt = ?", place
    ).fetchone()
    return None if row is None else EndedRow._make(row)


def unbilled(connection: Connection, providers: Collection[str], since_ms: int, limit: int) -> list[Unbilled]:
    """Return the newest ended calls of metered deployments at `providers` whose cost is not known."""
    query = _UNKNOWN.format(providers=", ".join("?" * len(providers)))
    rows = connection.execute(query, (since_ms, *providers, limit))
    return [
        Unbilled((request, attempt), provider, name, settled)
        for request, attempt, provider, name, settled in rows
    ]


def differences(connection: Connection) -> list[str]:
    """Name each corrected row that does not say what its newest correction says. Reads all corrections."""
    if not has_table(connection, "adjustment"):
        return []
    return [f"attempt {attempt} of {request}" for request, attempt in connection.execute(_NOT_LAID_OVER)]
