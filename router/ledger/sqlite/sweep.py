"""What a dead process left behind: found by whoever opens the ledger next, closed once.

Its open rows become `unknown`: nobody knows how those calls ended or what they cost, and budgets keep
counting what was held for them. Calls that it had started without a row are in its journal and get one first.
Then what it had leased is nobody's any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from router.ledger.sqlite import leases
from router.ledger.sqlite.driver import Connection, writing
from router.ledger.sqlite.journal import LeftBehind, journals
from router.ledger.sqlite.owners import GIVEN_UP_MS, PROC, is_gone
from router.ledger.sqlite.rows import add_open
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
    """Close what dead owners have left open; return how many calls this one closed."""
    left = [journal for journal in journals(path) if is_gone(connection, journal.owner, now_ms, proc)]
    known = {*_owners(connection), *leases.owners(connection)}
    gone = {owner: is_gone(connection, owner, now_ms, proc) for owner in known}
    gone |= {journal.owner: True for journal in left}
    if all(died is False for died in gone.values()):
        return 0
    with writing(connection):
        require_writable(connection, path)
        closed = bury(connection, [owner for owner, died in gone.items() if died], left, now_ms)
        for owner in (owner for owner, died in gone.items() if died is None):
            closed += _close(connection, owner, now_ms, now_ms - GIVEN_UP_MS)
    for journal in left:
        journal.remove()
    return closed


def bury(connection: Connection, owners: Sequence[str], left: Sequence[LeftBehind], now_ms: int) -> int:
    """Close all that owners have left open, inside a write transaction; return how many calls that were.

    Remove their journals, `left`, when it is committed.
    """
    for journal in left:
        for row in journal.rows:
            add_open(connection, row)
    for owner in owners:
        leases.drop(connection, owner)
    return sum(_close(connection, owner, now_ms, 2**62) for owner in owners)


def dead_leases(connection: Connection, path: Path, now_ms: int) -> tuple[list[str], list[LeftBehind]]:
    """Return who is gone of those that have leased anything, and their journals."""
    gone = [owner for owner in leases.owners(connection) if is_gone(connection, owner, now_ms)]
    return gone, [journal for journal in journals(path) if journal.owner in gone] if gone else []


def _owners(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT DISTINCT owner FROM token_spend WHERE status = 'open'")
    return [owner for (owner,) in rows]


def _close(connection: Connection, owner: str, now_ms: int, latest_ms: int) -> int:
    values = {"owner": owner, "now": now_ms, "latest": latest_ms}
    closed, sums = [EndedRow._make(row) for row in connection.execute(_CLOSE, values).fetchall()], Sums()
    sums.ended(connection, closed)
    sums.write(connection)
    return len(closed)
