"""What a person does to a ledger beside its traffic, and what the doctor looks at. Blocking."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from router.config.paths import Paths
from router.core.cost.reconcile import LOOK_BACK_MS, Mismatch, mismatches
from router.core.records.answers import Rated
from router.core.records.spend import Window
from router.engine.clock import SystemClock
from router.engine.ports import Upkeep
from router.ledger.sqlite.driver import sqlite_version_warning
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from router.providers.llamacpp_server import unavailable

FAR_FUTURE_MS = 1 << 53
T = TypeVar("T")


def lift_pauses(*, ledger: Path | None, session: str | None) -> list[str]:
    """Lift the runaway guard's pauses, of one session or of all; return their reasons. Raises LedgerError."""
    return list(asyncio.run(_upkeep(ledger).lift_pauses(session, SystemClock().now_ms())))


def rate(*, ledger: Path | None, request_id: str | None, good: bool) -> Rated:
    """Keep whether a request's answer was good, of the newest answered one when None. Raises LedgerError."""
    return asyncio.run(_upkeep(ledger).rate(request_id, good=good, now_ms=SystemClock().now_ms()))


def forget_answers(*, ledger: Path | None) -> int:
    """Remove every answer kept for routes with `cache: true`; return how many. Raises LedgerError."""
    return asyncio.run(_upkeep(ledger).forget_cached_responses())


def who_answered(*, ledger: Path | None, request_id: str | None) -> Rated:
    """Return who answered a request, the newest answered one when None. Raises LedgerError for none."""
    return _read(_path(ledger), lambda reports: reports.who_answered(request_id))


def embedded_unavailable() -> str | None:
    """Return why the embedded model cannot run here, or None."""
    return unavailable()


def sqlite_warning() -> str | None:
    """Return what is wrong with this Python's SQLite, or None."""
    return sqlite_version_warning()


def ledger_state(path: Path) -> str:
    """Return what is at `path`, for the doctor. Raises LedgerError when it cannot be used."""
    if not path.exists():
        return f"none yet at {path}: the first call makes it"
    [total] = _read(path, lambda reports: reports.totals([Window(0, FAR_FUTURE_MS)]))
    return f"{path}: {total.attempts:,} attempts"


def kept_answers(path: Path) -> tuple[int, int]:
    """Return how many answers the ledger at `path` keeps, and their bytes. Raises LedgerError."""
    return _read(path, lambda reports: reports.cache_size()) if path.exists() else (0, 0)


def mispriced(path: Path) -> tuple[Mismatch, ...]:
    """Return the deployments whose bills are not what their price says. Raises LedgerError."""
    since_ms = SystemClock().now_ms() - LOOK_BACK_MS
    return mismatches(_read(path, lambda reports: reports.billed(since_ms))) if path.exists() else ()


def ledger_differences(path: Path) -> list[str]:
    """Return the sums of the ledger at `path` that are not what its rows add up to. Raises LedgerError."""
    return _read(path, lambda reports: reports.differences()) if path.exists() else []


def _upkeep(ledger: Path | None) -> Upkeep:
    return SqliteUpkeep(_path(ledger))


def _read(path: Path, question: Callable[[SqliteReports], Awaitable[T]]) -> T:
    async def answer() -> T:
        reports = await open_reports(path)
        try:
            return await question(reports)
        finally:
            await reports.aclose()

    return asyncio.run(answer())


def _path(ledger: Path | None) -> Path:
    return Paths.of(os.environ, ledger=ledger).ledger
