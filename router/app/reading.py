"""What reports stand on: a configuration and a ledger that is only read. Loads no engine and no wire."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from router.app.configuration import load_config, zone_of
from router.config.paths import Paths
from router.core.settings.config import RouterConfig
from router.engine.clock import SystemClock
from router.engine.ports import Clock, ReportReader, SpendReader
from router.ledger.sqlite.driver import sqlite_version_warning
from router.ledger.sqlite.reports import open_reports
from router.prices.own import catalogue


@dataclass(frozen=True, slots=True)
class ReadingApp:
    """What reports need: the configuration and the ledger to read."""

    config: RouterConfig
    reader: SpendReader
    reports: ReportReader | None
    """None where there is no ledger yet."""
    clock: Clock
    zone: tzinfo
    warnings: tuple[str, ...]


@asynccontextmanager
async def open_reading(*, config: Path | None, ledger: Path | None) -> AsyncGenerator[ReadingApp, None]:
    """Open the ledger for reading; none is made where there is none. Raises ConfigError, LedgerError."""
    loaded, clock, paths = load_config(config), SystemClock(), Paths.of(os.environ, ledger=ledger)
    found = await open_reports(paths.ledger, clock) if paths.ledger.exists() else None
    reader: SpendReader = found or _nothing()
    try:
        yield ReadingApp(loaded, reader, found, clock, zone_of(loaded), warnings())
    finally:
        await reader.aclose()


def _nothing() -> SpendReader:
    """Return a ledger without a row, where there is none yet."""
    from router.ledger.memory import MemoryLedger  # seldom: it brings the rules of a ledger that is written

    return MemoryLedger()


def warnings() -> tuple[str, ...]:
    """Return what is wrong with this machine beside the configuration, for every opening to tell."""
    return tuple(
        warning
        for warning in (sqlite_version_warning(), catalogue(Paths.of(os.environ).prices).problem)
        if warning
    )
