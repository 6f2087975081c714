"""Nobody waits for the disk to start a call; what has ended is there before anybody is told so."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.private_files import beside
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.disk import sync_commits
from tests.ledger.samples import beside_it, intent, settlement


class SlowDisk:
    """A disk that says when it syncs, and takes as long as it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self.syncs: list[int] = []
        """How many attempts were settled when each began."""
        self.broken = False

    def __call__(self, ledger: Path) -> None:
        [(settled,)] = beside_it(ledger, "SELECT count(*) FROM token_spend WHERE status <> 'open'")
        assert isinstance(settled, int)
        self.syncs.append(settled)
        self.begun.set()
        self.may_end.wait(10)
        if self.broken:
            raise OSError(5, os.strerror(5))
        sync_commits(ledger)


@pytest.fixture
def disk() -> SlowDisk:
    return SlowDisk()


@pytest_asyncio.fixture
async def ledger(path: Path, clock: ManualClock, disk: SlowDisk) -> AsyncIterator[SqliteLedger]:
    ledger = await open_ledger(path, clock, sync=disk)
    yield ledger
    await ledger.aclose()


async def test_an_admission_waits_for_no_disk(ledger: SqliteLedger, disk: SlowDisk) -> None:
    disk.may_end.clear()
    await ledger.admit(intent("ends"))
    ledger.settle(settlement("ends"))
    await asyncio.to_thread(disk.begun.wait)
    for n in range(20):
        await ledger.admit(intent(f"r{n}"))
    assert disk.syncs == [1]
    disk.may_end.set()


async def test_what_only_starts_is_not_synced(ledger: SqliteLedger, disk: SlowDisk) -> None:
    await ledger.admit(intent("r"))
    assert disk.syncs == []
    await ledger.flush()
    assert disk.syncs == [0]


async def test_a_flush_ends_when_what_was_handed_in_before_is_on_the_disk(
    ledger: SqliteLedger, disk: SlowDisk
) -> None:
    await ledger.admit(intent("r"))
    disk.may_end.clear()
    ledger.settle(settlement("r"))
    flushed = asyncio.create_task(ledger.flush())
    await asyncio.to_thread(disk.begun.wait)
    assert not flushed.done()
    disk.may_end.set()
    await flushed
    assert disk.syncs[-1] == 1


async def test_what_ends_at_once_is_synced_together(ledger: SqliteLedger, disk: SlowDisk) -> None:
    for n in range(30):
        await ledger.admit(intent(f"r{n}"))
    for n in range(30):
        ledger.settle(settlement(f"r{n}"))
        await asyncio.sleep(0)
    await ledger.flush()
    assert disk.syncs[-1] == 30
    assert len(disk.syncs) < 10


async def test_a_flush_says_that_the_disk_did_not_take_it(ledger: SqliteLedger, disk: SlowDisk) -> None:
    disk.broken = True
    with pytest.raises(LedgerError, match="cannot be opened or written"):
        await ledger.flush()
    disk.broken = False
    await ledger.flush()


async def test_closing_syncs_what_has_ended(path: Path, clock: ManualClock, disk: SlowDisk) -> None:
    beside_the = await open_ledger(path, clock)  # so that no last connection folds everything together
    ledger = await open_ledger(path, clock, sync=disk)
    await ledger.admit(intent("r"))
    ledger.settle(settlement("r"))
    await ledger.aclose()
    assert disk.syncs == [1]
    await beside_the.aclose()


async def test_syncing_a_ledger_whose_commits_are_folded_into_it_is_no_error(
    path: Path, clock: ManualClock
) -> None:
    await (await open_ledger(path, clock)).aclose()
    assert not beside(path, "-wal").exists()
    sync_commits(path)
