"""`cockpit tanks`: how full the daily allowances are, when they fill again, when they are empty."""

from __future__ import annotations

import asyncio

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from cockpit.tables.field import View, document, print_things
from cockpit.tables.tanks import FIELDS
from router.app.reading import open_reading
from router.services.daily_quotas import read_daily_quotas


@click.command(help="Show the requests a day that providers allow: used, left, when full again, when empty.")
@common_options
@click.pass_obj
def command(options: Options) -> None:
    """Show every tank, the emptiest first."""
    asyncio.run(_show(options))


async def _show(options: Options) -> None:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        now_ms = app.clock.now_ms()
        found = await read_daily_quotas(app.config, app.reader, now_ms)
    if options.json:
        print_json([document(FIELDS, tank) for tank in found])
    elif found:
        print_things(FIELDS, found, View(now_ms, app.zone))
    else:
        say("no daily limit is known of anything that can be used here")
