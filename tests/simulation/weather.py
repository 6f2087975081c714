"""What happens to a simulated machine: processes that die and start again, a clock that is set, a full disk,
and a key that is renewed.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from router.errors import LedgerError
from tests.simulation.drawn import with_new_key
from tests.simulation.faults import Trouble
from tests.simulation.machine import Machine, Process

STEPS_S = (-3 * 86_400, -7_200, -600, -30, -5, 5, 30, 600, 7_200, 3 * 86_400)
"""By how much somebody sets the clock."""


class Weather:
    """The troubles of one machine, drawn from a seed; ended by `end`."""

    def __init__(self, machine: Machine, chance: random.Random) -> None:
        self.steps = 0
        self._machine = machine
        jobs = [self._alive(_of(chance), chance.random() < 0.5) for _ in range(chance.randrange(1, 4))]
        if chance.random() < 0.5:
            jobs.append(self._set_the_clock(_of(chance)))
        if chance.random() < 0.3:
            jobs.append(self._fill_the_disk(chance.uniform(0, 60), chance.uniform(1, 40)))
        if chance.random() < 0.5:
            jobs.append(self._renew_keys(chance.uniform(20, 90)))
        self._tasks = [asyncio.create_task(job) for job in jobs]

    async def end(self) -> None:
        """Let nothing more happen."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._fill(full=False)

    async def _alive(self, chance: random.Random, mortal: bool) -> None:
        """Keep one process running: one that dies is started again."""
        while True:
            with suppress(LedgerError):  # a full disk
                process = Process(self._machine, chance.randrange(1, 80) if mortal else None)
                await process.died.wait()
            await asyncio.sleep(chance.uniform(0, 5))

    async def _set_the_clock(self, chance: random.Random) -> None:
        while True:
            await asyncio.sleep(chance.uniform(1, 60))
            step_s = chance.choice(STEPS_S)
            self.steps += 1
            self._machine.clock.shift_ms += step_s * 1000
            self._machine.tell(f"the clock is set by {step_s} s")

    async def _fill_the_disk(self, after_s: float, for_s: float) -> None:
        await asyncio.sleep(after_s)
        self._fill(full=True)
        await asyncio.sleep(for_s)
        self._fill(full=False)

    def _fill(self, *, full: bool) -> None:
        self._machine.full = full
        self._machine.tell(f"the disk is {'full' if full else 'not full'}")
        for process in self._machine.running():
            process.desk.tell_of_the_disk()

    async def _renew_keys(self, after_s: float) -> None:
        """Put another key where a dead one stood: a new epoch, in which it may be refused once more."""
        await asyncio.sleep(after_s)
        machine = self._machine
        now_s = machine.clock.monotonic()
        dead = {name: h for name, h in machine.servers.hidden.items() if h.key_dies_s <= now_s}
        for old in sorted({machine.key_of(name) for name in dead}):
            machine.config = with_new_key(machine.config, old)
            machine.tell(f"{old} is renewed")
        for hidden in dead.values():
            hidden.key_dies_s = float("inf")
            hidden.trouble = Trouble.HEALTHY if hidden.trouble is Trouble.DEAD_KEY else hidden.trouble
        for process in machine.running():
            process.engine.swap(machine.config)


def _of(chance: random.Random) -> random.Random:
    return random.Random(chance.randrange(1 << 30))
