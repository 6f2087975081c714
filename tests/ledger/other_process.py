"""A second program on a ledger: `python -m tests.ledger.other_process WHAT PATH [NAME]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from router.engine.clock import SystemClock
from router.ledger.sqlite_ledger import open_ledger
from tests.ledger.samples import intent, settlement


async def admit_and_hang(path: Path, name: str) -> None:
    """Admit a call, say so, and wait for an answer that never comes."""
    ledger = await open_ledger(path, SystemClock())
    await ledger.admit(intent(name))
    print("admitted", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await ledger.aclose()


async def write_many(path: Path, name: str) -> None:
    """Admit and settle 40 calls, four at a time."""
    ledger = await open_ledger(path, SystemClock())

    async def worker(lane: int) -> None:
        for n in range(10):
            await ledger.admit(intent(f"{name}-{lane}-{n}"))
            ledger.settle(settlement(f"{name}-{lane}-{n}"))

    await asyncio.gather(*(worker(lane) for lane in range(4)))
    await ledger.aclose()


async def settle_and_leave(path: Path, name: str) -> None:
    """End the program without closing the ledger."""
    ledger = await open_ledger(path, SystemClock())
    await ledger.admit(intent(name))
    ledger.settle(settlement(name))


async def name_modules(path: Path, _name: str) -> None:
    """Open, write and close, then name what was imported."""
    await write_many(path, "modules")
    print(" ".join(sys.modules))


WHAT = {
    "hang": admit_and_hang,
    "many": write_many,
    "leave": settle_and_leave,
    "modules": name_modules,
}

if __name__ == "__main__":
    asyncio.run(WHAT[sys.argv[1]](Path(sys.argv[2]), "".join(sys.argv[3:])))
