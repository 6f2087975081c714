"""What happens between the stress screen and the engine: one test at a time, and what earlier ones found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import tzinfo

from cockpit.screens.stress.state import StressState, TargetView, apply, begun, ended
from cockpit.session import PAINT_EVERY_S, Engine
from router.core.catalog.quotas import DailyQuota
from router.core.records.stress import StressResult
from router.core.settings.config import RouterConfig
from router.core.stress.history import by_deployment, is_structural
from router.engine.ports import Clock, SpendReader
from router.engine.stress_events import StressEvent
from router.errors import RouterError
from router.services.daily_quotas import read_daily_quotas

REMEMBERED = 300
"""Results of earlier runs that are looked at, newest first."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the deployments beside the test under way."""

    results: Mapping[str, tuple[StressResult, ...]] = field(default_factory=dict)
    """Earlier results by deployment, newest first."""
    structural: frozenset[str] = frozenset()
    """Whose latest runs have failed on several days."""
    tanks: Mapping[str, DailyQuota] = field(default_factory=dict)
    """The daily allowance each deployment draws from, maybe together with others; only where one is known."""

    def latest(self, view: TargetView) -> StressResult | None:
        """Return what the last test found of a target: the one on the screen, else the newest before it."""
        return view.result or next(iter(self.results.get(view.name, ())), None)


class StressRun:
    """One test on its way through the engine."""

    def __init__(self, engine: Engine, clock: Clock, publish: Callable[[StressState], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._publish = publish
        self._due: asyncio.TimerHandle | None = None
        self.state = StressState()

    async def drive(self, planned: StressState) -> None:
        """Run what is chosen and publish what comes of it, at most twenty times a second.

        Ends by itself or by cancellation; the last state is published in either case.
        """
        test = self._engine.stress(planned.plan)
        self.state, error, stopped = begun(planned, self._clock.monotonic()), "", True
        self._show()
        try:
            async with aclosing(test.events()) as events:
                async for event in events:
                    self._take(event)
            stopped = False
        except RouterError as failure:
            error = str(failure)
        finally:
            self.state = ended(self.state, test.results, stopped=stopped, error=error)
            self._show()

    def _take(self, event: StressEvent) -> None:
        self.state = apply(self.state, event)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(PAINT_EVERY_S, self._show)

    def _show(self) -> None:
        if self._due:
            self._due.cancel()
            self._due = None
        self._publish(self.state)


async def read_history(config: RouterConfig, reader: SpendReader, clock: Clock, zone: tzinfo) -> History:
    """Return what the ledger says of earlier tests and of today. Raises LedgerError."""
    found = by_deployment(await reader.stress_results(REMEMBERED))
    tanks = await read_daily_quotas(config, reader, clock.now_ms())
    return History(
        results=found,
        structural=frozenset(name for name, runs in found.items() if is_structural(runs, zone)),
        tanks={name: tank for tank in tanks for name in tank.deployments},
    )
