"""Which deployments are full: what providers said of it, as rows, and what the attempts add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.core.health.exhausted import longest
from router.core.records.admission import Quota
from router.core.records.health import ExhaustedLimit
from router.ledger.limits_store import refused_by
from router.ledger.present import has_table
from router.ledger.sqlite import Connection

_WRITE = """
INSERT INTO full_until (scope, what, until_ms) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET what = excluded.what, until_ms = excluded.until_ms
WHERE excluded.until_ms > full_until.until_ms"""


def write_full(connection: Connection, scope: str, full: ExhaustedLimit) -> None:
    """Write that a scope is full; one that is full for longer stays so."""
    connection.execute(_WRITE, (scope, full.limit, full.until_ms))


def all_told(connection: Connection) -> dict[str, ExhaustedLimit]:
    """Return what was told of every scope, however long ago."""
    if not has_table(connection, "full_until"):
        return {}
    rows = connection.execute("SELECT scope, what, until_ms FROM full_until")
    return {scope: ExhaustedLimit(what, until_ms) for scope, what, until_ms in rows}


def counted(
    connection: Connection, asked: Mapping[str, Sequence[Quota]], now_ms: int
) -> dict[str, ExhaustedLimit]:
    """Return which deployments have no room within their quotas for one more, by name."""
    found = {
        name: longest((quota, refused_by(connection, name, quota, now_ms)) for quota in quotas)
        for name, quotas in asked.items()
    }
    return {name: full for name, full in found.items() if full}
