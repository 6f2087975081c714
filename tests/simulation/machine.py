"""One machine of a simulated world: a ledger file, a wall clock that somebody sets, processes that die.

A process that dies takes with it whatever was not committed, and its rows read as another boot's, which is
how the sweep tells the dead.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from router.core.request import Request
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Wire
from router.engine.chance import SeededChance
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import RouteEvent
from router.errors import LedgerError
from router.jobs.sweep import LEASE_MS
from router.ledger.sqlite.driver import Connection, open_for_reading, open_for_writing
from router.ledger.sqlite.health import exhausted_by, health_by
from router.ledger.sqlite.limits import all_limits
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.simulation.desk import Desk
from tests.simulation.promises import Known
from tests.simulation.servers import INSTALL_KEY, Servers, Wires

START_MS = 1_795_348_800_000
ANOTHER_BOOT = "another-boot 1 1 1"
T = TypeVar("T")
NO_LIMIT_PAGES = 1_073_741_823


class WallClock:
    """The loop's time, and a time of day on top that can be set."""

    def __init__(self) -> None:
        self.shift_ms = 0

    def now_ms(self) -> int:
        """Return the time of day."""
        return START_MS + self.shift_ms + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        """Return the loop's time, which never steps."""
        return asyncio.get_running_loop().time()


class UpkeepAtOnce(SqliteUpkeep):
    """Upkeep without a thread, which the simulated time would not wait for."""

    async def _do(self, work: Callable[[Connection], T]) -> T:
        with self._opened() as connection:
            return work(connection)


@dataclass
class Machine:
    """What all processes share."""

    path: Path
    config: RouterConfig
    servers: Servers
    clock: WallClock
    chance: random.Random
    broken: list[str]
    committed: Known
    """What the ledger knows."""
    full: bool = False
    """No page more fits on the disk."""
    processes: list[Process] = field(default_factory=list)
    """All there ever were."""

    def running(self) -> list[Process]:
        """Return the processes that live."""
        return [process for process in self.processes if not process.dead]

    def key_of(self, deployment: str) -> str:
        """Return the key that a deployment is called with."""
        key = self.config.deployments[deployment].provider.api_key
        return key.reveal() if key else ""

    def tell(self, what: str) -> None:
        """Write into the world's log."""
        self.servers.trace.append(f"{self.clock.monotonic():.3f} {what}")

    def pragmas(self) -> str:
        """Return what a connection must be told of the disk."""
        return f"PRAGMA max_page_count = {1 if self.full else NO_LIMIT_PAGES}"


class Process:
    """An engine on the machine's ledger, until it dies."""

    def __init__(self, machine: Machine, fuse: int | None) -> None:
        self.number = len(machine.processes) + 1
        self.died = asyncio.Event()
        self.known = Known()
        self._machine = machine
        self._fuse = fuse
        self._tasks: set[asyncio.Task[object]] = set()
        self.reading = open_for_reading(machine.path)
        self.desk = Desk(machine, self)
        wires = {Wire.OPENAI: Wires(machine.servers, self)}
        chance = SeededChance(machine.chance.randrange(1 << 30))
        self.engine = Engine(
            machine.config, Dependencies(wires, self.desk, machine.clock, chance, INSTALL_KEY)
        )
        self._refresh()
        machine.processes.append(self)
        for job in (self.desk.serve(), self._refresh_forever(), self._sweep_forever()):
            self.start(job)

    @property
    def dead(self) -> bool:
        """Whether it has died."""
        return self.died.is_set()

    @property
    def source(self) -> str:
        """What its rows say of where they come from."""
        return f"process {self.number}"

    def start(self, work: Coroutine[object, object, object]) -> asyncio.Task[object]:
        """Run something that ends when the process does."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def ask(self, request: Request) -> list[RouteEvent]:
        """Return all events of a request. Raises LedgerError."""
        return [event async for event in self.engine.stream(request)]

    async def step(self) -> None:
        """Pass a point at which it may die; the dead do not come back from it."""
        self.point()
        if self.dead:
            await asyncio.Event().wait()

    def point(self) -> None:
        """Pass a point at which it may die."""
        if self._fuse is not None and not self.dead:
            self._fuse -= 1
            if self._fuse == 0:
                self.die()

    def immortal(self) -> None:
        """Die of nothing any more."""
        self._fuse = None

    def die(self) -> None:
        """Vanish: nothing more is written, nothing is said, and the kernel closes what was open."""
        self.died.set()
        self._machine.tell(f"process {self.number} dies")
        self.desk.forget()
        self.reading.close()
        for task in self._tasks:
            task.cancel()
        beside = open_for_writing(self._machine.path)
        beside.execute(
            "UPDATE token_spend SET owner = ? WHERE status = 'open' AND source = ?",
            (ANOTHER_BOOT, self.source),
        )
        beside.close()

    async def sweep(self) -> None:
        """Close what dead processes left open."""
        with suppress(LedgerError):  # a full disk: the next round will
            closed = await UpkeepAtOnce(self._machine.path).sweep(self._machine.clock.now_ms(), LEASE_MS)
            self._machine.tell(f"process {self.number} closes {closed} calls")

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(60)
            await self.sweep()

    def _refresh(self) -> None:
        reading, clock = self.reading, self._machine.clock
        self.engine.refresh(health_by(reading, clock), all_limits(reading), exhausted_by(reading, clock))

    async def _refresh_forever(self) -> None:
        """Be `jobs/refresh.py`, whose reader has a thread."""
        seen = 0
        while True:
            await asyncio.sleep(1)
            [(version,)] = self.reading.execute("PRAGMA data_version")
            if version != seen:
                self._refresh()
                seen = version
