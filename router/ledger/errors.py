"""SQLite's and the system's errors in words: the one place where they become `LedgerError`."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.errors import LedgerError
from router.ledger.sqlite import BUSY_S, SqliteError

_FULL = ("there is no space left to write the ledger {path}", "Free some space on that disk")
_NOT_WRITABLE = (
    "the ledger {path} cannot be opened or written: {why}",
    "Make its directory one you may write to, or choose another place with --ledger or $COCKPIT_LEDGER",
)
_BY_CODE = {
    "FULL": _FULL,
    "BUSY": (
        f"the ledger {{path}} has been locked by another program for more than {BUSY_S:g} s",
        "Close what holds it (a backup, a SQLite shell) and try again",
    ),
    "NOTADB": (
        "{path} is not a ledger: it is no SQLite database",
        "Choose another file with --ledger or $COCKPIT_LEDGER, or move this one away",
    ),
    "CORRUPT": (
        "the ledger {path} is damaged: {why}",
        "Restore it from a backup, or move it away together with its -wal and -shm files to start a new one",
    ),
    "READONLY": _NOT_WRITABLE,
    "CANTOPEN": _NOT_WRITABLE,
    "PERM": _NOT_WRITABLE,
}
_OTHER = ("the ledger {path} cannot be used: {why}", "Check that the disk it is on works and has space left")


@contextmanager
def told_clearly(path: Path) -> Iterator[None]:
    """Raise LedgerError, naming `path` and the next step, for any error of SQLite or the system inside."""
    try:
        yield
    except SqliteError as error:
        # SQLITE_IOERR_WRITE and the like: the first word after the prefix is the primary code.
        code = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").split("_")[0]
        raise _told(_BY_CODE.get(code, _OTHER), path, str(error)) from error
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise _told(_FULL if full else _NOT_WRITABLE, path, error.strerror or str(error)) from error


def _told(words: tuple[str, str], path: Path, why: str) -> LedgerError:
    message, hint = words
    return LedgerError(message.format(path=path, why=why), hint=hint)
