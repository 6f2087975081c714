"""The ports `Attempts` and `Facts` over a SQLite file: an async door to one writer thread.

Whatever is queued when the thread is free is written in one transaction. Nobody waits for the disk to start a
call; what has ended is brought there in groups (`disk`).
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from router.core.records.admission import NO_TERMS, Admission, Cap, Hold, Lesson, Terms
from router.core.records.entries import Intent, Settlement
from router.core.records.facts import Fact, HealthLearned
from router.engine.clock import ahead
from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.sqlite.disk import DiskSync, Sync, sync_commits
from router.ledger.sqlite.driver import open_for_traffic
from router.ledger.sqlite.orders import Admit, Close, Extend, Flush, Note, Order, Reply, Settle, Write
from router.ledger.sqlite.rows import settled_row
from router.ledger.sqlite.writer import Connect, Writer

log = logging.getLogger(__name__)


async def open_ledger(
    path: Path,
    clock: Clock,
    *,
    connect: Connect = open_for_traffic,
    sync: Sync = sync_commits,
    owner: str | None = None,
) -> SqliteLedger:
    """Open or make the ledger at `path`; write what was spooled, close what dead processes left open.

    Rows are this process's unless `owner` names another one.
    Raises LedgerError: not writable, no space, locked, no ledger, or made by a newer cockpit (which
    `reader.open_reader` still reads).
    """
    ledger = SqliteLedger(path, sync)
    await ledger.start(clock, connect, owner)
    return ledger


class SqliteLedger:
    """Implements `engine.ports.Ledger`. Made by `open_ledger`; usable from any event loop."""

    def __init__(self, path: Path, sync: Sync = sync_commits) -> None:
        self.path = path
        self._disk = DiskSync(path, sync)
        self._orders: SimpleQueue[Order] = SimpleQueue()
        self._batch: list[Order] = []
        self._lock = threading.Lock()
        self._accepting = True
        self._thread: threading.Thread | None = None
        self._clock: Clock | None = None

    async def start(self, clock: Clock, connect: Connect, owner: str | None = None) -> None:
        """Start the thread and wait until it has the file open."""
        opened: Reply[None] = Reply()
        self._clock = clock
        self._thread = threading.Thread(
            target=self._run, args=(clock, connect, owner, opened), name="ledger-writer", daemon=True
        )
        atexit.register(self._finish)
        self._thread.start()
        try:
            await opened.wait()
        except (LedgerError, asyncio.CancelledError):
            self._finish_later()
            raise

    async def admit(self, intent: Intent, terms: Terms = NO_TERMS) -> Admission:
        """Commit the row of an attempt if `terms` are met. Raises LedgerError: then there is no row.

        Without a row nothing may be sent. Cancelled while it waits, the row may be written all the same: hand
        in a settlement (`cancelled`) for it.
        """
        reply: Reply[Admission] = Reply()
        self._put(Admit(intent, terms, reply, self._ahead_ms()))
        return await reply.wait()

    async def extend(self, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
        """Commit a larger hold of a running attempt, or refuse it. Raises LedgerError."""
        reply: Reply[Admission] = Reply()
        self._put(Extend(place, hold, caps, reply))
        return await reply.wait()

    def settle(self, settlement: Settlement, lesson: Lesson | None = None) -> None:
        """Hand in an attempt's end. A row settles once; a second settlement of it changes nothing."""
        learn = None
        if lesson is not None:
            learn = Note(HealthLearned(lesson, settlement.settled_at), self._ahead_ms())
        self._put(Settle(settled_row(settlement), learn))

    def note(self, fact: Fact) -> None:
        """Hand in a fact; lost when the ledger cannot be written, but for what an attempt taught."""
        self._put(Note(fact, self._ahead_ms()))

    async def flush(self) -> None:
        """Wait until everything handed in is on disk. Raises LedgerError saying where it is instead."""
        reply: Reply[None] = Reply()
        self._put(Flush(reply))
        await reply.wait()

    async def aclose(self) -> None:
        """Flush and close. Raises LedgerError as `flush` does, and is closed all the same."""
        reply: Reply[None] = Reply()
        if self._finish_later(reply):
            await reply.wait()

    def _ahead_ms(self) -> int | None:
        return None if self._clock is None else ahead(self._clock)

    def _put(self, order: Order) -> None:
        with self._lock:
            if not self._accepting:
                raise LedgerError(f"the ledger {self.path} is closed", hint="Nothing can be written any more")
            self._orders.put(order)

    def _finish_later(self, reply: Reply[None] | None = None) -> bool:
        """Accept nothing more and queue the last order; return False when that was done already."""
        atexit.unregister(self._finish)
        with self._lock:
            accepting, self._accepting = self._accepting, False
            if accepting:
                self._orders.put(Close(reply))
        return accepting

    def _finish(self) -> None:
        """Write what is queued before the interpreter ends: the thread alone would be cut off."""
        self._finish_later()
        if self._thread is not None:
            self._thread.join()

    def _run(self, clock: Clock, connect: Connect, owner: str | None, opened: Reply[None]) -> None:
        """Be the thread."""
        self._batch = [Flush(opened)]
        try:
            writer = Writer(self.path, clock, connect, owner)
            opened.send(None)
            while self._goes_on(writer):
                pass
        except LedgerError as error:
            opened.send(error)
        finally:
            self._abandon()

    def _goes_on(self, writer: Writer) -> bool:
        """Serve; after whatever ends that, keep what was to be written, tell who waits, and go on."""
        self._batch = self._take(writer.due_s)
        try:
            return self._serve(writer)
        except Exception:  # boundary: one writer serves the whole process
            log.exception("the writer of the ledger %s starts again", self.path)
            writer.keep([order for order in self._batch if isinstance(order, Write)])
            writer.drop_connection()
            self._leave_nobody_waiting(self._batch, "had to start again", "Ask again")
            return not any(isinstance(order, Close) for order in self._batch)

    def _serve(self, writer: Writer) -> bool:
        """Do what was queued, or what is owed; return whether to go on."""
        writer.write([order for order in self._batch if isinstance(order, Write)])
        if any(isinstance(order, Settle | Note) for order in self._batch):
            self._disk.soon()
        for order in self._batch:
            match order:
                case Flush(reply):
                    error = _error_of(writer.flush)
                    if error is None:
                        self._disk.answer(reply)
                    else:
                        reply.send(error)
                case Close(reply):
                    self._disk.close()
                    error = _error_of(writer.close)
                    if reply is not None:
                        reply.send(error)
                    return False
                case _:
                    pass
        return True

    def _take(self, timeout: float | None) -> list[Order]:
        """Wait for an order, then take all there are; none after `timeout` seconds."""
        try:
            batch = [self._orders.get(timeout=timeout)]
        except Empty:
            return []
        while not self._orders.empty():
            batch.append(self._orders.get())
        return batch

    def _abandon(self) -> None:
        """Leave nobody waiting, however the thread ends; who has an answer keeps it."""
        self._finish_later()
        self._leave_nobody_waiting([*self._batch, *self._take(0)], "has stopped", "Start again")

    def _leave_nobody_waiting(self, orders: Sequence[Order], what: str, hint: str) -> None:
        error = LedgerError(f"the writer of the ledger {self.path} {what}", hint=hint)
        for order in orders:
            if isinstance(order, Admit | Extend | Flush | Close) and order.reply is not None:
                order.reply.send(error)


def _error_of(action: Callable[[], None]) -> LedgerError | None:
    try:
        action()
    except LedgerError as error:
        return error
    return None
