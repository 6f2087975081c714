"""A ledger of every earlier schema is read as it is, and opened with its figures unchanged."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from router.core.records.admission import Cap, Used
from router.core.records.entries import EntryStatus
from router.core.records.spend import Dimension, Spend, SpendGroup
from router.core.records.usage import Usage
from router.engine.clock import ManualClock
from router.ledger.private_files import prepare
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing, writing
from router.ledger.sqlite.migrations import LEDGER
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.schema import APPLICATION_ID, SUMS_SINCE, VERSION
from router.ledger.sqlite.sums import rebuild
from tests.ledger.samples import ALL, START, beside_it, intent, settlement

NAMES = [migration.name for migration in LEDGER._migrations]
COLUMNS = (
    "request_id, attempt, started_at, source, session_id, route, tier, deployment, provider, "
    "model_requested, billing, status, owner, held_nano_usd, settled_at, cost_nano_usd, cost_source, "
    "budget_nano_usd, input_tokens, output_tokens, ttft_ms"
)
COMMON = f"1, {START}, 'ask', 's', 'auto', 'T2', 'gemma-free', 'openrouter', 'google/gemma', 'metered'"
ROWS = (
    f"'known', {COMMON}, 'ok', 'o 1 1 1', 9000, {START + 900}, 1200, 'computed', 1200, 10, 20, 300",
    f"'cut', {COMMON}, 'truncated', 'o 1 1 1', 9000, {START + 900}, NULL, 'unknown', 7000, 5, NULL, 100",
    f"'free', {COMMON}, 'ok', 'o 1 1 1', 0, {START + 900}, 0, 'free', 0, 1, 2, NULL",
    f"'running', {COMMON}, 'open', 'another-boot 1 1 1', 5000, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
)
SPENT = Spend(1_200, 1, requests=4, attempts=4, usage=Usage(input_tokens=16, output_tokens=22))
CLOSED = Spend(1_200, 2, requests=4, attempts=4, usage=SPENT.usage)
"""The same once it is known that nobody knows what the running call cost."""
CAP = Cap("all", 1 << 40, 0, since_ms=0)


def made(path: Path, version: int) -> None:
    """Make a ledger as the cockpit of that schema left it, with four calls in it."""
    prepare(path)
    with closing(open_for_writing(path)) as connection, writing(connection):
        database = Database(connection, execute_plugins=False)
        LEDGER.apply(database, stop_before=NAMES[version] if version < VERSION else None)
        for values in ROWS:
            connection.execute(f"INSERT INTO token_spend ({COLUMNS}) VALUES ({values})")
        connection.execute("INSERT INTO request_tag VALUES ('known', 'team', 'x')")
        if version >= SUMS_SINCE:
            rebuild(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")


def stored(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        f"SELECT {COLUMNS} FROM token_spend WHERE request_id <> 'running' ORDER BY id"
    ).fetchall()


async def figures(reader: SqliteReports) -> tuple[Spend, SpendGroup, Used]:
    [total], [by_tier] = await reader.totals([ALL]), await reader.groups(ALL, Dimension.TIER)
    [used] = await reader.budgets([CAP])
    return total, by_tier, used


@pytest.mark.slow
@pytest.mark.parametrize("version", range(1, VERSION + 1), ids=NAMES)
async def test_its_figures_are_the_same_before_and_after_it_is_opened(
    path: Path, clock: ManualClock, version: int
) -> None:
    made(path, version)
    with closing(open_for_writing(path)) as connection:
        before = stored(connection)
    reader = await open_reports(path, clock)
    assert await figures(reader) == (SPENT, SpendGroup("T2", SPENT), Used(8_200, 5_000))
    assert (await reader.recent(1))[0].status is EntryStatus.OPEN
    assert await reader.health() == {}

    ledger = await open_ledger(path, clock)
    assert await figures(reader) == (CLOSED, SpendGroup("T2", CLOSED), Used(13_200, 0))
    with closing(open_for_writing(path)) as connection:
        assert stored(connection) == before
    assert await reader.differences() == []
    [line] = [group for group in await reader.groups(ALL, Dimension.TAG) if group.key]
    assert (line.key, line.spend.cost_nano_usd) == ("team=x", 1_200)
    assert beside_it(path, "PRAGMA user_version", "PRAGMA integrity_check") == [("ok",)]
    assert beside_it(path, "PRAGMA user_version") == [(VERSION,)]

    await ledger.admit(intent("new"))
    ledger.settle(settlement("new"))
    await ledger.flush()
    assert (await reader.totals([ALL]))[0].cost_nano_usd == 2_400
    await reader.aclose()
    await ledger.aclose()
