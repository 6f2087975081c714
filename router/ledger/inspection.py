"""What commands ask of a ledger once: what is in it, who answered, whether its sums are right.

Raises LedgerError.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from router.core.cost.reconcile import LOOK_BACK_MS, Mismatch, mismatches
from router.core.records.spend import Window
from router.ledger.evidence import Rated
from router.ledger.reader import SqliteSpendReader, open_reader

FAR_FUTURE_MS = 1 << 53


async def attempts(path: Path) -> int:
    """Return how many attempts there are."""
    async with _read(path) as reader:
        [total] = await reader.totals([Window(0, FAR_FUTURE_MS)])
    return total.attempts


async def who_answered(path: Path, request_id: str | None) -> Rated:
    """Return who answered a request, the newest answered one when None."""
    async with _read(path) as reader:
        return await reader.who_answered(request_id)


async def kept_answers(path: Path) -> tuple[int, int]:
    """Return how many answers are kept, and how many bytes of text they hold."""
    async with _read(path) as reader:
        return await reader.kept_size()


async def mispriced(path: Path, now_ms: int) -> tuple[Mismatch, ...]:
    """Return the deployments whose bills are not what their price says."""
    async with _read(path) as reader:
        return mismatches(await reader.billed(now_ms - LOOK_BACK_MS))


async def differences(path: Path) -> list[str]:
    """Return the stored sums that are not what their rows add up to, in words. Reads the whole ledger."""
    async with _read(path) as reader:
        return await reader.differences()


@asynccontextmanager
async def _read(path: Path) -> AsyncGenerator[SqliteSpendReader, None]:
    reader = await open_reader(path)
    try:
        yield reader
    finally:
        await reader.aclose()
