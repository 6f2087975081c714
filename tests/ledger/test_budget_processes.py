"""One budget, two programs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.ledger.samples import beside_it, line_of, other_process


@pytest.mark.slow
async def test_calls_of_two_processes_that_grow_while_they_run_use_up_a_budget_and_never_more(
    path: Path,
) -> None:
    processes = [await other_process(path, "grow", name) for name in ("a", "b")]
    lines = await asyncio.gather(*(line_of(process) for process in processes))
    assert [await process.wait() for process in processes] == [0, 0]
    assert sum(map(int, lines)) == 100
    assert beside_it(path, "SELECT sum(budget_nano_usd), sum(status = 'open') FROM token_spend") == [
        (100_000_000, 0)
    ]


@pytest.mark.slow
async def test_two_processes_admit_exactly_the_hundred_calls_that_the_budget_has_room_for(path: Path) -> None:
    processes = [await other_process(path, "spend", name) for name in ("a", "b")]
    lines = await asyncio.gather(*(line_of(process) for process in processes))
    assert [await process.wait() for process in processes] == [0, 0]
    assert sum(map(int, lines)) == 100
    assert beside_it(path, "SELECT count(*), sum(budget_nano_usd), sum(status <> 'ok') FROM token_spend") == [
        (100, 100_000_000, 0)
    ]
