"""`cockpit tiers`: every deployment, its health and how it has been doing; clearing what rests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import click

from cockpit.format import seconds
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.core.settings.deployments import Limits
from router.engine.health_board import DeploymentState
from router.services.tiers import TierRow, tier_rows
from router.wiring.planning import planning
from router.wiring.rests import clear_rests

HEAD = ("tier", "deployment", "provider", "billing", "health", "until", "ttft p50", "errors", "why")


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
    cleared = asyncio.run(clear_rests(config=options.config, ledger=options.ledger, name=name))
    if options.json:
        print_json([_cleared(state) for state in cleared])
    for state in cleared:
        say(f"cleared {state.deployment.name}, which was {TierRow(state).standing}: {state.reason}")
    if not cleared:
        say("nothing rests" if name is None else f"nothing rests behind {name}")


async def _show(options: Options) -> None:
    async with planning(config=options.config, ledger=options.ledger) as world:
        rows = await tier_rows(world.reader, world.planner.deployments(), world.clock.now_ms())
    if options.json:
        print_json([document(row) for row in rows])
    else:
        print_rows(rows, world.zone)


def print_rows(rows: Sequence[TierRow], zone: tzinfo = UTC) -> None:
    """Write the ladder as a table; moments are in `zone`."""
    print_table(HEAD, [_row(row, zone) for row in rows])


def document(row: TierRow) -> dict[str, object]:
    """Return one element of `tiers --json`; speed and errors are of the last 24 hours, null without calls."""
    deployment, stats, rate = row.deployment, row.stats, row.error_rate
    return {
        "tier": deployment.tier.name,
        "deployment": deployment.name,
        "provider": deployment.provider.name,
        "model": deployment.model,
        "health": row.state.health,
        "standing": row.standing,
        "until": _moment(row.state.until_ms),
        "reason": row.reason,
        "dropped": deployment.dropped,
        "ttft_p50_s": None if stats.ttft_p50_ms is None else stats.ttft_p50_ms / 1000,
        "error_rate": None if rate is None else round(rate, 4),
        "last_calls": list(row.record.last_calls),
        "limits": _limits(deployment.limits),
        "billing": deployment.billing,
    }


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _limits(limits: Limits) -> dict[str, int | None]:
    return {
        "rpm": limits.rpm,
        "tpm": limits.tpm,
        "rpd": limits.rpd,
        "tpd": limits.tpd,
        "parallel": limits.parallel,
    }


def _cleared(state: DeploymentState) -> dict[str, object]:
    return {
        "tier": state.deployment.tier.name,
        "deployment": state.deployment.name,
        "health": state.health,
        "until": _moment(state.until_ms),
        "reason": state.reason,
    }


def _row(row: TierRow, zone: tzinfo) -> tuple[str | None, ...]:
    until_ms, rate, ttft_ms = row.state.until_ms, row.error_rate, row.stats.ttft_p50_ms
    return (
        row.deployment.tier.name,
        row.deployment.name,
        row.deployment.provider.name,
        row.deployment.billing,
        row.standing,
        None if until_ms is None else f"{datetime.fromtimestamp(until_ms / 1000, zone):%m-%d %H:%M:%S}",
        seconds(None if ttft_ms is None else ttft_ms / 1000),
        None if rate is None else f"{rate:.0%}",
        row.reason,
    )
