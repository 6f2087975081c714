"""Whether the ledger that is open is still the one at its path: files are moved, removed and restored.

SQLite goes on writing into a file that has no name any more, as every program does. What is written there
nobody finds again, and who starts next begins every budget anew.
"""

from __future__ import annotations

from pathlib import Path

from router.errors import LedgerError
from router.ledger.sqlite.driver import Connection


class OpenFile:
    """The file at a path at one moment. Make it just before the file is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._id = _id(path)

    @property
    def is_there(self) -> bool:
        """Whether the path still names this file."""
        return self._id is not None and _id(self._path) == self._id

    def require(self) -> None:
        """Raise LedgerError when the path names another file, or none."""
        if self.is_there:
            return
        what = "replaced by another file" if self._path.exists() else "moved or removed"
        raise LedgerError(
            f"the ledger {self._path} was {what} while it was open; no call is sent, for its budgets would "
            "count nothing",
            hint="Put the file back, or end this program and start it again to go on with what is there",
        )

    def close(self, connection: Connection) -> None:
        """Close a connection to this file; leave it open for good where another file has taken its name.

        The last connection that SQLite closes removes the -wal file, by its name: then the other file's.
        """
        if self.is_there:
            connection.close()
        else:
            import ctypes  # seldom

            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _id(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
