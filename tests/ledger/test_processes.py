"""Several programs, several tasks, one ledger."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.records.admission import Admission, Lesson
from router.core.records.entries import EntryStatus
from router.core.records.facts import HealthLearned
from router.core.settings.policy import Policy
from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.reports import SqliteReports, open_reports
from tests.ledger.samples import (
    ALL,
    INTENT,
    SCOPES,
    START,
    beside_it,
    intent,
    line_of,
    other_process,
    settlement,
    statuses,
)


async def test_two_processes_that_start_on_a_new_ledger_at_once_lose_no_row(path: Path) -> None:
    processes = [await other_process(path, "many", name) for name in ("a", "b")]
    assert [await process.wait() for process in processes] == [0, 0]
    reader = await open_reports(path)
    [spend] = await reader.totals([ALL])
    assert (spend.attempts, spend.cost_nano_usd) == (80, 80 * 1_200)
    assert beside_it(path, "PRAGMA integrity_check") == [("ok",)]
    await reader.aclose()


async def together(path: Path) -> list[int]:
    """Let two processes ask for ten starts each at the same time; return how many each one got."""
    processes = [await other_process(path, "together", name) for name in ("a", "b")]
    assert [await line_of(process) for process in processes] == ["ready", "ready"]
    said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    return [int(out) for out, _ in said]


async def test_two_processes_share_a_limit(path: Path) -> None:
    counts = await together(path)
    assert sum(counts) == 9


async def test_of_twenty_callers_in_two_processes_one_gets_the_probe(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    limited = classify(Exchange("x", status=429, headers={"retry-after": "7"}), START)
    ledger.note(HealthLearned(Lesson(SCOPES, limited, Policy(), 0.0), START))
    await ledger.aclose()
    counts = await together(path)
    assert sorted(counts) == [0, 1]


async def test_each_of_two_connections_sees_what_the_other_process_wrote(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await ledger.admit(intent("mine"))
    before = await reader.version()
    process = await other_process(path, "hang", "theirs")
    assert await line_of(process) == "admitted"
    assert await reader.version() != before
    assert statuses(await reader.recent(5)) == {"mine": EntryStatus.OPEN, "theirs": EntryStatus.OPEN}
    await process.communicate(b"")


async def test_what_was_handed_in_is_written_when_the_program_ends_without_closing(path: Path) -> None:
    process = await other_process(path, "leave", "left")
    assert await process.wait() == 0
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"left": EntryStatus.OK}
    await reader.aclose()


async def test_sqlite_utils_is_imported_for_a_migration_only(path: Path) -> None:
    modules = []
    for _ in range(2):
        process = await other_process(path, "modules")
        modules.append((await line_of(process)).split())
        assert await process.wait() == 0
        beside_it(path, "DELETE FROM token_spend")
    assert ["sqlite_utils" in loaded for loaded in modules] == [True, False]


async def test_a_task_cancelled_while_it_admits_loses_no_queued_write(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    tasks = [asyncio.create_task(ledger.admit(intent(f"r{n}"))) for n in range(20)]
    await asyncio.sleep(0)  # every task has queued its row
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError | Admission) for result in results)
    for n in range(20):
        ledger.settle(settlement(f"r{n}"))
    await ledger.flush()
    assert set(statuses(await reader.recent(50)).values()) == {EntryStatus.OK}
    assert (await reader.totals([ALL]))[0].attempts == 20


async def test_a_start_that_is_cancelled_leaves_nothing_locked(path: Path, clock: ManualClock) -> None:
    starting = asyncio.create_task(open_ledger(path, clock))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    await ledger.aclose()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_writer_that_breaks_leaves_nobody_waiting(path: Path, clock: ManualClock) -> None:
    def broken(_: Path) -> Connection:
        raise ZeroDivisionError

    with pytest.raises(LedgerError, match="has stopped"):
        await open_ledger(path, clock, connect=broken)
    for thread in threading.enumerate():  # its traceback is this test's, not the next one's
        if thread.name == "ledger-writer":
            thread.join()


async def test_many_admissions_at_once_are_all_answered_and_one_refused_hurts_no_other(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    names = [f"r{n}" for n in range(50)]
    admissions = [ledger.admit(intent(name)) for name in [*names, "r7"]]
    results = await asyncio.gather(*admissions, return_exceptions=True)
    assert results[:50] == [Admission()] * 50
    assert isinstance(results[50], LedgerError)
    await ledger.flush()
    assert len(await reader.recent(100)) == 50


async def test_closing_writes_what_is_queued_and_folds_the_log_into_the_file(
    path: Path, clock: ManualClock
) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    ledger.settle(settlement("r1"))
    await ledger.aclose()
    assert sorted(file.name for file in path.parent.iterdir()) == ["ledger.db", "ledger.db.spool"]
    assert beside_it(path, "SELECT status FROM token_spend") == [("ok",)]


async def test_a_reader_alone_reads_and_cannot_write(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    await ledger.aclose()
    reader = await open_reports(path)
    assert [entry.intent for entry in await reader.recent(5)] == [INTENT]
    await reader.aclose()
    await reader.aclose()
    with pytest.raises(LedgerError, match="closed"):
        await reader.version()
