"""What a person does to a ledger beside its traffic, and what the doctor looks at. Blocking."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from router.config.paths import Paths
from router.core.cost.reconcile import Mismatch
from router.engine.clock import SystemClock
from router.ledger import inspection, upkeep
from router.ledger.evidence import Rated
from router.ledger.sqlite import sqlite_version_warning
from router.providers.llamacpp_server import unavailable


def lift_pauses(*, ledger: Path | None, session: str | None) -> list[str]:
    """Lift the runaway guard's pauses, of one session or of all; return their reasons. Raises LedgerError."""
    return upkeep.lift_pauses(_path(ledger), session, SystemClock().now_ms())


def rate(*, ledger: Path | None, request_id: str | None, good: bool) -> Rated:
    """Keep whether a request's answer was good, of the newest answered one when None. Raises LedgerError."""
    return upkeep.rate(_path(ledger), request_id, good, SystemClock().now_ms())


def forget_answers(*, ledger: Path | None) -> int:
    """Remove every answer kept for routes with `cache: true`; return how many. Raises LedgerError."""
    return upkeep.forget_answers(_path(ledger))


def who_answered(*, ledger: Path | None, request_id: str | None) -> Rated:
    """Return who answered a request, the newest answered one when None. Raises LedgerError for none."""
    return asyncio.run(inspection.who_answered(_path(ledger), request_id))


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
    return f"{path}: {asyncio.run(inspection.attempts(path)):,} attempts"


def kept_answers(path: Path) -> tuple[int, int]:
    """Return how many answers the ledger at `path` keeps, and their bytes. Raises LedgerError."""
    return asyncio.run(inspection.kept_answers(path)) if path.exists() else (0, 0)


def mispriced(path: Path) -> tuple[Mismatch, ...]:
    """Return the deployments whose bills are not what their price says. Raises LedgerError."""
    return asyncio.run(inspection.mispriced(path, SystemClock().now_ms())) if path.exists() else ()


def ledger_differences(path: Path) -> list[str]:
    """Return the sums of the ledger at `path` that are not what its rows add up to. Raises LedgerError."""
    return asyncio.run(inspection.differences(path)) if path.exists() else []


def _path(ledger: Path | None) -> Path:
    return Paths.of(os.environ, ledger=ledger).ledger
