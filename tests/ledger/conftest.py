from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.memory import MemoryLedger
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import START, Book


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest_asyncio.fixture
async def ledger(path: Path, clock: ManualClock) -> AsyncIterator[SqliteLedger]:
    ledger = await open_ledger(path, clock)
    yield ledger
    with suppress(LedgerError):  # a test may have filled the disk
        await ledger.aclose()


@pytest_asyncio.fixture
async def reader(path: Path, ledger: SqliteLedger) -> AsyncIterator[SqliteReports]:
    reader = await open_reports(path)
    yield reader
    await reader.aclose()


@pytest_asyncio.fixture(params=["file", "memory"])
async def book(request: pytest.FixtureRequest, path: Path, clock: ManualClock) -> AsyncIterator[Book]:
    """Every ledger there is, one after the other: what is tested with it holds for all."""
    if request.param == "memory":
        memory = MemoryLedger()
        yield Book(memory, memory, memory.upkeep)
        return
    ledger = await open_ledger(path, clock)
    reader = await open_reports(path)
    yield Book(ledger, reader, SqliteUpkeep(path))
    await reader.aclose()
    await ledger.aclose()
