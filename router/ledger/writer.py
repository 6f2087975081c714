"""The write connection and what is owed to it. Lives on one thread; knows no event loop.

A settlement that cannot be written goes to the spool, and from there into the ledger as soon as that can be
written again: before the next batch, on every flush, at the next start, and every `RETRY_S` seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.errors import told_clearly
from router.ledger.orders import Admit, Reply, Settle
from router.ledger.owner import this_process
from router.ledger.private_files import beside, prepare
from router.ledger.rows import Row, insert_intent, settle_row
from router.ledger.schema import migrate, require_writable
from router.ledger.spool import Spool
from router.ledger.sqlite import Connection, writing
from router.ledger.sweep import sweep

RETRY_S = 5.0

Connect = Callable[[Path], Connection]


class Writer:
    """One open ledger file. Every method raises LedgerError and nothing else that a disk can cause."""

    def __init__(self, path: Path, clock: Clock, connect: Connect) -> None:
        """Open or make the ledger at `path`; migrate, then write what is spooled, then close what is dead."""
        self.path = path
        self._owner = this_process()
        self._spool = Spool(beside(path, ".spool"))
        self._unspooled: list[Row] = []  # neither the ledger nor the spool would take them
        with told_clearly(path), ExitStack() as undo:
            prepare(path)
            self._connection = connect(path)
            undo.callback(self._connection.close)
            migrate(self._connection, path)
            self._spool.prepare()
            self.replay()
            sweep(self._connection, path, clock.now_ms())
            undo.pop_all()

    @property
    def owes(self) -> bool:
        """Whether settlements wait outside the ledger."""
        return bool(self._unspooled) or not self._spool.is_empty()

    def write(self, orders: Sequence[Admit | Settle]) -> None:
        """Write what is owed, then `orders`, in order, in one transaction; answer the admissions."""
        refused: dict[Reply, LedgerError] = {}
        try:
            self.replay()
            if orders:
                refused = self._commit(orders)
        except LedgerError as error:
            self._keep([order.row for order in orders if isinstance(order, Settle)])
            refused = {order.reply: error for order in orders if isinstance(order, Admit)}
        for order in orders:
            if isinstance(order, Admit):
                order.reply.send(refused.get(order.reply))

    def replay(self) -> None:
        """Write what waits outside the ledger, if anything does."""
        if self._unspooled:
            self._settle(self._unspooled)
            self._unspooled = []
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
        with closing(self._connection):
            self.flush()

    def _settle(self, rows: Sequence[Row]) -> None:
        with told_clearly(self.path), writing(self._connection):
            require_writable(self._connection, self.path)
            for row in rows:
                settle_row(self._connection, row)  # one already settled stays as it is

    def _commit(self, orders: Sequence[Admit | Settle]) -> dict[Reply, LedgerError]:
        refused = {}
        with told_clearly(self.path), writing(self._connection):
            require_writable(self._connection, self.path)
            for order in orders:
                match order:
                    case Admit(intent, reply) if not insert_intent(self._connection, intent, self._owner):
                        named = f"attempt {intent.attempt} of request {intent.request_id}"
                        refused[reply] = LedgerError(f"{named} is in the ledger {self.path} already")
                    case Settle(row):
                        settle_row(self._connection, row)
        return refused

    def _keep(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        try:
            self._spool.append(rows)
        except OSError:
            self._unspooled.extend(rows)
