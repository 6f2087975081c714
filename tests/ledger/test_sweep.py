"""What dead processes left open is closed once, and the living are left alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from router.core.money import CostSource
from router.core.records.entries import EntryStatus
from router.engine.clock import ManualClock
from router.ledger.private_files import prepare
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing
from router.ledger.sqlite.owners import GIVEN_UP_MS
from router.ledger.sqlite.reports import open_reports
from router.ledger.sqlite.rows import insert_intent, settle_row, settled_row
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.sweep import sweep
from tests.ledger.samples import ALL, START, intent, kill, line_of, other_process, settlement, statuses

DEAD = "another-boot 1 1 1"
UNTOLD = "no owner that anybody could read"


@pytest.fixture
def connection(path: Path) -> object:
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        yield connection


def status_of(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT request_id, status, settled_at, cost_nano_usd, budget_nano_usd FROM token_spend ORDER BY id"
    ).fetchall()


def test_an_open_row_of_a_dead_owner_is_unknown_and_budgets_keep_its_hold(
    connection: Connection, path: Path
) -> None:
    insert_intent(connection, intent("open"), DEAD)
    insert_intent(connection, intent("settled"), DEAD)
    settle_row(connection, settled_row(settlement("settled")))
    assert sweep(connection, path, START + 60_000) == 1
    assert status_of(connection) == [
        ("open", "unknown", START + 60_000, None, 5_000),
        ("settled", "ok", START + 900, 1_200, 1_200),
    ]


def test_a_second_sweep_and_a_late_settlement_find_nothing(connection: Connection, path: Path) -> None:
    insert_intent(connection, intent("r"), DEAD)
    assert [sweep(connection, path, START), sweep(connection, path, START + 1)] == [1, 0]
    assert settle_row(connection, settled_row(settlement("r"))) is False
    assert status_of(connection) == [("r", "unknown", START, None, 5_000)]


def test_an_owner_nobody_can_judge_is_given_up_after_a_day(connection: Connection, path: Path) -> None:
    insert_intent(connection, intent("r"), UNTOLD)
    assert sweep(connection, path, START + GIVEN_UP_MS - 1) == 0
    assert sweep(connection, path, START + GIVEN_UP_MS) == 1


async def test_a_killed_process_leaves_a_row_that_says_so_and_no_lock(path: Path, clock: ManualClock) -> None:
    process = await other_process(path, "hang", "killed")
    assert await line_of(process) == "admitted"
    beside = await open_ledger(path, clock)
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"killed": EntryStatus.OPEN}
    await beside.aclose()

    await kill(process)
    ledger = await open_ledger(path, clock)
    await ledger.admit(intent("next"))
    ledger.settle(settlement("next"))
    await ledger.flush()
    assert statuses(await reader.recent(5)) == {"killed": EntryStatus.UNKNOWN, "next": EntryStatus.OK}
    [spend] = await reader.totals([ALL])
    assert (spend.attempts, spend.unknown_cost_attempts, spend.cost_nano_usd) == (2, 1, 1_200)
    [killed] = [entry.settlement for entry in await reader.recent(5) if entry.intent.request_id == "killed"]
    assert killed is not None
    assert (killed.budget_nano_usd, killed.cost_source) == (5_000, CostSource.UNKNOWN)
    await reader.aclose()
    await ledger.aclose()
