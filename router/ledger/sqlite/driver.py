"""SQLite itself: which library, how a connection is opened, how a transaction is held, its errors in words.

Owns every PRAGMA of a connection. Knows no table.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3 as driver
else:
    try:  # a wheel with a newer SQLite, where there is one for the platform
        from pysqlite3 import dbapi2 as driver
    except ImportError:
        import sqlite3 as driver

SqliteError = driver.Error
_OF_A_VALUE = (driver.IntegrityError, driver.DataError, driver.ProgrammingError, driver.InterfaceError)
"""What SQLite says of one value or one row; all its other errors are of the file or the disk."""

CACHED_STATEMENTS = 4096
"""More than a connection ever prepares. pysqlite3's cache takes nothing more once its 128 are full: each
statement is then compiled anew, triggers included, and booking an attempt took four times as long."""

BUSY_S = 5.0
"""How long a statement waits for another process's lock; after that paid calls are refused."""

ASK_AGAIN_S = 0.001
"""Between two tries to take the write lock."""

WAL_PAUSE_S = 0.02
"""Between two tries to change the journal mode."""

_FIXED_IN = (3, 51, 3)
_WAL_LIMIT = 16 * 1024 * 1024  # bytes the -wal file is cut back to after a checkpoint


_LARGEST = 2**63 - 1


class Connection(driver.Connection):
    """A connection that can be asked with any text and any number, wherever they come from.

    Half a surrogate pair, which JSON allows, is no UTF-8, and SQLite's numbers have 64 bits: such a value is
    bound in the nearest form it has there, alike in what is written and in what is looked for.
    """

    patience_s = 0.0
    """How long `writing` waits for another's lock."""

    def execute(self, sql: str, parameters: Any = ()) -> driver.Cursor:
        """Run one statement."""
        try:
            return super().execute(sql, parameters)
        except (UnicodeEncodeError, OverflowError):  # nothing has been done: binding comes first
            return super().execute(sql, _bindable(parameters))

    def executemany(self, sql: str, parameters: Iterable[Any]) -> driver.Cursor:
        """Run one statement with each of `parameters`."""
        return super().executemany(sql, [_bindable(each) for each in parameters])


def _bindable(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return {name: _bound(value) for name, value in parameters.items()}
    return [_bound(value) for value in parameters]


def _bound(value: object) -> object:
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return max(-_LARGEST, min(_LARGEST, value))
    return value


def connect(database: str | Path, *, factory: type[Connection] = Connection, **options: Any) -> Connection:
    """Open a database as the driver does, through a `Connection` of ours."""
    return driver.connect(database, factory=factory, **options)


def is_of_a_value(error: Exception) -> bool:
    """Tell whether an error while writing concerns what was written, and not the file or the disk."""
    return isinstance(error, _OF_A_VALUE) or not isinstance(error, SqliteError | OSError | LedgerError)


def sqlite_version_warning(version: tuple[int, ...] = driver.sqlite_version_info) -> str | None:
    """Return what to tell the user about `version` of SQLite, or None when it is a safe one.

    3.7.0 to 3.51.2 can damage a WAL file when one process checkpoints while another one commits.
    """
    if version >= _FIXED_IN:
        return None
    mine, fixed = (".".join(map(str, numbers)) for numbers in (version, _FIXED_IN))
    return (
        f"SQLite {mine} can damage a ledger that two programs write at the same time; {fixed} repairs that. "
        "Install pysqlite3 where it has a wheel, or a newer Python, or run one cockpit or gateway at a time"
    )


def open_for_writing(
    path: Path, *, busy_s: float = BUSY_S, factory: type[Connection] = Connection
) -> Connection:
    """Open an existing file in WAL mode, every commit fsynced. Transactions are explicit: see `writing`.

    Raises the driver's errors; `errors.told_clearly` turns them into words.
    """
    connection = connect(
        f"{path.absolute().as_uri()}?mode=rw",
        factory=factory,
        timeout=0,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        uri=True,
    )
    try:
        if _switched_to_wal(connection, busy_s) != "wal":
            raise driver.NotSupportedError("this disk does not support write-ahead logging")
        connection.patience_s = busy_s
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA mmap_size = 0")
        # Kept answers go by bounds and age: none stays readable.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
    except SqliteError:
        connection.close()
        raise
    return connection


def open_for_traffic(path: Path) -> Connection:
    """Open an existing file as `open_for_writing` does, but for the fsync: see `disk`."""
    connection = open_for_writing(path)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _switched_to_wal(connection: Connection, busy_s: float) -> str:
    """Return the journal mode after asking for WAL.

    Two processes that change the mode of a new file at once wait for each other's lock, so neither may wait:
    who is refused lets go and tries again.
    """
    for tries_left in reversed(range(max(1, round(busy_s / WAL_PAUSE_S)))):
        try:
            [(mode,)] = connection.execute("PRAGMA journal_mode = WAL")
            return str(mode)
        except SqliteError as error:
            if not tries_left or not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise
            time.sleep(WAL_PAUSE_S)
    raise AssertionError("the last try returns or raises")


def open_for_reading(path: Path, *, busy_s: float = BUSY_S) -> Connection:
    """Open an existing file so that nothing can be written through this connection, from any thread."""
    connection = connect(
        f"{path.absolute().as_uri()}?mode=ro",
        timeout=busy_s,
        check_same_thread=False,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        uri=True,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def rewrite(connection: Connection) -> bool:
    """Write the file anew without what was deleted, and empty the -wal file.

    Return False when another program kept one of the two from being done.
    """
    try:
        connection.execute("VACUUM")
    except SqliteError as error:
        if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            raise
        return False
    [(busy, _, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return not busy


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Hold one write transaction; commit at the end, undo everything when anything is raised.

    IMMEDIATE takes the write lock at once and waits for it; a deferred one that reads first is refused
    without waiting when another process has written meanwhile.
    """
    _begin(connection)
    with _finished(connection):
        yield


def _begin(connection: Connection) -> None:
    """Take the write lock. Who waits asks again every millisecond: SQLite's own pauses grow to a tenth of a
    second, in which those who come later are served first."""
    for tries_left in reversed(range(1 + round(connection.patience_s / ASK_AGAIN_S))):
        try:
            connection.execute("BEGIN IMMEDIATE")
        except SqliteError as error:
            if not tries_left or not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise
        else:
            return
        time.sleep(ASK_AGAIN_S)


@contextmanager
def kept_apart(connection: Connection) -> Iterator[None]:
    """Hold a part of a write transaction that is undone alone when anything is raised."""
    connection.execute("SAVEPOINT part")
    whole = False
    try:
        yield
        whole = True
    finally:
        if connection.in_transaction:  # else SQLite has undone all of it already
            if not whole:
                connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")


@contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """Hold one snapshot over several queries; keep it short, an open one stops checkpoints."""
    connection.execute("BEGIN")
    with _finished(connection):
        yield


@contextmanager
def _finished(connection: Connection) -> Iterator[None]:
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # neither committed nor undone by SQLite already
            connection.execute("ROLLBACK")


_NO_SPACE = ("there is no space left to write the ledger {path}", "Free some space on that disk")
_NOT_WRITABLE = (
    "the ledger {path} cannot be opened or written: {why}",
    "Make its directory one you may write to, or choose another place with --ledger or $COCKPIT_LEDGER",
)
_BY_CODE = {
    "FULL": _NO_SPACE,
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
_ANYTHING_ELSE = (
    "the ledger {path} cannot be used: {why}",
    "Check that the disk it is on works and has space left",
)


@contextmanager
def told_clearly(path: Path) -> Iterator[None]:
    """Raise LedgerError, naming `path` and the next step, for any error of SQLite or the system inside."""
    try:
        yield
    except SqliteError as error:
        # SQLITE_IOERR_WRITE and the like: the first word after the prefix is the primary code.
        code = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").split("_")[0]
        raise _told(_BY_CODE.get(code, _ANYTHING_ELSE), path, str(error)) from error
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise _told(_NO_SPACE if full else _NOT_WRITABLE, path, error.strerror or str(error)) from error


def _told(words: tuple[str, str], path: Path, why: str) -> LedgerError:
    message, hint = words
    return LedgerError(message.format(path=path, why=why), hint=hint)
