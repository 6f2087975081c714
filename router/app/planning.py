"""Decisions without consequences: an engine that can plan and nothing else, on a ledger that is only read."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from router.app.reading import ReadingApp, open_reading
from router.classifier.model_file import classify_messages
from router.config.paths import Paths
from router.core.settings.secret import Secret
from router.engine.chance import SystemChance
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.jobs.lookout import Lookout
from router.jobs.refresh import refresh
from router.ledger.key import known_key
from router.ledger.memory import MemoryLedger


@dataclass(frozen=True, slots=True)
class PlanningApp(ReadingApp):
    """What reports need, and a planner beside it."""

    planner: Engine
    """It has no wires and writes nowhere; it knows what the ledger says of its deployments now."""


@asynccontextmanager
async def open_planning(*, config: Path | None, ledger: Path | None) -> AsyncGenerator[PlanningApp, None]:
    """Open a planner; no ledger is made where there is none. Raises ConfigError and LedgerError."""
    async with open_reading(config=config, ledger=ledger) as app:
        lookout = Lookout(app.config, app.clock, app.zone)
        chance = SystemChance()
        key = known_key(Paths.of(os.environ, ledger=ledger).ledger, chance) or Secret("")
        inert = Dependencies({}, MemoryLedger(), app.clock, chance, key, app.zone)
        planner = Engine(app.config, replace(inert, classify=classify_messages, observe=lookout.observe))
        await refresh(planner, app.reader, lookout)
        yield PlanningApp(**{each.name: getattr(app, each.name) for each in fields(app)}, planner=planner)
