"""What a file that is only read is new enough to have: reading migrates nothing."""

from __future__ import annotations

from router.ledger.sqlite import Connection


def has_table(connection: Connection, name: str) -> bool:
    """Tell whether a file that is only read is new enough to have a table: reading migrates nothing."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None


def columns(connection: Connection) -> frozenset[str]:
    """Return the columns of `token_spend`: a file that is only read may be too old for some."""
    return frozenset(
        name for (name,) in connection.execute("SELECT name FROM pragma_table_info('token_spend')")
    )
