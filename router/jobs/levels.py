"""Reads how full the daily allowances are: each counted over the day of its own provider."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.model import RouterConfig
from router.core.money.spend import DeploymentStats, Window
from router.core.offers.tanks import Tank, day_of, tanks
from router.engine.ports import SpendReader


async def read_tanks(config: RouterConfig, reader: SpendReader, now_ms: int) -> tuple[Tank, ...]:
    """Return every daily allowance that is known, the emptiest first. Raises LedgerError."""
    days = {name: day_of(deployment, now_ms) for name, deployment in config.deployments.items()}
    seen: dict[int, Mapping[str, DeploymentStats]] = {}
    for start in {day.start for day in days.values()}:
        seen[start] = await reader.deployment_stats(Window(start, now_ms + 1))
    counted = {
        name: stats.attempts for name, day in days.items() if (stats := seen[day.start].get(name)) is not None
    }
    return tanks(config, await reader.limits(), await reader.offers(), counted, now_ms)
