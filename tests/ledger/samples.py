"""Intents, settlements and files for the ledger's tests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from router.core.money import CostSource
from router.core.records.admission import Quota, Terms, Unit
from router.core.records.diagnosis import HealthScope
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.records.spend import Window
from router.core.records.usage import Usage
from router.engine.ports import Ledger, SpendReader, Upkeep
from router.ledger.sqlite.driver import Connection, connect, open_for_writing

START = 1_795_348_800_000
DAY = 24 * 3600 * 1000
ALL = Window(0, 2**62)

INTENT = Intent(
    request_id="r1",
    attempt=1,
    started_at=START,
    source="ask",
    route="auto",
    tier="T2",
    deployment="gemma-free",
    provider="openrouter",
    model_requested="google/gemma",
    billing="metered",
    held_nano_usd=5_000,
)
SETTLEMENT = Settlement(
    request_id="r1",
    attempt=1,
    settled_at=START + 900,
    status=EntryStatus.OK,
    usage=Usage(input_tokens=10, output_tokens=20),
    cost_nano_usd=1_200,
    cost_source=CostSource.COMPUTED,
    budget_nano_usd=1_200,
    ttft_ms=300,
)
SCOPES = {HealthScope.DEPLOYMENT: "deployment:gemma", HealthScope.CREDENTIAL: "credential:1"}
TERMS = Terms(
    quotas=(Quota("9 requests a minute", Unit.REQUESTS, 9, 1, START - 53_000),),
    scopes=SCOPES,
    lease_ms=65_000,
)
"""Terms of an attempt seven seconds after START: a limit of nine, and two scopes."""
TOO_LONG = replace(SETTLEMENT, usage_raw_json="x" * 50_000)
"""A settlement that needs new pages, so that a full ledger cannot take it."""


@dataclass
class Book:
    """A ledger and who reads it."""

    ledger: Ledger
    reader: SpendReader
    upkeep: Upkeep

    async def book(self, intent: Intent, settlement: Settlement) -> None:
        await self.ledger.admit(intent)
        self.ledger.settle(settlement)
        await self.ledger.flush()


def intent(request_id: str, attempt: int = 1) -> Intent:
    return replace(INTENT, request_id=request_id, attempt=attempt)


def settlement(request_id: str, attempt: int = 1) -> Settlement:
    return replace(SETTLEMENT, request_id=request_id, attempt=attempt)


def connected(*pragmas: str, busy_s: float = 0.05) -> Callable[[Path], Connection]:
    """Return a way to open the ledger that gives up soon on a lock and runs `pragmas` first."""

    def opened(path: Path) -> Connection:
        connection = open_for_writing(path, busy_s=busy_s)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return opened


def beside_it(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run `statements` through a connection of their own, return the rows of the last one.

    With the ledger's own SQLite: a second library in one process would drop the first one's locks.
    """
    connection = connect(path, isolation_level=None)
    try:
        return [connection.execute(statement).fetchall() for statement in statements][-1]
    finally:
        connection.close()


async def other_process(path: Path, what: str, *arguments: str) -> asyncio.subprocess.Process:
    """Start `other_process.py` on the ledger at `path`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.ledger.other_process",
        what,
        str(path),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def kill(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.communicate()


def statuses(entries: list[Entry]) -> dict[str, EntryStatus]:
    return {entry.intent.request_id: entry.status for entry in entries}
