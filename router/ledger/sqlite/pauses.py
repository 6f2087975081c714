"""Pauses of the runaway guard as rows: what tripped, for whom, and whether somebody lifted it.

Rows stay, so that a lifted pause can still be read. Whether to pause is `core.budget.runaway`.
"""

from __future__ import annotations

from router.core.budget.runaway import Pause
from router.core.records.alerts import StandingPause
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.schema import has_table

_CONCERNS = "(everyone OR session_id IS :session)"
"""A pause of calls without a session has none either."""


def standing(connection: Connection, session: str | None) -> str | None:
    """Return why paid calls of a session are paused now, or None."""
    found = connection.execute(
        f"SELECT reason FROM guard_pause WHERE lifted_at IS NULL AND {_CONCERNS} ORDER BY id LIMIT 1",
        {"session": session},
    ).fetchone()
    return None if found is None else str(found[0])


def pause(connection: Connection, tripped: Pause, session: str | None, now_ms: int) -> None:
    """Write a pause down, inside the caller's transaction."""
    connection.execute(
        "INSERT INTO guard_pause (everyone, session_id, paused_at, reason) VALUES (?, ?, ?, ?)",
        (tripped.everyone, None if tripped.everyone else session, now_ms, tripped.reason),
    )


def lift(connection: Connection, session: str | None, now_ms: int) -> list[tuple[str, bool, str | None]]:
    """Lift one session's pauses, or with None every pause there is.

    Return for each its reason, whether it was everybody's, and whose it was else.
    """
    which = "lifted_at IS NULL AND (:session IS NULL OR (NOT everyone AND session_id = :session))"
    values = {"session": session, "now": now_ms}
    found = connection.execute(
        f"SELECT reason, everyone, session_id FROM guard_pause WHERE {which} ORDER BY id", values
    ).fetchall()
    connection.execute(f"UPDATE guard_pause SET lifted_at = :now WHERE {which}", values)
    return [(str(reason), bool(everyone), of_session) for reason, everyone, of_session in found]


def unlifted(connection: Connection) -> list[StandingPause]:
    """Return the pauses of the runaway guard that nobody has lifted."""
    if not has_table(connection, "guard_pause"):
        return []
    found = connection.execute(
        "SELECT id, reason, session_id FROM guard_pause WHERE lifted_at IS NULL ORDER BY id"
    )
    return [StandingPause(*row) for row in found]
