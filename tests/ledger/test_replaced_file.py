"""A ledger that is moved, removed or replaced while it is open takes no more calls and loses no ended one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from router.core.records.admission import Cap, Terms
from router.core.records.entries import EntryStatus
from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.private_files import SIDECARS, beside
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.reports import SqliteReports, open_reports
from tests.ledger.samples import SETTLEMENT, beside_it, intent, settlement, statuses


def removed(path: Path) -> None:
    for name in ("", *SIDECARS):
        beside(path, name).unlink()


def moved(path: Path) -> None:
    for name in ("", *SIDECARS):
        beside(path, name).rename(beside(path.with_name("elsewhere.db"), name))


def put_away(path: Path) -> None:
    path.rename(beside(path, ".away"))


def put_back(path: Path) -> None:
    beside(path, ".away").rename(path)


def restored(path: Path) -> None:
    """Put a copy in the ledger's place, as a restore does."""
    copy = path.with_name("copy.db")
    beside_it(path, f"VACUUM INTO '{copy}'")
    removed(path)
    copy.rename(path)


@pytest.mark.parametrize("gone", [removed, moved, restored])
async def test_calls_are_refused_and_what_ends_is_booked_where_the_next_start_finds_it(
    path: Path, clock: ManualClock, gone: Callable[[Path], None]
) -> None:
    ledger = await open_ledger(path, clock)
    running = replace(intent("running"), tags=(("client", "acme"),))
    await ledger.admit(running)
    gone(path)
    with pytest.raises(LedgerError, match="while it was open") as caught:
        await ledger.admit(intent("next"))
    assert "start it again" in caught.value.hint
    ledger.settle(settlement("running"))
    with pytest.raises(LedgerError, match="not booked yet"):
        await ledger.flush()
    with pytest.raises(LedgerError):
        await ledger.aclose()

    again = await open_ledger(path, clock)
    reader = await open_reports(path)
    [entry] = await reader.recent(5)
    assert (entry.intent, entry.settlement) == (running, replace(SETTLEMENT, request_id="running"))
    cap = Cap("all spend, day", 6_000, 5_000, since_ms=0)
    refused = await again.admit(intent("over"), Terms(caps=(cap,)))
    assert refused.refusal is not None, "the hard budget began anew"
    assert await reader.differences() == []
    await reader.aclose()
    await again.aclose()


async def test_a_file_that_is_put_back_goes_on(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(intent("running"))
    put_away(path)
    with pytest.raises(LedgerError):
        await ledger.admit(intent("next"))
    ledger.settle(settlement("running"))
    put_back(path)
    await ledger.flush()
    assert (await ledger.admit(intent("next"))).refusal is None
    reader = await open_reports(path)
    assert statuses(await reader.recent(5)) == {"running": EntryStatus.OK, "next": EntryStatus.OPEN}
    await reader.aclose()
    await ledger.aclose()


async def test_who_is_left_with_the_old_file_takes_nothing_from_the_new_one(
    path: Path, clock: ManualClock
) -> None:
    left = await open_ledger(path, clock)
    await left.admit(intent("old"))
    removed(path)
    new = await open_ledger(path, clock)
    await new.admit(intent("new"))
    with pytest.raises(LedgerError):
        await left.aclose()
    assert beside(path, "-wal").exists(), "closing the old file has removed the new one's commits"
    new.settle(settlement("new"))
    await new.flush()
    assert beside_it(path, "SELECT request_id, status FROM token_spend") == [("new", "ok")]
    await new.aclose()


async def test_a_reader_reads_what_is_at_the_path(
    path: Path, clock: ManualClock, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await ledger.admit(intent("old"))
    assert len(await reader.recent(5)) == 1
    removed(path)
    with pytest.raises(LedgerError, match="no ledger at"):
        await reader.recent(5)
    new = await open_ledger(path, clock)
    assert await reader.recent(5) == []
    await new.aclose()
