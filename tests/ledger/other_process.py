"""A second program on a ledger: `python -m tests.ledger.other_process WHAT PATH [NAME]`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from router.core.budget.budget import caps, charge_of, extra_caps
from router.core.records.admission import Cap, Hold, Terms
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.engine.clock import SystemClock
from router.ledger.sqlite.attempts import open_ledger
from tests.ledger.samples import START, TERMS, intent, settlement


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


async def start_together(path: Path, name: str) -> None:
    """Say that all is ready; when told to, ask for ten starts at once and tell how many were let in."""
    ledger = await open_ledger(path, SystemClock())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    wanted = [replace(intent(f"{name}-{n}"), started_at=START + 7_000) for n in range(10)]
    admissions = await asyncio.gather(*(ledger.admit(each, TERMS) for each in wanted))
    print(sum(admission.refusal is None for admission in admissions), flush=True)
    await ledger.aclose()


async def name_modules(path: Path, _name: str) -> None:
    """Open, write and close, then name what was imported."""
    await write_many(path, "modules")
    print(" ".join(sys.modules))


async def spend_what_is_left(path: Path, name: str) -> None:
    """Ask for 5,000 calls under a budget for 100, settle what is admitted, and say how many that were."""
    ledger = await open_ledger(path, SystemClock())
    bound = 1_000_000
    budget = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 100 * bound)

    async def lane(number: int) -> int:
        admitted = 0
        for n in range(50):
            asked = replace(intent(f"{name}-{number}-{n}"), held_nano_usd=bound)
            admission = await ledger.admit(
                asked, Terms(caps=caps([budget], charge_of(asked), asked.started_at, UTC))
            )
            if admission.refusal is None:
                admitted += 1
                ended = settlement(asked.request_id)
                ledger.settle(replace(ended, cost_nano_usd=bound, budget_nano_usd=bound))
        return admitted

    print(sum(await asyncio.gather(*(lane(number) for number in range(100)))), flush=True)
    await ledger.aclose()


async def grow_what_runs(path: Path, name: str) -> None:
    """Admit calls under a budget for 100 steps and have each grow step by step; post all that was held.

    Says how many steps were posted.
    """
    ledger = await open_ledger(path, SystemClock())
    step = 1_000_000
    budget = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 100 * step)

    async def lane(number: int) -> int:
        asked = replace(intent(f"{name}-{number}"), held_nano_usd=step)
        limits = caps([budget], charge_of(asked), asked.started_at, UTC)
        if (await ledger.admit(asked, Terms(caps=limits))).refusal is not None:
            return 0
        steps, one_more = 1, extra_caps([budget], charge_of(asked), asked.started_at, UTC)
        while steps < 10:
            hold = Hold((steps + 1) * step)
            if (await ledger.extend((asked.request_id, 1), hold, one_more)).refusal is not None:
                break
            steps += 1
        ended = settlement(asked.request_id)
        ledger.settle(replace(ended, cost_nano_usd=steps * step, budget_nano_usd=steps * step))
        return steps

    print(sum(await asyncio.gather(*(lane(number) for number in range(40)))), flush=True)
    await ledger.aclose()


async def burst(path: Path, name: str) -> None:
    """Start calls from a lease, say how many, and hang before most of them have rows."""
    ledger = await open_ledger(path, SystemClock())
    limits = Terms(caps=(Cap("all spend, day", 10_000 * 5_000, 5_000, since_ms=0),))
    started = 0
    for _ in range(40):
        for _ in range(10):
            admission = await ledger.admit(intent(f"{name}-{started}"), limits)
            started += admission.refusal is None
        await asyncio.sleep(0.001)
    for _ in range(50):
        admission = await ledger.admit(intent(f"{name}-{started}"), limits)
        started += admission.refusal is None
    print(started, flush=True)
    sys.stdin.readline()


async def share_cents(path: Path, name: str) -> None:
    """When told to, ask for calls of a hundredth of a cent under a budget of five; say how many came in."""
    ledger = await open_ledger(path, SystemClock())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    call = 100_000
    limits = Terms(caps=(Cap("all spend, day", 500 * call, call, since_ms=0),))
    let_in = 0
    for n in range(40):
        asked = replace(intent(f"{name}-{n}"), held_nano_usd=call)
        let_in += (await ledger.admit(asked, limits)).refusal is None
    await ledger.aclose()
    print(let_in, flush=True)


WHAT = {
    "burst": burst,
    "cents": share_cents,
    "grow": grow_what_runs,
    "spend": spend_what_is_left,
    "hang": admit_and_hang,
    "many": write_many,
    "leave": settle_and_leave,
    "together": start_together,
    "modules": name_modules,
}

if __name__ == "__main__":
    asyncio.run(WHAT[sys.argv[1]](Path(sys.argv[2]), "".join(sys.argv[3:])))
