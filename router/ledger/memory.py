"""The ledger without a file: the tables, rules and sums of the one on the disk, on a database in memory.

For the engine's tests, demos, dry runs, and where there is no ledger yet. It has one connection and no
thread: what is handed in is written at once.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from router.core.records.admission import NO_TERMS, Admission, Cap, Hold, Lesson, Terms
from router.core.records.entries import Intent, Settlement
from router.core.records.facts import Fact, HealthLearned
from router.errors import LedgerError
from router.ledger.sqlite.books import Books
from router.ledger.sqlite.driver import CACHED_STATEMENTS, Connection, connect
from router.ledger.sqlite.orders import Admit, Extend, Note, Reply, Settle, Write
from router.ledger.sqlite.reports import SqliteReports
from router.ledger.sqlite.rows import settled_row
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.upkeep import SqliteUpkeep

IN_MEMORY = Path(":memory:")
T = TypeVar("T")


class MemoryLedger(SqliteReports):
    """Implements `engine.ports.Ledger` and all that reads it; forgets everything when it goes.

    Its database is made when it is first needed.
    """

    def __init__(self) -> None:
        super().__init__(IN_MEMORY)
        self.refusal: LedgerError | None = None
        """Set it and `admit` raises it: how a full disk looks to the engine."""
        self.upkeep = MemoryUpkeep(lambda: self.connection)
        self._books: Books | None = None
        self._accepting = True

    @property
    def connection(self) -> Connection:
        """The database."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    async def admit(self, intent: Intent, terms: Terms = NO_TERMS) -> Admission:
        """Write the row if `terms` are met. Raises LedgerError when it is there, or what `refusal` says."""
        if self.refusal is not None:
            raise self.refusal
        reply: Reply[Admission] = Reply()
        return self._write(Admit(intent, terms, reply), reply)

    async def extend(self, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
        """Hold more for a running attempt if `caps` allow it."""
        reply: Reply[Admission] = Reply()
        return self._write(Extend(place, hold, caps, reply), reply)

    def settle(self, settlement: Settlement, lesson: Lesson | None = None) -> None:
        """Close an open row; anything else changes no row."""
        learned = None if lesson is None else Note(HealthLearned(lesson, settlement.settled_at))
        self._write(Settle(settled_row(settlement), learned))

    def note(self, fact: Fact) -> None:
        """Write a fact."""
        self._write(Note(fact))

    async def flush(self) -> None:
        """Nothing waits here."""

    async def aclose(self) -> None:
        """Take nothing more. What is in it can still be read."""
        self._accepting = False

    async def version(self) -> int:
        """Return how many rows were written so far."""
        return int(self.connection.total_changes)

    def _write(self, order: Write, reply: Reply[Admission] | None = None) -> Admission:
        if not self._accepting:
            raise LedgerError("the ledger in memory is closed", hint="Nothing can be written any more")
        self._books = self._books or Books(self.connection, IN_MEMORY, None)
        answers = self._books.commit([order])
        answer = Admission() if reply is None else answers[reply]
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    async def _on_thread(self, work: Callable[[Connection], T]) -> T:
        return work(self.connection)

    def _open(self) -> Connection:
        connection = _connected()
        _empty().backup(connection)
        weakref.finalize(self, connection.close)
        return connection


class MemoryUpkeep(SqliteUpkeep):
    """Upkeep of a ledger in memory."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        super().__init__(IN_MEMORY)
        self._connection = connection

    def _exists(self) -> bool:
        return True

    async def _do(self, work: Callable[[Connection], T]) -> T:
        return work(self._connection())


def _connected() -> Connection:
    return connect(
        ":memory:", isolation_level=None, cached_statements=CACHED_STATEMENTS, check_same_thread=False
    )


@cache
def _empty() -> Connection:
    """Return a ledger without a row, made once: migrations take far longer than a copy."""
    connection = _connected()
    migrate(connection, IN_MEMORY)
    atexit.register(connection.close)
    return connection
