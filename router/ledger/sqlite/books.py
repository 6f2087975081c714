"""The ledger's books: orders are written through one connection, each batch in one transaction.

Decided here is nothing: `admission` knows what lets an attempt start, `facts` which rows a fact has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from router.core.health.clock_steps import step_of
from router.core.records.admission import Admission
from router.core.records.entries import Intent
from router.core.records.facts import HealthLearned
from router.engine.clock import ahead
from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.sqlite import facts
from router.ledger.sqlite.admission import admit, extend, take_in
from router.ledger.sqlite.driver import Connection, is_of_a_value, kept_apart, told_clearly, writing
from router.ledger.sqlite.health import keep_time
from router.ledger.sqlite.orders import Admit, Extend, Note, Reply, Settle, Write
from router.ledger.sqlite.owners import BEAT_MS, beat, end_beats, this_boot, this_process
from router.ledger.sqlite.rows import Row, carried_row, place_of, settle_row
from router.ledger.sqlite.schema import require_writable
from router.ledger.sqlite.sums import Sums

Answers = dict[Reply[Admission], Admission | LedgerError]

log = logging.getLogger(__name__)


class Books:
    """One connection that writes. Every method raises LedgerError and nothing else that a disk can cause."""

    def __init__(
        self, connection: Connection, path: Path, clock: Clock | None, owner: str | None = None
    ) -> None:
        """`clock` tells when the time of day was set; with None nobody sets it. Rows are this process's
        unless `owner` is said."""
        self._connection = connection
        self._path = path
        self._clock = clock
        self._owner = owner or this_process()
        self._boot = this_boot()
        self._running: dict[tuple[str, int], Intent] = {}
        self._beaten_ms: int | None = None

    @property
    def beats(self) -> bool:
        """Whether calls of this process run, so that it has to say now and then that it lives."""
        return bool(self._running)

    def carried(self, row: Row) -> Row:
        """Return a settlement with what it needs to be written into another file, where that is known."""
        intent = self._running.get(place_of(row))
        return row if intent is None else carried_row(intent, self._owner) | row

    def end(self) -> None:
        """Take back that this process lives: what it leaves open nobody settles."""
        if self._clock is not None and self._beaten_ms is not None:
            with told_clearly(self._path), writing(self._connection):
                end_beats(self._connection, self._owner, self._clock.now_ms())

    def commit(self, orders: Sequence[Write]) -> Answers:
        """Write `orders`; return what those are answered who wait.

        What has ended comes first, so that its sums are written once for all of it.

        An order that cannot be written for what is in it fails alone: who waits for it is told, and the
        others are written all the same.
        """
        with told_clearly(self._path):
            try:
                answers = self._written(orders, self._do)
            except Exception as error:  # boundary: an odd value is one order's
                if not is_of_a_value(error):
                    raise
                answers = self._written(orders, self._do_apart)  # the first try has left nothing
        self._count(orders, answers)
        return answers

    def _written(self, orders: Sequence[Write], do: Callable[[Write, Answers, Sums], None]) -> Answers:
        answers: Answers = {}
        sums = Sums()
        with writing(self._connection):
            require_writable(self._connection, self._path)
            if self._clock is not None:
                keep_time(self._connection, self._clock, self._boot)
            for order in _in_turn(orders):
                do(order, answers, sums)
            sums.write(self._connection)
            self._beat(orders)
        return answers

    def _beat(self, orders: Sequence[Write]) -> None:
        """Say that this process lives, if that is due and anything runs."""
        if self._clock is None or not (self._running or any(isinstance(order, Admit) for order in orders)):
            return
        now_ms = self._clock.now_ms()
        if self._beaten_ms is None or not 0 <= now_ms - self._beaten_ms < BEAT_MS:
            beat(self._connection, self._owner, now_ms)
            self._beaten_ms = now_ms

    def _count(self, orders: Sequence[Write], answers: Answers) -> None:
        """Know what of this process runs, now that `orders` are committed."""
        for order in orders:
            match order:
                case Admit(Intent(job=None) as intent, reply=reply):
                    answer = answers[reply]
                    if isinstance(answer, Admission) and answer.refusal is None:
                        self._running[intent.request_id, intent.attempt] = intent
                case Settle(row):
                    self._running.pop(place_of(row), None)
                case _:
                    pass

    def _do_apart(self, order: Write, answers: Answers, _sums: Sums) -> None:
        parts = [order]
        if isinstance(order, Settle) and order.learn is not None:
            parts = [Settle(order.row), order.learn]
        for part in parts:
            try:
                with kept_apart(self._connection):
                    sums = Sums()
                    self._do(part, answers, sums)
                    sums.write(self._connection)
            except Exception as error:  # boundary: an odd value is one order's
                if not is_of_a_value(error):
                    raise
                log.exception("a %s could not be written to the ledger", type(part).__name__)
                if isinstance(part, Admit | Extend):
                    answers[part.reply] = _odd(error)

    def _do(self, order: Write, answers: Answers, sums: Sums) -> None:
        match order:
            case Admit(reply=reply):
                sums.write(self._connection)  # budgets are asked
                answers[reply] = self._admit(order, self._late_ms(order))
            case Extend(place, hold, caps, reply):
                sums.write(self._connection)
                answers[reply] = extend(self._connection, place, hold, caps)
            case Settle(row, learnt):
                settle_row(self._connection, row, sums)
                if learnt is not None:
                    self._do(learnt, answers, sums)
            case Note(HealthLearned() as learned):
                self._take_in(learned, self._late_ms(order))
            case Note(fact):
                facts.write(self._connection, fact)

    def _late_ms(self, order: Admit | Note) -> int:
        """Return by how much the clock was set since an order was handed in."""
        if order.ahead_ms is None or self._clock is None:
            return 0
        return step_of(order.ahead_ms, ahead(self._clock))

    def _take_in(self, learned: HealthLearned, late_ms: int) -> None:
        lesson = learned.lesson
        if late_ms and lesson.lease_until_ms is not None:
            lesson = replace(lesson, lease_until_ms=lesson.lease_until_ms + late_ms)
        take_in(self._connection, lesson, learned.at_ms + late_ms)

    def _admit(self, order: Admit, late_ms: int) -> Admission | LedgerError:
        intent = order.intent
        admission = admit(self._connection, intent, order.terms, self._owner, late_ms)
        if admission is not None:
            return admission
        named = f"attempt {intent.attempt} of request {intent.request_id}"
        return LedgerError(f"{named} is in the ledger {self._path} already")


def _in_turn(orders: Sequence[Write]) -> list[Write]:
    """Return orders with those first that decide nothing; the end of an attempt comes after its start."""
    starting = {
        (order.intent.request_id, order.intent.attempt) for order in orders if isinstance(order, Admit)
    }
    if not starting:
        return list(orders)

    def decides(order: Write) -> bool:
        return isinstance(order, Admit | Extend) or (
            isinstance(order, Settle) and place_of(order.row) in starting
        )

    return sorted(orders, key=decides)


def _odd(error: Exception) -> LedgerError:
    return LedgerError(
        f"the call could not be written to the ledger: {error}",
        hint="Something it was asked with cannot be stored; nothing was sent",
    )
