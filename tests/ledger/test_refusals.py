"""A ledger that cannot be used says so in words, and no row is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from router.core.records.entries import EntryStatus
from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.private_files import beside
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.reports import SqliteReports, open_reports
from tests.ledger.samples import (
    ALL,
    INTENT,
    SETTLEMENT,
    TOO_LONG,
    beside_it,
    connected,
    intent,
    settlement,
    statuses,
)


async def test_a_directory_that_cannot_be_made_is_named_with_the_way_out(
    tmp_path: Path, clock: ManualClock
) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "data" / "ledger.db"
    with pytest.raises(LedgerError) as caught:
        await open_ledger(path, clock)
    assert str(path) in caught.value.message
    assert "--ledger" in caught.value.hint


def test_a_file_that_is_no_database_is_refused_and_kept(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    path.write_text("my diary, not a database, " * 100)
    with pytest.raises(LedgerError, match="is not a ledger"):
        asyncio.run(open_ledger(path, clock))
    assert path.read_text().startswith("my diary")


async def test_another_programs_database_is_refused(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    beside_it(path, "CREATE TABLE bookmark (url)", "PRAGMA user_version = 75")
    with pytest.raises(LedgerError, match="another program's database"):
        await open_ledger(path, clock)
    assert beside_it(path, "SELECT name FROM sqlite_master") == [("bookmark",)]


async def test_reading_a_ledger_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger at"):
        await open_reports(path)
    assert not path.parent.exists()


async def test_a_newer_ledger_can_be_read_but_not_written(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    ledger.settle(SETTLEMENT)
    await ledger.aclose()
    beside_it(path, "ALTER TABLE token_spend ADD COLUMN mood TEXT", "PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer cockpit"):
        await open_ledger(path, clock)
    reader = await open_reports(path)
    assert [entry.settlement for entry in await reader.recent(5)] == [SETTLEMENT]
    await reader.aclose()


async def test_a_ledger_that_becomes_newer_meanwhile_is_written_no_more(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await ledger.admit(INTENT)
    beside_it(path, "PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer cockpit"):
        await ledger.admit(intent("r2"))
    ledger.settle(SETTLEMENT)
    with pytest.raises(LedgerError, match="newer cockpit"):
        await ledger.flush()
    assert statuses(await reader.recent(5)) == {"r1": EntryStatus.OPEN}


@pytest_asyncio.fixture
async def impatient(path: Path, clock: ManualClock) -> AsyncIterator[SqliteLedger]:
    """A ledger that waits 50 ms for a lock."""
    ledger = await open_ledger(path, clock, connect=connected())
    yield ledger
    await ledger.aclose()


async def test_a_locked_ledger_refuses_calls_and_keeps_what_ends(impatient: SqliteLedger, path: Path) -> None:
    await impatient.admit(INTENT)
    locking = connected()(path)
    locking.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="locked by another program"):
        await impatient.admit(intent("r2"))
    impatient.settle(SETTLEMENT)
    with pytest.raises(LedgerError, match="not booked yet"):
        await impatient.flush()
    locking.execute("ROLLBACK")
    locking.close()
    await impatient.flush()
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"r1": EntryStatus.OK}
    await reader.aclose()


FULL = "max_page_count = 1"
"""SQLite allows no page more than there are: SQLITE_FULL, as on a full disk."""


def filled(path: Path) -> None:
    """Take pages that `emptied` gives back."""
    beside_it(path, "CREATE TABLE filler (x)", "INSERT INTO filler VALUES (zeroblob(400000))")


def emptied(path: Path) -> None:
    beside_it(path, "DELETE FROM filler")


@pytest_asyncio.fixture
async def full(path: Path, clock: ManualClock) -> AsyncIterator[SqliteLedger]:
    """A ledger with one running call and no space left."""
    first = await open_ledger(path, clock)
    await first.admit(INTENT)
    await first.aclose()
    filled(path)
    ledger = await open_ledger(path, clock, connect=connected(FULL))
    yield ledger
    emptied(path)
    await ledger.aclose()


async def test_a_full_disk_keeps_what_ended_in_the_spool_and_says_where(
    full: SqliteLedger, path: Path
) -> None:
    full.settle(TOO_LONG)
    with pytest.raises(LedgerError) as caught:
        await full.flush()
    assert "no space left" in caught.value.message
    assert str(beside(path, ".spool")) in caught.value.hint
    assert beside(path, ".spool").stat().st_mode & 0o777 == 0o600


async def test_a_full_disk_refuses_new_calls_and_leaves_nothing_half_written(
    full: SqliteLedger, path: Path
) -> None:
    with pytest.raises(LedgerError, match="no space left"):
        await full.admit(replace(intent("r2"), why_json="x" * 50_000, tags=(("a", "b"),)))
    reader = await open_reports(path)
    assert [entry.intent.request_id for entry in await reader.recent(5)] == ["r1"]
    assert beside_it(path, "SELECT count(*) FROM request_tag") == [(0,)]
    await reader.aclose()


async def test_what_was_spooled_is_booked_as_soon_as_there_is_space(full: SqliteLedger, path: Path) -> None:
    full.settle(TOO_LONG)
    with pytest.raises(LedgerError):
        await full.flush()
    emptied(path)
    await full.admit(intent("r2"))
    await full.flush()
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"r1": EntryStatus.OK, "r2": EntryStatus.OPEN}
    await reader.aclose()


async def test_what_was_spooled_is_booked_at_the_next_start(path: Path, clock: ManualClock) -> None:
    first = await open_ledger(path, clock)
    await first.admit(INTENT)
    await first.aclose()
    filled(path)
    full = await open_ledger(path, clock, connect=connected(FULL))
    full.settle(TOO_LONG)
    with pytest.raises(LedgerError, match="not booked yet"):
        await full.aclose()
    emptied(path)
    last = await open_ledger(path, clock)
    reader = await open_reports(path)
    assert [entry.settlement for entry in await reader.recent(5)] == [TOO_LONG]
    assert (await reader.totals([ALL]))[0].unknown_cost_attempts == 0
    assert set(beside(path, ".spool").read_bytes()) == {0}
    await reader.aclose()
    await last.aclose()


async def test_a_settlement_in_one_batch_with_a_refused_admission_is_booked(
    full: SqliteLedger, path: Path
) -> None:
    too_long = replace(intent("r2"), why_json="x" * 50_000)
    admission = asyncio.create_task(full.admit(too_long))
    await asyncio.sleep(0)  # let it queue
    full.settle(settlement("r1"))
    with pytest.raises(LedgerError):
        await admission
    await full.flush()
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"r1": EntryStatus.OK}
    await reader.aclose()


async def test_when_even_the_spool_cannot_be_written_the_settlement_is_kept_in_memory(
    full: SqliteLedger, path: Path
) -> None:
    spool = beside(path, ".spool")
    spool.unlink()
    spool.mkdir()
    full.settle(TOO_LONG)
    with pytest.raises(LedgerError, match="in memory only"):
        await full.flush()
    spool.rmdir()
    emptied(path)
    await full.flush()
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"r1": EntryStatus.OK}
    await reader.aclose()
