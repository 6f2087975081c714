"""Which version a ledger file has, and bringing it to ours.

Light on purpose: sqlite-utils is imported only when a migration is really to be made.
"""

from __future__ import annotations

from pathlib import Path

from router.errors import LedgerError
from router.ledger.sqlite.driver import Connection, writing

VERSION = 21
"""How many migrations there are; kept in the file's `user_version`."""

SUMS_SINCE = 20
"""The version since which running rows are in no sum; of an older file that is only read, rows are read."""

APPLICATION_ID = 0x5469_6572
"""`Tier`, in the file's header: tells a ledger from another program's database."""


def version_of(connection: Connection, path: Path) -> int:
    """Return the file's version, 0 for a new one. Raises LedgerError for another program's database."""
    [(application,)] = connection.execute("PRAGMA application_id")
    [(version,)] = connection.execute("PRAGMA user_version")
    if application == APPLICATION_ID:
        return int(version)
    if (
        application == version == 0
        and not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    ):
        return 0
    raise LedgerError(
        f"{path} is another program's database", hint="Choose another file with --ledger or $COCKPIT_LEDGER"
    )


def require_writable(connection: Connection, path: Path) -> None:
    """Raise LedgerError when a newer cockpit made the file: its rules are not known here.

    Asked inside every write transaction, because the newer one may come while this one runs.
    """
    [(version,)] = connection.execute("PRAGMA user_version")
    if version > VERSION:
        raise LedgerError(
            f"the ledger {path} was made by a newer cockpit (version {version}, this one knows {VERSION}); "
            "it can be read but not written",
            hint="Update this cockpit, or choose another ledger with --ledger",
        )


def migrate(connection: Connection, path: Path) -> None:
    """Bring the file to `VERSION`; two processes may try at once, one of them does it."""
    if version_of(connection, path) < VERSION:
        from router.ledger.sqlite import migrations  # imports sqlite-utils: 0.14 s, once in a ledger's life

        with writing(connection):
            if version_of(connection, path) < VERSION:
                migrations.apply(connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
    require_writable(connection, path)


def has_table(connection: Connection, name: str) -> bool:
    """Tell whether a file that is only read is new enough to have a table: reading migrates nothing."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (name,)).fetchone() is not None


def keeps_sums(connection: Connection) -> bool:
    """Tell whether a file's sums hold what has ended and nothing else, as since migration 20."""
    [(version,)] = connection.execute("PRAGMA user_version")
    return int(version) >= SUMS_SINCE


def columns(connection: Connection) -> frozenset[str]:
    """Return the columns of `token_spend`: a file that is only read may be too old for some."""
    return frozenset(
        name for (name,) in connection.execute("SELECT name FROM pragma_table_info('token_spend')")
    )
