"""The minute's sweep: by one process, once."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from router.engine.clock import ManualClock
from router.jobs.sweep import EVERY_S, LEASE_MS, sweep_forever, sweep_once
from router.ledger.private_files import prepare
from router.ledger.sqlite.driver import open_for_writing
from router.ledger.sqlite.rows import insert_intent
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import START, beside_it, intent, kill, line_of, other_process

DEAD = "another-boot 1 1 1"
UNTOLD = "somebody nobody can judge"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
    return path


def leave_open(path: Path, *names: str) -> None:
    with closing(open_for_writing(path)) as connection:
        for name in names:
            insert_intent(connection, intent(name), DEAD)


async def test_the_calls_of_a_process_killed_meanwhile_are_closed_once(ledger: Path) -> None:
    process = await other_process(ledger, "hang", "killed")
    assert await line_of(process) == "admitted"
    clock = ManualClock()
    assert await sweep_once(SqliteUpkeep(ledger), clock) == 0
    await kill(process)
    assert [await sweep_once(SqliteUpkeep(ledger), clock) for _ in range(2)] == [1, 0]
    assert beside_it(ledger, "SELECT status, budget_nano_usd FROM token_spend") == [("unknown", 5_000)]


async def test_of_many_that_ask_at_once_one_sweeps(ledger: Path) -> None:
    leave_open(ledger, "a", "b")
    asked = [SqliteUpkeep(ledger, f"{UNTOLD} {n}").sweep(START, LEASE_MS) for n in range(8)]
    found = await asyncio.gather(*asked)
    assert sorted(found, key=lambda closed: closed is None)[0] == 2
    assert found.count(None) == 7


async def test_a_lease_goes_to_another_when_it_is_over_or_its_holder_is_dead(ledger: Path) -> None:
    assert await SqliteUpkeep(ledger, UNTOLD).sweep(START, LEASE_MS) == 0
    assert await SqliteUpkeep(ledger).sweep(START + LEASE_MS - 1, LEASE_MS) is None
    assert await SqliteUpkeep(ledger, UNTOLD).sweep(START + LEASE_MS - 1, LEASE_MS) == 0
    assert await SqliteUpkeep(ledger).sweep(START + LEASE_MS, LEASE_MS) is None
    assert await SqliteUpkeep(ledger, DEAD).sweep(START + 2 * LEASE_MS - 1, LEASE_MS) == 0
    assert await SqliteUpkeep(ledger).sweep(START + 2 * LEASE_MS, LEASE_MS) == 0


async def test_a_ledger_that_cannot_be_opened_is_tried_again_next_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = tmp_path / "nowhere" / "ledger.db"
    assert await sweep_once(SqliteUpkeep(missing), ManualClock()) is None
    assert "dead calls were not looked for" in caplog.text
    assert not missing.exists()


def test_a_lease_outlives_the_pause_between_two_rounds() -> None:
    assert EVERY_S * 1000 < LEASE_MS


async def test_the_job_ends_when_it_is_cancelled(ledger: Path) -> None:
    job = asyncio.create_task(sweep_forever(SqliteUpkeep(ledger), ManualClock()))
    await asyncio.sleep(0)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
