"""What it takes to start a paid call and to book its end: one process and four, one call at a time and many.

Three hard budgets and the guard's counters (its limits out of reach), a ledger file of its own for each line.
`COCKPIT_BENCH_S=10` for longer lines than three seconds.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from router.core.budget.budget import caps, charge_of
from router.core.records.admission import Terms
from router.core.records.diagnosis import HealthScope
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow, Guard
from router.engine.clock import SystemClock
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from tests.ledger.samples import intent, settlement

SECONDS = float(os.environ.get("COCKPIT_BENCH_S", "3"))
PLENTY = 10**15
BUDGETS = [
    Budget(BudgetScope.ALL, None, BudgetWindow.DAY, PLENTY),
    Budget(BudgetScope.TIER, "T2", BudgetWindow.MONTH, PLENTY),
    Budget(BudgetScope.PROVIDER, "openrouter", BudgetWindow.SEVEN_DAYS, PLENTY),
]
GUARD = Guard(nano_per_10m=PLENTY, requests_per_minute=PLENTY, identical_calls=PLENTY)
SCOPES = {HealthScope.DEPLOYMENT: "deployment:gemma", HealthScope.CREDENTIAL: "credential:1"}
LINES = ((1, 1, None), (1, 32, None), (4, 1, None), (4, 8, None), (1, 1, 20.0))
"""Processes, calls at a time in each, calls a second in each (as many as it can where None)."""


async def live(path: Path, name: str, at_once: int, a_second: float | None) -> None:
    """Be one process; print what each admission took, in microseconds, and the processor time of all."""
    ledger = await open_ledger(path, SystemClock())
    await _call(ledger, f"{name} first")
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    began, end = time.process_time(), time.monotonic() + SECONDS
    taken: list[float] = []

    async def lane(number: int) -> None:
        n = 0
        while time.monotonic() < end:
            taken.append(await _call(ledger, f"{name} {number} {n}"))
            n += 1
            await asyncio.sleep(1 / a_second if a_second else 0)

    await asyncio.gather(*(lane(number) for number in range(at_once)))
    await ledger.aclose()
    print(time.process_time() - began, *(round(each * 1e6) for each in taken))


async def _call(ledger: SqliteLedger, request_id: str) -> float:
    """Admit a call and settle it; return the seconds until it might have been sent."""
    asked = replace(
        intent(request_id),
        started_at=SystemClock().now_ms(),
        estimate_nano_usd=3_000,
        soft_held_nano_usd=4_000,
        prompt_fingerprint=request_id,
        why_json="{" + "x" * 400 + "}",
    )
    started = time.perf_counter()
    terms = Terms(
        caps=caps(BUDGETS, charge_of(asked), asked.started_at, UTC),
        scopes=SCOPES,
        lease_ms=65_000,
        guard=GUARD,
    )
    admission = await ledger.admit(asked, terms)
    taken = time.perf_counter() - started
    if admission.refusal is not None:
        raise SystemExit(f"refused: {admission.refusal}")
    ledger.settle(replace(settlement(request_id), settled_at=asked.started_at + 1))
    return taken


def measure(processes: int, at_once: int, a_second: float | None) -> str:
    """Return one line: processes that each start calls on one ledger."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [str(Path(folder) / "ledger.db"), str(at_once), str(a_second or 0)]
        running = [_started([*arguments, f"p{n}"]) for n in range(processes)]
        for each in running:
            assert each.stdin is not None
            assert each.stdout is not None
            if each.stdout.readline() != "ready\n":
                raise SystemExit("a process did not start")
        said = [each.communicate()[0].split() for each in _told(running)]
    cpu = sum(float(first) for first, *_ in said)
    taken = sorted(int(each) / 1000 for _, *rest in said for each in rest)
    cuts = statistics.quantiles(taken, n=100)
    kind = f"{processes} x {at_once}" + (f", {a_second:g} a second" if a_second else "")
    return (
        f"{kind:22} p50 {cuts[49]:8.3f} ms   p99 {cuts[98]:8.3f} ms   max {taken[-1]:8.1f} ms   "
        f"{len(taken) / SECONDS:7.0f} calls/s   {cpu * 1e6 / len(taken):6.0f} us of processor each"
    )


def _told(running: Sequence[subprocess.Popen[str]]) -> Sequence[subprocess.Popen[str]]:
    """Have all of them begin at once."""
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return running


def _started(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.admission", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def main() -> None:
    """Print all lines."""
    for processes, at_once, a_second in LINES:
        print(measure(processes, at_once, a_second), flush=True)


if __name__ == "__main__":
    path, at_once, a_second, name = sys.argv[1:]
    asyncio.run(live(Path(path), name, int(at_once), float(a_second) or None))
