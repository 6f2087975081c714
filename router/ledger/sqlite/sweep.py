"""Rows that a dead process left open: found by whoever opens the ledger next, closed once.

Nobody knows how those calls ended or what they cost. Budgets keep counting what was held for them.
"""

from __future__ import annotations

from pathlib import Path

from router.ledger.sqlite.driver import Connection, writing
from router.ledger.sqlite.owners import GIVEN_UP_MS, PROC, is_gone
from router.ledger.sqlite.schema import require_writable
from router.ledger.sqlite.sums import ENDED, EndedRow, Sums

# The class is `cancelled`: the process ended and took the call with it. It is no fault of the deployment.
_CLOSE = f"""
UPDATE token_spend
SET status = 'unknown', failure_class = 'cancelled', settled_at = :now,
    cost_nano_usd = NULL, cost_source = 'unknown', budget_nano_usd = held_nano_usd
WHERE status = 'open' AND owner = :owner AND started_at <= :latest RETURNING {ENDED}
"""


def sweep(connection: Connection, path: Path, now_ms: int, proc: Path = PROC) -> int:
    """Close the open rows of dead owners as `unknown`; return how many this call closed."""
    owners = [
        owner
        for (owner,) in connection.execute("SELECT DISTINCT owner FROM token_spend WHERE status = 'open'")
    ]
    closing = []
    for owner in owners:
        died = is_gone(connection, owner, now_ms, proc)
        if died is not False:
            latest = 2**62 if died else now_ms - GIVEN_UP_MS
            closing.append({"owner": owner, "now": now_ms, "latest": latest})
    if not closing:
        return 0
    with writing(connection):
        require_writable(connection, path)
        closed = [EndedRow._make(row) for of in closing for row in connection.execute(_CLOSE, of).fetchall()]
        sums = Sums()
        sums.ended(connection, closed)
        sums.write(connection)
    return len(closed)
