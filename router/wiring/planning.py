"""Decisions without consequences: an engine that can plan and nothing else, on a ledger that is only read."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

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
from router.wiring.reading import Reading, reading


@dataclass(frozen=True, slots=True)
class Planning(Reading):
    """What reports need, and a planner beside it."""

    planner: Engine
    """It has no wires and writes nowhere; it knows what the ledger says of its deployments now."""


@asynccontextmanager
async def planning(*, config: Path | None, ledger: Path | None) -> AsyncGenerator[Planning, None]:
    """Open a planner; no ledger is made where there is none. Raises ConfigError and LedgerError."""
    async with reading(config=config, ledger=ledger) as world:
        lookout = Lookout(world.config, world.clock, world.zone)
        chance = SystemChance()
        key = known_key(Paths.of(os.environ, ledger=ledger).ledger, chance) or Secret("")
        inert = Dependencies({}, MemoryLedger(), world.clock, chance, key, world.zone)
        planner = Engine(world.config, replace(inert, classify=classify_messages, observe=lookout.observe))
        await refresh(planner, world.reader, lookout)
        yield Planning(**{each.name: getattr(world, each.name) for each in fields(world)}, planner=planner)
