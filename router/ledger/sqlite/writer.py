"""The write connection and what is owed to it. Lives on one thread; knows no event loop.

A settlement that cannot be written goes to the spool, and from there into the ledger as soon as that can be
written again: before the next batch, on every flush, at the next start, and every `RETRY_S` seconds. What an
attempt taught waits in memory: while nothing can be written nothing is sent either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from router.core.records.admission import Admission, RefusedBy
from router.core.records.facts import HealthLearned
from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.open_file import OpenFile
from router.ledger.private_files import beside, prepare
from router.ledger.sqlite.books import Answers, Books, Running
from router.ledger.sqlite.driver import Connection, SqliteError, told_clearly, writing
from router.ledger.sqlite.health import believe
from router.ledger.sqlite.leased import Leased
from router.ledger.sqlite.orders import Admit, Extend, GiveBack, Note, Settle, Start, Write
from router.ledger.sqlite.owners import BEAT_MS
from router.ledger.sqlite.rows import Row, add_ended, settle_row
from router.ledger.sqlite.schema import migrate, require_writable
from router.ledger.sqlite.spool import Spool
from router.ledger.sqlite.sums import Sums
from router.ledger.sqlite.sweep import sweep

RETRY_S = 5.0

Connect = Callable[[Path], Connection]


class Writer:
    """One open ledger file. Every method raises LedgerError and nothing else that a disk can cause."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        connect: Connect,
        owner: str | None = None,
        leased: Leased | None = None,
        started: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Open or make the ledger at `path`; migrate, then write what is spooled, then close what is dead.

        `started` is told how many calls that were admitted from leases have got their rows.
        """
        self.path = path
        self._owner = owner
        self._leased = leased
        self._started = started
        self._unstarted: list[Start | GiveBack] = []  # sent already, or given up: they must be written
        self._clock = clock
        self._spool = Spool(beside(path, ".spool"))
        self._unspooled: list[Row] = []  # neither the ledger nor the spool would take them
        self._unlearned: list[Note] = []
        self._connect = connect
        self._connection: Connection | None = None
        self._running: Running = {}
        self._books = self._opened()

    @property
    def owes(self) -> bool:
        """Whether anything waits outside the ledger."""
        return bool(self._unspooled or self._unlearned or self._unstarted) or not self._spool.is_empty()

    @property
    def due_s(self) -> float | None:
        """In how many seconds there is something to do though nothing is handed in; None: not at all."""
        if self.owes:
            return RETRY_S
        idle_s = None if self._leased is None else self._leased.idle_in_s
        if idle_s is not None:
            return idle_s
        return BEAT_MS / 1000 if self._books.beats else None

    def write(self, orders: Sequence[Write], *, more: bool = False) -> list[Admit]:
        """Write what is owed, then `orders`, in order, in one transaction; answer those who wait.

        Where there is `more` to write, a refusal may be of what has ended already: return those who were
        refused unanswered, to be asked again.
        """
        answers: Answers = {}
        failed: LedgerError | None = None
        try:
            self.replay()
            if orders or self._books.beats:
                answers = self._books.commit(orders)
                self._started(_starts(orders))
        except LedgerError as error:
            failed = error
            self.keep(orders)
        again = []
        for order in orders:
            match order:
                case Admit(reply=reply) if more and failed is None and _is_full(answers[reply]):
                    again.append(order)
                case Admit(reply=reply) | Extend(reply=reply):
                    reply.send(failed or answers[reply])
        return again

    def keep(self, orders: Sequence[Write]) -> None:
        """Keep outside the ledger what must not be lost of `orders`: settlements, what attempts taught."""
        self._unstarted += [order for order in orders if isinstance(order, Start | GiveBack)]
        self._forfeit()
        settles = [order for order in orders if isinstance(order, Settle)]
        self._unlearned += [settle.learn for settle in settles if settle.learn is not None]
        self._unlearned += [
            order for order in orders if isinstance(order, Note) and isinstance(order.fact, HealthLearned)
        ]
        rows = [self._books.carried(settle.row) for settle in settles]
        try:
            if rows:
                self._spool.append(rows)
        except OSError:
            self._unspooled.extend(rows)

    def _forfeit(self) -> None:
        """Admit nothing more from leases: whether the ledger can be written has to be asked now."""
        given = {} if self._leased is None else self._leased.give_back()
        if given:
            self._unstarted.append(GiveBack(given))

    def drop_connection(self) -> None:
        """Have the file opened anew before anything is written again."""
        self._forfeit()
        if self._connection is not None:
            with suppress(SqliteError):
                self._file.close(self._connection)
        self._connection = None

    def replay(self) -> None:
        """Write what waits outside the ledger, if anything does."""
        if self._connection is None:
            self._books = self._opened()
        self._file.require()
        if self._unstarted:
            self._books.commit(self._unstarted)
            self._started(_starts(self._unstarted))
            self._unstarted = []
        if self._unspooled:
            self._settle(self._unspooled)
            self._unspooled = []
        if self._unlearned:
            self._books.commit(self._unlearned)
            self._unlearned = []
        if not self._spool.is_empty():
            with told_clearly(self.path), self._spool.emptied() as rows:
                self._settle(rows)

    def flush(self) -> None:
        """Write what waits outside the ledger, or say where it is."""
        try:
            self.replay()
        except LedgerError as error:
            place = "in memory only" if self._unspooled else f"in {self._spool.path}"
            hint = f"{error.hint}. They are kept {place} and written as soon as the ledger can be"
            raise LedgerError(f"ended calls are not booked yet: {error.message}", hint=hint) from error

    def close(self) -> None:
        """Flush and close; the last process to do so folds the -wal file into the ledger."""
        try:
            self.flush()
            self._books.end()
        finally:
            self.drop_connection()

    def _opened(self) -> Books:
        """Open or make the file; migrate, then write what is spooled, then close what is dead."""
        path, clock = self.path, self._clock
        with told_clearly(path), ExitStack() as undo:
            prepare(path)
            self._file = OpenFile(path)
            self._connection = self._connect(path)
            undo.callback(self.drop_connection)
            migrate(self._connection, path)
            self._books = Books(self._connection, path, clock, self._owner, self._leased)
            self._books.running = self._running  # of whatever connection
            self._spool.prepare()
            self.replay()
            self._books.commit([])
            sweep(self._connection, path, clock.now_ms())
            believe(self._connection, clock.now_ms())
            undo.pop_all()
        return self._books

    def _settle(self, rows: Sequence[Row]) -> None:
        if self._connection is None:
            return
        with told_clearly(self.path), writing(self._connection):
            require_writable(self._connection, self.path)
            sums = Sums()
            for row in rows:
                if not settle_row(self._connection, row, sums):
                    add_ended(self._connection, row, sums)  # one already settled stays as it is
            sums.write(self._connection)


def _starts(orders: Sequence[Write]) -> int:
    return sum(isinstance(order, Start) for order in orders)


def _is_full(answer: Admission | LedgerError) -> bool:
    refused = None if isinstance(answer, LedgerError) else answer.refusal
    return refused is not None and refused.by in {RefusedBy.BUDGET, RefusedBy.LIMIT}
