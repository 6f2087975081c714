"""Killed at every numbered point of a request: nothing is lost, nothing is booked twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from router.core.records.admission import Cap, Used
from router.core.records.entries import Entry, EntryStatus
from router.engine.clock import SystemClock
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reports import open_reports
from tests.dying_process import BILL
from tests.ledger.samples import beside_it

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and killed"),
]
ALL_SPEND = Cap("all", 1 << 50, 0, since_ms=0)


@dataclass(frozen=True)
class After:
    """What stands in a ledger after its process was killed and another one opened it."""

    entries: list[Entry]
    used: Used
    differences: list[str]


async def opened(path: Path) -> After:
    """Start again on a ledger: it is opened for writing, swept and closed."""
    await (await open_ledger(path, SystemClock())).aclose()
    reader = await open_reports(path)
    entries = (await reader.recent(10))[::-1]
    [used] = await reader.budgets([ALL_SPEND])
    after = After(entries, used, await reader.differences())
    await reader.aclose()
    return after


def told(bill: Path) -> list[str]:
    return bill.read_text().split() if bill.exists() else []


async def judge(path: Path) -> str:
    """Compare a ledger with what its providers say; return in one word where the process had come to."""
    called = told(path.with_suffix(".bill"))
    booked = called[-1:] == ["booked"]
    calls = called[: len(called) - booked]
    after = await opened(path)
    names = [entry.intent.deployment for entry in after.entries]
    assert names[: len(calls)] == calls, "a call that reached its provider has no row"
    assert len(names) <= len(calls) + 1, "more rows than attempts"
    assert after.differences == []
    assert beside_it(path, "PRAGMA integrity_check") == [("ok",)]
    for entry in after.entries:
        settled, paid = entry.settlement, entry.intent.deployment == "paid"
        assert settled is not None, "a row was left open"
        if entry.status is EntryStatus.OK:
            assert settled.cost_nano_usd == BILL
        elif entry.status is EntryStatus.UNKNOWN:
            assert settled.cost_nano_usd is None
            assert settled.budget_nano_usd == entry.intent.held_nano_usd
            assert (entry.intent.held_nano_usd or 0) >= (BILL if paid else 0)
        else:
            assert (settled.cost_nano_usd, paid) == (0, False)
    assert after.used.held_nano == 0
    assert after.used.posted_nano >= BILL * calls.count("paid"), "budgets count less than was spent"
    again = await opened(path)
    assert again == after, "what was closed once was closed again"
    if booked:
        assert [entry.status for entry in after.entries][-1] is EntryStatus.OK, "what was flushed is lost"
    return "nothing" if not after.entries else f"{names[-1]} {after.entries[-1].status}"


async def judge_all(directory: Path, points: int) -> Counter[str]:
    return Counter([await judge(directory / f"{n}.db") for n in range(1, points + 1)])


def test_whatever_point_a_process_is_killed_at_its_ledger_is_whole(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.dying_process", str(tmp_path)],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parent.parent,
        timeout=400,
    )
    points = int(done.stdout)
    ends = asyncio.run(judge_all(tmp_path, points))
    assert points > 100
    assert {"nothing", "free unknown", "paid unknown", "paid ok"} <= set(ends)
