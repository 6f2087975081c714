"""`cockpit tiers`: every deployment, its health and how it has been doing; clearing what rests."""

from __future__ import annotations

import asyncio

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from cockpit.tables.field import View, document, moment, print_things
from cockpit.tables.tiers import FIELDS
from router.app.cooldowns import clear_cooldowns
from router.app.planning import open_planning
from router.engine.health_board import DeploymentState
from router.services.tiers import TierRow, tier_rows


@click.group(
    invoke_without_command=True, help="Show every deployment with its tier, health, speed and error rate."
)
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the ladder, cheapest tier first, unless something is to be done with it."""
    if ctx.invoked_subcommand is None:
        asyncio.run(_show(ctx.ensure_object(Options)))


@command.command(
    help="Let a deployment that rests be asked again; NAME may be a tier or a route. Default: all."
)
@click.argument("name", required=False)
@common_options
@click.pass_obj
def clear(options: Options, name: str | None) -> None:
    """Clear the rests and say what they were."""
    cleared = asyncio.run(clear_cooldowns(config=options.config, ledger=options.ledger, name=name))
    if options.json:
        print_json([_cleared(state) for state in cleared])
    for state in cleared:
        say(f"cleared {state.deployment.name}, which was {TierRow(state).standing}: {state.reason}")
    if not cleared:
        say("nothing rests" if name is None else f"nothing rests behind {name}")


async def _show(options: Options) -> None:
    async with open_planning(config=options.config, ledger=options.ledger) as app:
        now_ms = app.clock.now_ms()
        rows = await tier_rows(app.reader, app.planner.deployments(), now_ms, app.zone)
    if options.json:
        print_json([document(FIELDS, row) for row in rows])
    else:
        print_things(FIELDS, rows, View(now_ms, app.zone))


def _cleared(state: DeploymentState) -> dict[str, object]:
    return {
        "tier": state.deployment.tier.name,
        "deployment": state.deployment.name,
        "health": state.health,
        "until": moment(state.until_ms),
        "reason": state.reason,
    }
