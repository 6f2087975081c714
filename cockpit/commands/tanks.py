"""`cockpit tanks`: how full the daily allowances are, when they fill again, when they are empty."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from cockpit.format import bar, countdown
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.core.catalog.quotas import DailyQuota
from router.jobs.levels import read_tanks
from router.wiring.reading import reading

HEAD = ("tank", "used", "limit", "left", "", "full again in", "empty in", "says", "deployments")
BAR_CELLS = 12


@click.command(help="Show the requests a day that providers allow: used, left, when full again, when empty.")
@common_options
@click.pass_obj
def command(options: Options) -> None:
    """Show every tank, the emptiest first."""
    asyncio.run(_show(options))


async def _show(options: Options) -> None:
    async with reading(config=options.config, ledger=options.ledger) as world:
        now_ms = world.clock.now_ms()
        found = await read_tanks(world.config, world.reader, now_ms)
    if options.json:
        print_json([document(tank) for tank in found])
    elif found:
        print_table(HEAD, [_row(tank, now_ms) for tank in found], right=("used", "limit", "left"))
    else:
        say("no daily limit is known of anything that can be used here")


def document(tank: DailyQuota) -> dict[str, object]:
    """Return one element of `tanks --json`."""
    return {
        "tank": tank.label,
        "deployments": list(tank.deployments),
        "used": tank.used,
        "limit": tank.limit,
        "left": round(tank.left, 4),
        "source": tank.source,
        "resets_at": _moment(tank.resets_at),
        "empty_at": _moment(tank.empty_at),
    }


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _row(tank: DailyQuota, now_ms: int) -> tuple[str | int | None, ...]:
    return (
        tank.label,
        tank.used,
        tank.limit,
        f"{tank.left:.0%}",
        bar(max(0, tank.limit - tank.used), tank.limit, BAR_CELLS),
        countdown(tank.resets_at - now_ms),
        None if tank.empty_at is None else countdown(tank.empty_at - now_ms),
        tank.source,
        ", ".join(tank.deployments),
    )
