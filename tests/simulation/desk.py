"""One process's ledger in the simulation: the real one, whose commits take virtual time and no thread.

Whatever has come in meanwhile is one transaction, as with the thread. After each, what is committed is
compared with what was known by then.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from router.core.records.admission import Admission, Terms
from router.core.records.entries import Intent
from router.errors import LedgerError
from router.ledger.sqlite.attempts import SqliteLedger
from router.ledger.sqlite.driver import Connection, open_for_writing
from router.ledger.sqlite.orders import Admit, Order, Reply, Settle, Write
from router.ledger.sqlite.writer import Writer

if TYPE_CHECKING:
    from tests.simulation.machine import Machine, Process


class Heard(Reply[Admission]):
    """Another reply, and what it said."""

    def __init__(self, reply: Reply[Admission], objection: str | None) -> None:
        self._reply = reply
        self.objection = objection
        """What the process that asks has itself been told."""
        self.answer: Admission | LedgerError | None = None

    def send(self, answer: Admission | LedgerError) -> None:
        """Answer, and keep the answer."""
        self.answer = answer
        self._reply.send(answer)


class Desk(SqliteLedger):
    """The ledger of one process, which may die between any two steps."""

    def __init__(self, machine: Machine, process: Process) -> None:
        super().__init__(machine.path)
        self._clock = machine.clock
        self._machine = machine
        self._process = process
        self._queue: list[Write] = []
        self._uncommitted: list[Write] = []
        self._attempts: dict[tuple[str, int], Intent] = {}
        self._queued = asyncio.Event()
        self.connection: Connection | None = None
        self._writer = Writer(machine.path, machine.clock, self._connected)

    def _connected(self, path: Path) -> Connection:
        self.connection = open_for_writing(path)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.tell_of_the_disk()
        return self.connection

    def _put(self, order: Order) -> None:
        if self._process.dead:
            return
        assert isinstance(order, Write)
        if isinstance(order, Admit):
            order = self._heard(order)
        self._queue.append(order)
        self._queued.set()
        self._process.point()

    def _heard(self, order: Admit) -> Admit:
        intent, now_s = order.intent, self._machine.clock.monotonic()
        self._attempts[intent.request_id, intent.attempt] = intent
        key = self._machine.key_of(intent.deployment)
        objection = self._process.known.objection(intent.deployment, key, now_s)
        return replace(order, reply=Heard(order.reply, objection))

    async def serve(self) -> None:
        """Be the writer: whatever has come in meanwhile is one transaction."""
        while True:
            await self._queued.wait()
            self._queued.clear()
            await asyncio.sleep(self._machine.chance.choice([0.0, 0.001, 0.02]))
            self.commit()

    async def flush(self) -> None:
        """Have everything committed. Raises LedgerError."""
        self.commit()
        self._writer.flush()

    def tell_of_the_disk(self) -> None:
        """Have the connection know whether the disk is full."""
        if self.connection:
            self.connection.execute(self._machine.pragmas())

    def forget(self) -> None:
        """Vanish with the process: nobody probes any more for it."""
        if self.connection:
            self.connection.close()
        for intent in self._attempts.values():
            self._machine.servers.probes.ended(intent.deployment, intent.prompt_fingerprint or "")

    def commit(self) -> None:
        """Write what is queued, now."""
        self._process.point()
        if self._process.dead:
            return
        batch, self._queue = self._queue, []
        self._writer.write(batch)
        self._uncommitted += batch
        if not self._writer.owes:
            for order in self._uncommitted:
                self._note(order)
            self._uncommitted = []
        else:  # what was refused is over; what has ended waits in the spool
            self._uncommitted = [order for order in self._uncommitted if isinstance(order, Settle)]
        self._process.point()

    def _note(self, order: Write) -> None:
        """Compare what is committed now with what was known when it was."""
        machine = self._machine
        match order:
            case Settle(row):  # an attempt that was cancelled before it was sent is over too
                intent = self._attempts[str(row["request_id"]), int(row["attempt"] or 0)]
                prompt = intent.prompt_fingerprint or ""
                machine.servers.probes.ended(intent.deployment, prompt)
                calls = machine.servers.bills.calls[prompt]
                for call in calls[intent.attempt - 1 : intent.attempt]:
                    machine.committed.learn(call)
                    if call.hint_until_s is not None:
                        machine.servers.probes.unproven.add(call.deployment)
            case Admit(intent, terms, Heard(answer=Admission(refusal=None)) as reply):
                now_s, prompt = machine.clock.monotonic(), intent.prompt_fingerprint or ""
                wrong = machine.committed.objection(
                    intent.deployment, machine.key_of(intent.deployment), now_s
                )
                wrong = (
                    wrong
                    or reply.objection
                    or machine.servers.probes.started(intent.deployment, prompt, now_s)
                )
                machine.broken += [wrong] if wrong else []
                machine.broken += self._over_budget(intent, terms)

    def _over_budget(self, intent: Intent, terms: Terms) -> list[str]:
        """Return the hard budgets that an admission has passed."""
        assert self.connection is not None
        found = []
        for cap in terms.caps if intent.held_nano_usd else ():
            only = "" if cap.column is None else f" AND {cap.column} = '{cap.value}'"
            [(used,)] = self.connection.execute(
                "SELECT sum(coalesce(budget_nano_usd, held_nano_usd)) FROM token_spend "
                f"WHERE started_at >= {cap.since_ms}{only}"
            )
            if used > cap.limit_nano:
                found.append(f"{cap.label} of {cap.limit_nano} has {used} posted and held")
        return found
