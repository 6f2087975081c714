"""An engine learns a second later what another process wrote; what cannot be read is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.health.scopes import scope_keys
from router.core.records.admission import Lesson
from router.core.records.facts import HealthLearned
from router.core.records.health import Health, ScopeHealth
from router.core.settings.policy import Policy
from router.core.settings.secret import Secret
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.virtual_time import run_virtual
from router.errors import LedgerError
from router.jobs.refresh import refresh_forever
from router.ledger.memory import MemoryLedger
from tests.configs import small_config

FREE = small_config().deployments["free"]


class Unsteady(MemoryLedger):
    """A ledger that cannot be read while it is `broken`."""

    broken = True

    async def health(self) -> Mapping[str, ScopeHealth]:
        if self.broken:
            raise LedgerError("the disk is gone")
        return await super().health()


def test_an_engine_learns_what_was_written_elsewhere_as_soon_as_it_can_be_read() -> None:
    async def run() -> None:
        ledger, clock = Unsteady(), LoopClock()
        engine = Engine(small_config(), Dependencies({}, ledger, clock, SeededChance(), Secret("k")))
        job = asyncio.create_task(refresh_forever(engine, ledger))
        limited = classify(Exchange("x", status=429, headers={"retry-after": "70"}), clock.now_ms())
        ledger.note(HealthLearned(Lesson(scope_keys(FREE), limited, Policy(), 0.0), clock.now_ms()))
        await asyncio.sleep(2.5)
        assert engine.deployments()[0].health is Health.AVAILABLE
        ledger.broken = False
        await asyncio.sleep(1)
        assert engine.deployments()[0].health is Health.COOLING
        job.cancel()

    run_virtual(run())
