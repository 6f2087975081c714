"""A seeded world: deployments in hidden trouble, callers, a machine that has its own, and what must hold.

Run in virtual time. The same seed gives the same trace; a broken promise names the seed to replay.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from router.core.health.scopes import scope_keys
from router.core.message import Message
from router.core.records.entries import EntryStatus
from router.core.records.health import Health
from router.core.request import Request
from router.core.settings.providers import Billing
from router.engine.events import Answer, AttemptStarted, RequestEnded, RouteEvent, TextArrived
from router.engine.virtual_time import run_virtual
from router.errors import LedgerError
from router.ledger.private_files import prepare
from router.ledger.sqlite.driver import Connection, open_for_reading, open_for_writing
from router.ledger.sqlite.health import all_health
from router.ledger.sqlite.queries import recent
from router.ledger.sqlite.rollups import differences
from router.ledger.sqlite.schema import migrate
from tests.simulation.drawn import config
from tests.simulation.faults import ENDS_FOR_CALLERS, Trouble, draw
from tests.simulation.machine import Machine, Process, WallClock
from tests.simulation.promises import Known
from tests.simulation.servers import Servers
from tests.simulation.weather import Weather

LIMIT_S = 130
"""Two minutes, the one before and the one after: so long a limit per minute may count what was written at the
same time of day before the clock was set back."""
LONGEST_REST_S = 400
"""What a rest can come to: five minutes and the jitter."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one seed came to."""

    seed: int
    broken: tuple[str, ...]
    requests: int
    attempts: int
    unknown: int
    deaths: int
    steps: int
    billed_nano: int
    digest: str
    """Of the whole trace and the ledger."""


def simulate(seed: int) -> Outcome:
    """Run one world to its end and check it."""
    with tempfile.TemporaryDirectory(prefix="world-") as directory:
        return run_virtual(_World(seed, Path(directory) / "ledger.db").run())


class _World:
    def __init__(self, seed: int, path: Path) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.hidden = draw(self.chance, self.chance.randrange(1, 7))
        self.config = config(self.chance, len(self.hidden))
        truth = dict(zip(self.config.deployments, self.hidden, strict=True))
        servers = Servers(truth, random.Random(self.chance.randrange(1 << 30)), trace=[])
        chance = random.Random(self.chance.randrange(1 << 30))
        self.machine = Machine(path, self.config, servers, WallClock(), chance, [], Known())
        self.broken = self.machine.broken
        self.answered = 0
        for name, hidden in truth.items():
            if hidden.trouble is Trouble.DEAD_KEY:
                self._kill_key(self.machine.key_of(name), hidden.starts_s)

    def _kill_key(self, key: str, at_s: float) -> None:
        for name, hidden in self.machine.servers.hidden.items():
            if self.machine.key_of(name) == key:
                hidden.key_dies_s = min(hidden.key_dies_s, at_s)

    async def run(self) -> Outcome:
        prepare(self.machine.path)
        connection = open_for_writing(self.machine.path)
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection, self.machine.path)
        connection.close()
        weather = Weather(self.machine, self.chance)
        await asyncio.gather(*(self._caller(n) for n in range(self.chance.randrange(1, 51))))
        await weather.end()
        await self._end()
        reading = open_for_reading(self.machine.path)
        outcome = self._judged(reading, weather.steps)
        reading.close()
        return outcome

    async def _caller(self, n: int) -> None:
        chance = random.Random(f"{self.seed} {n}")
        for turn in range(chance.randrange(1, 4)):
            await asyncio.sleep(chance.uniform(0, 40))
            words = f"caller {n} turn {turn} " + "word " * chance.randrange(60)
            leaves_s = chance.uniform(0, 1.5) if chance.random() < 0.1 else None
            for again in range(5):
                process = await self._running(chance)
                message = Message("user", f"{words}{again}")
                request = Request((message,), source=process.source, session=f"caller {n}")
                if await self._ask(process, request, leaves_s):
                    break

    async def _running(self, chance: random.Random) -> Process:
        while not (running := self.machine.running()):  # noqa: ASYNC110  # there is nobody to tell us
            await asyncio.sleep(0.5)
        return chance.choice(running)

    async def _ask(self, process: Process, request: Request, leaves_s: float | None = None) -> bool:
        """Ask, and perhaps leave; return whether that is over: else the process died and nobody knows."""
        began_s = self.machine.clock.monotonic()
        task = process.start(process.ask(request))
        if leaves_s is not None:
            await asyncio.wait([task], timeout=leaves_s)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if task.cancelled():
            return not process.dead
        error = task.exception()
        if isinstance(error, LedgerError):
            return True
        if error:
            raise error
        events = task.result()
        assert isinstance(events, list)
        self._judge(events, began_s)
        return True

    def _judge(self, events: list[RouteEvent], began_s: float) -> None:
        last = events[-1]
        if not isinstance(last, RequestEnded):
            self.broken.append(f"{events[0]} ended without an answer or an error")
            return
        answer = last.answer
        self.answered += 1
        voices = {event.text for event in events if isinstance(event, TextArrived)}
        if len(voices) > 1:
            self.broken.append(f"{answer.request_id} has the text of {sorted(voices)}")
        started = [event.deployment for event in events if isinstance(event, AttemptStarted)]
        if len(started) > self.config.policy.max_attempts:
            self.broken.append(f"{answer.request_id} took {len(started)} attempts")
        well = self._well(began_s)
        if answer.error and well and not _cut(answer):
            self.broken.append(
                f"{answer.request_id} failed although {well} were well: {answer.error.message}"
            )

    def _well(self, now_s: float) -> list[str]:
        """Return who has been able to serve for a minute, whatever the others do."""
        keys = [deployment.provider.name for deployment in self.config.deployments.values()]
        return [
            name
            for name, hidden in self.machine.servers.hidden.items()
            if hidden.trouble is Trouble.HEALTHY
            and hidden.key_dies_s == float("inf")
            and keys.count(self.config.deployments[name].provider.name) == 1
            and self.config.deployments[name].limits.rpm is None
            and not (self.config.deployments[name].billing is Billing.METERED and self.config.budgets)
            and now_s >= 60
        ]

    async def _end(self) -> None:
        """Wait until all is over and every rest has ended; then each that can serve again must."""
        for process in self.machine.running()[1:]:
            process.die()
        [process] = self.machine.running() or [Process(self.machine, None)]
        process.immortal()
        last_s = max(hidden.ends_s for hidden in self.hidden) + LONGEST_REST_S
        await asyncio.sleep(max(0.0, last_s - self.machine.clock.monotonic()))
        for name in self._recovered():
            error = await self._returns(process, name, 1)
            if error and "limit" in error:
                await asyncio.sleep(LIMIT_S)
                error = await self._returns(process, name, 2)
            self.broken += [f"{name} did not come back: {error}"] if error else []
        await asyncio.sleep(1)
        await process.sweep()
        healths = all_health(process.reading)
        for name in self._recovered():
            for key in scope_keys(self.machine.config.deployments[name]).values():
                if key in healths and healths[key].state is not Health.AVAILABLE:
                    self.broken.append(f"{key} is {healths[key].state} at rest: {healths[key].reason}")
        await process.desk.flush()
        process.die()
        await asyncio.sleep(1)

    async def _returns(self, process: Process, name: str, time: int) -> str | None:
        """Ask one deployment whether it is back; return why it is not, or None."""
        prompt = f"{name}, are you back? I ask for time {time}"
        last = (await process.ask(Request((Message("user", prompt),), name, source=process.source)))[-1]
        return last.answer.error.message if isinstance(last, RequestEnded) and last.answer.error else None

    def _recovered(self) -> list[str]:
        return [
            name
            for name, hidden in self.machine.servers.hidden.items()
            if hidden.trouble not in ENDS_FOR_CALLERS
            and hidden.key_dies_s == float("inf")
            and not (self.config.deployments[name].billing is Billing.METERED and self.config.budgets)
        ]

    def _judged(self, reading: Connection, steps: int) -> Outcome:
        """Compare the ledger with the providers' own bills, and its sums with its rows."""
        entries, bills = recent(reading, 1 << 30), self.machine.servers.bills
        self.broken += bills.differences(entries)
        self.broken += [f"the sum of {line} is not its rows'" for line in differences(reading)]
        self.broken += [
            f"{entry.intent.request_id} was answered and has no cost"
            for entry in entries
            if entry.settlement and entry.status is EntryStatus.OK and entry.settlement.cost_nano_usd is None
        ]
        rows = reading.execute("SELECT * FROM token_spend ORDER BY id").fetchall()
        told = "\n".join([*self.machine.servers.trace, *map(str, rows)])
        settled = [entry.settlement for entry in entries if entry.settlement]
        return Outcome(
            seed=self.seed,
            broken=tuple(self.broken),
            requests=self.answered,
            attempts=len(entries),
            unknown=sum(settlement.cost_nano_usd is None for settlement in settled),
            deaths=sum(process.dead for process in self.machine.processes),
            steps=steps,
            billed_nano=bills.total(),
            digest=hashlib.sha256(told.encode()).hexdigest()[:16],
        )


def _cut(answer: Answer) -> bool:
    """Tell whether the answer broke off after content: then nobody may take over."""
    return bool(answer.attempts) and answer.attempts[-1].outcome is EntryStatus.TRUNCATED
