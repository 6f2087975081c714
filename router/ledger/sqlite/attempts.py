"""The ports `Attempts` and `Facts` over a SQLite file: an async door to one writer thread.

Whatever is queued when the thread is free is written in one transaction. Nobody waits for the disk to start a
call; what has ended is brought there in groups (`disk`). A process that calls often admits from what it has
leased (`leased`) and waits for nobody at all: its intents are on file (`journal`) until they have rows.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from router.core.budget.leases import Claim
from router.core.records.admission import NO_TERMS, Admission, Cap, Hold, Lesson, Terms
from router.core.records.entries import Intent, Settlement
from router.core.records.facts import Fact, HealthLearned
from router.engine.clock import ahead
from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.sqlite.disk import DiskSync, Sync, sync_commits
from router.ledger.sqlite.driver import open_for_traffic, told_clearly
from router.ledger.sqlite.journal import Journal
from router.ledger.sqlite.leased import Leased
from router.ledger.sqlite.orders import (
    PATIENT,
    Admit,
    Close,
    Extend,
    Flush,
    Note,
    Order,
    Reply,
    Settle,
    Start,
    Write,
)
from router.ledger.sqlite.owners import this_process
from router.ledger.sqlite.rows import settled_row
from router.ledger.sqlite.writer import Connect, Writer

log = logging.getLogger(__name__)

COMPANY_S = 0.01
"""How long what nobody waits for waits for company: a group costs little more than one order."""
MOST = 128
"""Orders in a group at most, so that none that is waited for comes late."""
RECALL_S = 1.0
"""How long a call waits for what other processes have leased and do not use."""
RECALL_PAUSE_S = 0.02
_ADMITTED = Admission()


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
        self._admits: deque[Order] = deque()
        self._orders: deque[Order] = deque()
        self._some = threading.Event()
        self._batch: list[Order] = []
        self._lock = threading.Lock()
        self._urgent = threading.Event()
        self._leased: Leased | None = None
        self._journal: Journal | None = None
        self._open: set[tuple[str, int]] = set()
        self._accepting = True
        self._thread: threading.Thread | None = None
        self._clock: Clock | None = None

    async def start(self, clock: Clock, connect: Connect, owner: str | None = None) -> None:
        """Start the thread and wait until it has the file open."""
        opened: Reply[None] = Reply()
        self._clock = clock
        self._owner = owner or this_process()
        self._leased = Leased(self.path, self._owner, clock)
        self._thread = threading.Thread(
            target=self._run, args=(clock, connect, opened), name="ledger-writer", daemon=True
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
        place = (intent.request_id, intent.attempt)
        claims = None
        if self._leased is not None and place not in self._open:
            claims = self._leased.admit(intent, terms)
        if claims is not None and self._start(intent, claims):
            self._open.add(place)
            return _ADMITTED
        admission = await self._answered(lambda reply: Admit(intent, terms, reply, self._ahead_ms()))
        if admission.refusal is None:
            self._open.add(place)
        return admission

    async def extend(self, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
        """Commit a larger hold of a running attempt, or refuse it. Raises LedgerError."""
        return await self._answered(lambda reply: Extend(place, hold, caps, reply))

    async def _answered(self, order: Callable[[Reply[Admission]], Admit | Extend]) -> Admission:
        """Hand in an order until it is decided: what others have leased they may first have to give back."""
        for tries_left in reversed(range(round(RECALL_S / RECALL_PAUSE_S))):
            reply: Reply[Admission] = Reply()
            self._put(order(reply))
            admission = await reply.wait()
            if not admission.recalled or not tries_left:
                return admission
            await asyncio.sleep(RECALL_PAUSE_S)
        raise AssertionError("the last try returns")

    def _start(self, intent: Intent, claims: tuple[Claim, ...]) -> bool:
        """Have an attempt that was admitted from leases on file, and its row written soon.

        Return False, and give back what it took, when it cannot be on file.
        """
        try:
            with told_clearly(self.path), self._lock:
                if self._accepting:
                    self._journal = self._journal or Journal(self.path, self._owner)
                    self._journal.append(intent)
                    self._orders.append(Start(intent, claims))
                    self._wake()
                    return True
        except (LedgerError, TypeError, ValueError):  # a full disk, or a value that JSON has no form for
            pass
        if self._leased is not None:
            self._leased.put_back((claim.scope, claim.amount) for claim in claims)
        return False

    def _have_rows(self, count: int) -> None:
        """Take off file what has a row now; from the writer's thread."""
        if self._journal is not None and count:
            with suppress(OSError):
                self._journal.written(count)

    def settle(self, settlement: Settlement, lesson: Lesson | None = None) -> None:
        """Hand in an attempt's end. A row settles once; a second settlement of it changes nothing."""
        self._open.discard((settlement.request_id, settlement.attempt))
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
            # Who asks comes first: what has started is held already, and counts as that until it has its row.
            (self._admits if isinstance(order, Admit) else self._orders).append(order)
        if not isinstance(order, PATIENT):
            self._urgent.set()
        self._wake()

    def _wake(self) -> None:
        if not self._some.is_set():
            self._some.set()

    def _finish_later(self, reply: Reply[None] | None = None) -> bool:
        """Accept nothing more and queue the last order; return False when that was done already."""
        atexit.unregister(self._finish)
        with self._lock:
            accepting, self._accepting = self._accepting, False
            if accepting:
                self._orders.append(Close(reply))
        self._urgent.set()
        self._wake()
        return accepting

    def _finish(self) -> None:
        """Write what is queued before the interpreter ends: the thread alone would be cut off."""
        self._finish_later()
        if self._thread is not None:
            self._thread.join()

    def _run(self, clock: Clock, connect: Connect, opened: Reply[None]) -> None:
        """Be the thread."""
        self._batch = [Flush(opened)]
        try:
            writer = Writer(self.path, clock, connect, self._owner, self._leased, self._have_rows)
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
        written = [order for order in self._batch if isinstance(order, Write)]
        again = writer.write(written, more=bool(self._orders))
        if again:
            self._admits.extendleft(reversed(again))
            self._wake()
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
                    self._close_leases()
                    if reply is not None:
                        reply.send(error)
                    return False
                case _:
                    pass
        return True

    def _close_leases(self) -> None:
        if self._leased is not None:
            self._leased.close()
        if self._journal is not None:
            with suppress(OSError):
                self._journal.remove()
            self._journal = None

    def _take(self, timeout: float | None) -> list[Order]:
        """Wait for an order and for its company, then take what there is; none after `timeout` seconds."""
        if not self._some.wait(timeout):
            return []
        self._some.clear()
        self._urgent.wait(COMPANY_S)
        self._urgent.clear()
        batch = [self._admits.popleft() for _ in range(len(self._admits))]
        batch += [self._orders.popleft() for _ in range(min(len(self._orders), MOST))]
        if self._orders:
            self._some.set()
            self._urgent.set()
        return batch

    def _abandon(self) -> None:
        """Leave nobody waiting, however the thread ends; who has an answer keeps it."""
        self._finish_later()
        self._leave_nobody_waiting([*self._batch, *self._admits, *self._orders], "has stopped", "Start again")

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
