"""Two hosts on one ledger: neither can look the other up, and none is taken for dead that lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from router.core.records.admission import Cap, Quota, Terms, Unit
from router.core.records.entries import EntryStatus
from router.engine.clock import ManualClock
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.owners import BEAT_MS, SILENT_MS
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import START, beside_it, intent, settlement, statuses

ELSEWHERE = "another-boot 4026531836 7 100"
"""A process of another host or container, as it writes itself."""
ONE_AT_ONCE = Terms(quotas=(Quota("1 call at once", Unit.PARALLEL, 1, 1, 0),))
FIVE_CENTS = Cap("all spend, day", 9_000, 5_000, since_ms=0)


@pytest_asyncio.fixture
async def theirs(path: Path, clock: ManualClock) -> AsyncIterator[SqliteLedger]:
    """The ledger as a process elsewhere has it open."""
    ledger = await open_ledger(path, clock, owner=ELSEWHERE)
    yield ledger
    await ledger.aclose()


@pytest_asyncio.fixture
async def reader(path: Path, theirs: SqliteLedger) -> AsyncIterator[SqliteReports]:
    await theirs.flush()
    reader = await open_reports(path)
    yield reader
    await reader.aclose()


async def swept(path: Path, clock: ManualClock) -> int | None:
    """Sweep as this process."""
    return await SqliteUpkeep(path).sweep(clock.now_ms(), 1)


async def lives_on(ledger: SqliteLedger, clock: ManualClock, ms: int) -> None:
    """Let time pass for a ledger whose writer wakes as often as it wants to."""
    for _ in range(ms // BEAT_MS):
        clock.advance(BEAT_MS / 1000)
        await ledger.flush()


async def test_a_call_elsewhere_is_left_alone_as_long_as_its_owner_says_that_it_lives(
    path: Path, clock: ManualClock, theirs: SqliteLedger, reader: SqliteReports
) -> None:
    await theirs.admit(intent("long"))
    await lives_on(theirs, clock, 3 * SILENT_MS)
    assert await swept(path, clock) == 0
    ours = await open_ledger(path, clock)  # which closes what is dead
    theirs.settle(settlement("long"))
    await theirs.flush()
    assert statuses(await reader.recent(5)) == {"long": EntryStatus.OK}
    await ours.aclose()


async def test_a_process_killed_elsewhere_blocks_nobody_for_longer_than_its_silence(
    path: Path, clock: ManualClock, theirs: SqliteLedger, reader: SqliteReports
) -> None:
    await theirs.admit(intent("killed"), ONE_AT_ONCE)
    ours = await open_ledger(path, clock)
    asked = replace(intent("next"), started_at=START + SILENT_MS)
    refused = await ours.admit(asked, ONE_AT_ONCE)
    assert refused.refusal is not None
    clock.advance(SILENT_MS / 1000)
    assert await swept(path, clock) == 0, "it may still be about to say so"
    clock.advance(0.001)
    later = replace(asked, started_at=clock.now_ms())
    assert (await ours.admit(later, ONE_AT_ONCE)).refusal is None
    assert await swept(path, clock) == 1
    assert statuses(await reader.recent(5)) == {"killed": EntryStatus.UNKNOWN, "next": EntryStatus.OPEN}
    [used] = await reader.budgets([FIVE_CENTS])
    assert (used.posted_nano, used.held_nano) == (5_000, 5_000)
    await ours.aclose()


async def test_a_clock_that_is_set_kills_nobody(path: Path, clock: ManualClock, theirs: SqliteLedger) -> None:
    await theirs.admit(intent("long"))
    ours = await open_ledger(path, clock)
    clock.step(3_600)
    await ours.admit(replace(intent("next"), started_at=clock.now_ms()))  # the first to write after it
    assert await swept(path, clock) == 0
    await ours.aclose()


async def test_who_has_nothing_running_says_nothing(
    path: Path, clock: ManualClock, theirs: SqliteLedger
) -> None:
    await theirs.admit(intent("r"))
    assert beside_it(path, "SELECT * FROM owner_beat") == [(ELSEWHERE, START)]
    theirs.settle(settlement("r"))
    await theirs.flush()
    await lives_on(theirs, clock, SILENT_MS)
    assert beside_it(path, "SELECT * FROM owner_beat") == [(ELSEWHERE, START)]
    await theirs.aclose()
    assert beside_it(path, "SELECT * FROM owner_beat") == []


async def test_a_row_of_a_job_outlives_its_process_and_takes_no_place_among_calls_at_once(
    path: Path, clock: ManualClock, theirs: SqliteLedger, reader: SqliteReports
) -> None:
    handed_in = replace(intent("batch"), job="batch 7")
    await theirs.admit(handed_in)
    await theirs.aclose()
    clock.advance(3 * 86_400)
    assert await swept(path, clock) == 0
    ours = await open_ledger(path, clock)
    assert (await ours.admit(intent("next"), ONE_AT_ONCE)).refusal is None
    [entry] = [entry for entry in await reader.recent(5) if entry.intent.request_id == "batch"]
    assert (entry.intent, entry.status) == (handed_in, EntryStatus.OPEN)
    ours.settle(settlement("batch"))
    await ours.flush()
    assert statuses(await reader.recent(5))["batch"] is EntryStatus.OK
    await ours.aclose()
