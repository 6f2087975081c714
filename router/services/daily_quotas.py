"""Reads how full the daily allowances are: each counted over the day of its own provider."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.catalog.quotas import DailyQuota, daily_quotas, day_of
from router.core.records.spend import DeploymentStats, Window
from router.core.settings.config import RouterConfig
from router.engine.ports import SpendReader


async def read_daily_quotas(config: RouterConfig, reader: SpendReader, now_ms: int) -> tuple[DailyQuota, ...]:
    """Return every daily allowance that is known, the emptiest first. Raises LedgerError."""
    days = {name: day_of(deployment, now_ms) for name, deployment in config.deployments.items()}
    seen: dict[int, Mapping[str, DeploymentStats]] = {}
    for start in {day.start for day in days.values()}:
        seen[start] = await reader.deployment_stats(Window(start, now_ms + 1))
    counted = {
        name: stats.attempts for name, day in days.items() if (stats := seen[day.start].get(name)) is not None
    }
    return daily_quotas(config, await reader.limits(), await reader.offers(), counted, now_ms)
