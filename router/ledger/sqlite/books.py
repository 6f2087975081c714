"""The ledger's books: orders are written through one connection, each batch in one transaction.

Decided here is nothing: `admission` knows what lets an attempt start, `facts` which rows a fact has, `leased`
what this process may start without asking.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from router.core.budget.leases import Claim, grant, scope_of
from router.core.health.clock_steps import step_of
from router.core.records.admission import Admission, Cap, Quota, RefusedBy, Terms
from router.core.records.entries import Intent
from router.core.records.facts import HealthLearned
from router.engine.clock import ahead
from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.sqlite import budgets, facts, leases, paid_calls
from router.ledger.sqlite.admission import admit, extend, take_in, waits_for_leases
from router.ledger.sqlite.driver import Connection, is_of_a_value, kept_apart, told_clearly, writing
from router.ledger.sqlite.health import keep_time
from router.ledger.sqlite.journal import LeftBehind
from router.ledger.sqlite.leased import Leased
from router.ledger.sqlite.limits import taken
from router.ledger.sqlite.orders import Admit, Extend, GiveBack, Note, Reply, Settle, Start, Write
from router.ledger.sqlite.owners import BEAT_MS, beat, end_beats, this_boot, this_process
from router.ledger.sqlite.rows import Row, carried_row, insert_intent, place_of, settle_row
from router.ledger.sqlite.schema import require_writable
from router.ledger.sqlite.sums import Sums
from router.ledger.sqlite.sweep import bury, dead_leases

Answers = dict[Reply[Admission], Admission | LedgerError]
Running = dict[tuple[str, int], Intent]
"""The attempts of this process that have not ended, by request and attempt."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    """What one transaction gathers before it writes it."""

    answers: Answers = field(default_factory=dict)
    sums: Sums = field(default_factory=Sums)
    given: dict[str, int] = field(default_factory=dict)
    """By how much this process's leases shrink, by scope."""
    taken_out: dict[str, int] = field(default_factory=dict)
    """What of that was taken out of memory: it goes back there if nothing comes of the transaction."""
    granted: list[tuple[Claim, int]] = field(default_factory=list)
    buried: list[LeftBehind] = field(default_factory=list)

    def give(self, given: Iterable[tuple[str, int]]) -> None:
        """Shrink leases."""
        for scope, amount in given:
            self.given[scope] = self.given.get(scope, 0) + amount

    def take_out(self, given: dict[str, int]) -> None:
        """Shrink leases by what was taken out of memory."""
        self.give(given.items())
        for scope, amount in given.items():
            self.taken_out[scope] = self.taken_out.get(scope, 0) + amount


class Books:
    """One connection that writes. Every method raises LedgerError and nothing else that a disk can cause."""

    def __init__(
        self,
        connection: Connection,
        path: Path,
        clock: Clock | None,
        owner: str | None = None,
        leased: Leased | None = None,
    ) -> None:
        """`clock` tells when the time of day was set; with None nobody sets it. Rows are this process's
        unless `owner` is said. With `leased` it leases what it needs."""
        self._connection = connection
        self._path = path
        self._clock = clock
        self._leased = leased
        self._owner = owner or this_process()
        self._boot = this_boot()
        self.running: Running = {}
        self._beaten_ms: int | None = None

    @property
    def beats(self) -> bool:
        """Whether this process has to say now and then that it lives: calls of it run, or it holds leases."""
        return bool(self.running) or (self._leased is not None and self._leased.holds)

    def carried(self, row: Row) -> Row:
        """Return a settlement with what it needs to be written into another file, where that is known."""
        intent = self.running.get(place_of(row))
        return row if intent is None else carried_row(intent, self._owner) | row

    def end(self) -> None:
        """Take back that this process lives: what it leaves open nobody settles."""
        if self._clock is not None and self._beaten_ms is not None:
            with told_clearly(self._path), writing(self._connection):
                leases.drop(self._connection, self._owner)
                end_beats(self._connection, self._owner, self._clock.now_ms())

    def commit(self, orders: Sequence[Write]) -> Answers:
        """Write `orders`; return what those are answered who wait.

        What has ended comes first, so that its sums are written once for all of it.

        An order that cannot be written for what is in it fails alone: who waits for it is told, and the
        others are written all the same.
        """
        self.running |= {_place(order.intent): order.intent for order in orders if isinstance(order, Start)}
        with told_clearly(self._path):
            try:
                batch = self._written(orders, self._do)
            except Exception as error:  # boundary: an odd value is one order's
                if not is_of_a_value(error):
                    raise
                batch = self._written(orders, self._do_apart)  # the first try has left nothing
        if self._leased is not None:
            self._leased.add(batch.granted)
        for journal in batch.buried:
            journal.remove()
        self._count(orders, batch.answers)
        return batch.answers

    def _written(self, orders: Sequence[Write], do: Callable[[Write, _Batch], None]) -> _Batch:
        batch, committed = _Batch(), False
        try:
            with writing(self._connection):
                require_writable(self._connection, self._path)
                if self._clock is not None:
                    keep_time(self._connection, self._clock, self._boot)
                for order in _in_turn(orders):
                    do(order, batch)
                if self._leased is not None:
                    self._lease(self._leased, batch, orders)
                self._write(batch)
                self._beat(batch, orders)
            committed = True
        finally:
            if self._leased is not None and not committed:
                self._leased.put_back(batch.taken_out.items())
        return batch

    def _write(self, batch: _Batch) -> None:
        """Write what was gathered, before anything is asked that it is part of."""
        batch.sums.write(self._connection)
        for scope, amount in batch.given.items():
            leases.give(self._connection, self._owner, scope, amount)
        batch.given = {}

    def _beat(self, batch: _Batch, orders: Sequence[Write]) -> None:
        """Say that this process lives, if that is due and anything runs."""
        starts = any(isinstance(order, Admit) for order in orders)
        if self._clock is None or not (self.beats or starts or batch.granted):
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
                        self.running[_place(intent)] = intent
                case Settle(row):
                    self.running.pop(place_of(row), None)
                case _:
                    pass

    def _do_apart(self, order: Write, batch: _Batch) -> None:
        parts = [order]
        if isinstance(order, Settle) and order.learn is not None:
            parts = [Settle(order.row), order.learn]
        for part in parts:
            alone = _Batch(answers=batch.answers)
            try:
                with kept_apart(self._connection):
                    self._do(part, alone)
                    self._write(alone)
            except Exception as error:  # boundary: an odd value is one order's
                if not is_of_a_value(error):
                    raise
                log.exception("a %s could not be written to the ledger", type(part).__name__)
                if isinstance(part, Admit | Extend):
                    batch.answers[part.reply] = _odd(error)
            batch.taken_out |= alone.taken_out
            batch.buried += alone.buried

    def _do(self, order: Write, batch: _Batch) -> None:
        match order:
            case Start(intent, claims):
                self._start(intent)
                batch.give((claim.scope, claim.amount) for claim in claims)
            case GiveBack(given):
                batch.give(given.items())
            case Admit(intent, terms, reply):
                self._take_back(batch, terms, intent.deployment)
                batch.answers[reply] = self._admit(order, batch)
            case Extend(place, hold, caps, reply):
                self._take_back(batch, Terms(caps=tuple(caps)))
                batch.answers[reply] = self._recalled(extend(self._connection, place, hold, caps), caps)
            case Settle(row, learnt):
                settle_row(self._connection, row, batch.sums)
                if learnt is not None:
                    self._do(learnt, batch)
            case Note(HealthLearned() as learned):
                self._take_in(learned, self._late_ms(order))
            case Note(fact):
                facts.write(self._connection, fact)

    def _start(self, intent: Intent) -> None:
        if not insert_intent(self._connection, intent, self._owner):
            log.error("attempt %s of %s has a row already", intent.attempt, intent.request_id)
            return
        paid_calls.count(self._connection, intent)

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

    def _take_back(self, batch: _Batch, terms: Terms, deployment: str = "") -> None:
        """Have this process hold nothing but what has been started: the ledger is to be asked."""
        if self._leased is not None:
            limits: tuple[Cap | Quota, ...] = (*terms.caps, *terms.quotas)
            batch.take_out(self._leased.give_back({scope_of(limit, deployment) for limit in limits}))
        self._write(batch)

    def _admit(self, order: Admit, batch: _Batch) -> Admission | LedgerError:
        intent, terms = order.intent, order.terms
        admission = admit(self._connection, intent, terms, self._owner, self._late_ms(order))
        if admission is None:
            named = f"attempt {intent.attempt} of request {intent.request_id}"
            return LedgerError(f"{named} is in the ledger {self._path} already")
        refused = admission.refusal
        if refused is None or refused.by not in {RefusedBy.BUDGET, RefusedBy.LIMIT}:
            return admission
        if not waits_for_leases(self._connection, intent, terms):
            return admission
        gone, left = dead_leases(self._connection, self._path, intent.started_at)
        if gone:
            bury(self._connection, gone, left, intent.started_at)
            batch.buried += left
            return self._admit(order, batch)
        return self._recalled(admission, (*terms.caps, *terms.quotas), intent.deployment)

    def _recalled(
        self, admission: Admission, limits: Iterable[Cap | Quota], deployment: str = ""
    ) -> Admission:
        """Ask others to give back what they have leased, where a refusal may come of that."""
        if admission.refusal is None or self._leased is None:
            return admission
        scopes = {scope_of(limit, deployment) for limit in limits}
        return replace(admission, recalled=leases.recall(self._connection, self._owner, scopes))

    def _lease(self, leased: Leased, batch: _Batch, orders: Sequence[Write]) -> None:
        """Give back what others want or nobody uses here, and lease what is running out."""
        if leased.holds:
            wanted = leases.wanted(self._connection, self._owner)
            if wanted:
                batch.take_out(leased.answer_recall(wanted))
                self._write(batch)
                leases.answer_recall(self._connection, self._owner, wanted)
            if leased.idle_in_s == 0:
                batch.take_out(leased.give_back())
                self._write(batch)
                leases.answer_recall(self._connection, self._owner, ())
        self._watch(leased, orders)
        wanting = leased.wanting()
        for claim, *_ in wanting:
            if leased.is_stale(claim):
                batch.take_out(leased.give_back([claim.scope]))
        if wanting:
            self._write(batch)
        for claim, lately, free in wanting:
            size = grant(self._left(claim), claim.amount, lately, free)
            if size:
                leases.take(self._connection, self._owner, claim.scope, size)
                batch.granted.append((claim, size))

    def _left(self, claim: Claim) -> int:
        """Return what of a budget or limit neither rows nor leases have taken."""
        if isinstance(claim.of, Cap):
            return claim.of.limit_nano - budgets.held_too(self._connection, claim.of).nano
        now_ms = 0 if self._clock is None else self._clock.now_ms()
        used = taken(self._connection, claim.deployment, claim.of, now_ms)
        return claim.of.limit - used - leases.held(self._connection, claim.scope)

    def _watch(self, leased: Leased, orders: Sequence[Write]) -> None:
        """Have the guard look at what was started from leases, and tell what it still allows."""
        started = [order.intent for order in orders if isinstance(order, Start)]
        paid = [intent for intent in started if intent.held_nano_usd != 0]
        guard = leased.guard
        if guard is None or self._clock is None or not (paid or any(isinstance(o, Admit) for o in orders)):
            return
        seen = paid_calls.seen(self._connection, self._clock.now_ms())
        leased.learn_guard(guard, seen)
        for intent in paid:
            if leased.is_repeated(intent):
                times = paid_calls.repeats(self._connection, intent)
                leased.learn_repeated(intent, times)
                found = replace(seen, identical_10m=times)
                paid_calls.watch_started(self._connection, intent, guard, found)
        if paid:
            paid_calls.watch_started(self._connection, paid[-1], guard, seen)


def _place(intent: Intent) -> tuple[str, int]:
    return intent.request_id, intent.attempt


def _in_turn(orders: Sequence[Write]) -> list[Write]:
    """Return orders with those first that decide nothing; the end of an attempt comes after its start."""
    starting = {_place(order.intent) for order in orders if isinstance(order, Admit)}
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
