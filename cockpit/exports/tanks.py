"""The table of tanks: the requests a day that providers allow."""

from __future__ import annotations

from datetime import UTC, datetime

from cockpit.plain import Cell
from router.core.catalog.quotas import DailyQuota
from router.jobs.levels import read_tanks
from router.wiring.reading import Reading

COLUMNS = ("tank", "deployments", "used", "limit", "source", "resets_at", "empty_at")


async def rows(world: Reading) -> list[dict[str, Cell]]:
    """Return every tank as it stands now, the emptiest first."""
    return [_row(tank) for tank in await read_tanks(world.config, world.reader, world.clock.now_ms())]


def _row(tank: DailyQuota) -> dict[str, Cell]:
    return {
        "tank": tank.label,
        "deployments": " ".join(tank.deployments),
        "used": tank.used,
        "limit": tank.limit,
        "source": tank.source.value,
        "resets_at": _moment(tank.resets_at),
        "empty_at": None if tank.empty_at is None else _moment(tank.empty_at),
    }


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
