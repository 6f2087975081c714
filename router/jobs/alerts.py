"""Looks for what somebody should be told of, and tells it, every twenty seconds: one process for all.

Nothing waits for it: calls go on whatever a hook does. An alert is told once, unless the process that tells
it dies over it; then the next one tells it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from router.core.budget.budget import standing_caps
from router.core.catalog.news import news
from router.core.cost.reconcile import LOOK_BACK_MS, mismatches
from router.core.records.alerts import Alert
from router.core.reports import alerts
from router.core.reports.trends import USUAL_OF, DaySpend, anomalies
from router.core.settings.config import RouterConfig
from router.core.windows import calendar_days, local_date
from router.engine.ports import CheckRunner, Clock, SpendReader, Upkeep
from router.errors import LedgerError
from router.jobs.telling import tell
from router.providers.transport import Transport

EVERY_S = 20.0
LEASE_MS = 90_000
"""Longer than a round with the slowest hook, so that the job stays with one process while that one lives."""
LAST_DAYS = 2
"""Today and yesterday: a day may only turn out odd at its end."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watchman:
    """What the job needs of the world."""

    ledger: Upkeep
    reader: SpendReader
    clock: Clock
    zone: tzinfo
    config: Callable[[], RouterConfig]
    """The one in use now."""
    runner: CheckRunner
    client: Callable[[], Transport]
    """Makes an HTTP client, where a hook needs one."""

    async def watch_forever(self) -> None:
        """Do a round every twenty seconds until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.round()

    async def round(self) -> int:
        """Look and tell once; return how many hooks were told. What cannot be read is tried again later."""
        try:
            return await self._tell(await self._seen())
        except LedgerError as error:
            log.warning("alerts were not looked for: %s", error)
            return 0

    async def _seen(self) -> list[Alert]:
        now, config, reader = self.clock.now_ms(), self.config(), self.reader
        caps = standing_caps(config.budgets, now, self.zone)
        used = list(zip(caps, await reader.budgets(caps), strict=True))
        return [
            *alerts.budget_alerts(used, local_date(now, self.zone)),
            *alerts.anomaly_alerts(anomalies(await self._days(now), LAST_DAYS)),
            *alerts.guard_alerts(await reader.pauses()),
            *alerts.mismatch_alerts(mismatches(await reader.billed(now - LOOK_BACK_MS))),
            *alerts.gone_alerts(await reader.health(), list(config.deployments.values())),
            *alerts.listed_alerts(news(config, await reader.offers(), now)),
        ]

    async def _days(self, now_ms: int) -> list[DaySpend]:
        windows = calendar_days(now_ms, self.zone, 7 * USUAL_OF + LAST_DAYS)
        sums = await self.reader.totals(windows)
        return [
            DaySpend(local_date(window.start, self.zone), window, spend)
            for window, spend in zip(windows, sums, strict=True)
        ]

    async def _tell(self, seen: Sequence[Alert]) -> int:
        now, hooks = self.clock.now_ms(), self.config().hooks
        if not await self.reader.has_news(seen, hooks, now):
            return 0
        due = await self.ledger.take_alerts(seen, hooks, now, LEASE_MS)
        if not due:
            return 0
        errors = await asyncio.gather(*(tell(hook, alert, self.runner, self.client) for alert, hook in due))
        results = [(alert.number, hook.name, error) for (alert, hook), error in zip(due, errors, strict=True)]
        await self.ledger.note_deliveries(results, self.clock.now_ms())
        for (alert, hook), error in zip(due, errors, strict=True):
            if error:
                log.warning("hook %s was not told of alert %s: %s", hook.name, alert.number, error)
        return errors.count(None)
