"""`cockpit tiers`: every deployment, its health and how it has been doing; clearing what rests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import click

from cockpit.format import seconds
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.core.records.spend import DeploymentStats
from router.core.settings.deployments import Limits
from router.core.windows import rolling_hours
from router.engine.health_board import DeploymentState
from router.wiring.planning import planning
from router.wiring.rests import clear_rests

STATS_HOURS = 24
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
        say(f"cleared {state.deployment.name}, which was {state.word}: {state.reason}")
    if not cleared:
        say("nothing rests" if name is None else f"nothing rests behind {name}")


async def _show(options: Options) -> None:
    async with planning(config=options.config, ledger=options.ledger) as world:
        stats = await world.reader.deployment_stats(rolling_hours(world.clock.now_ms(), STATS_HOURS))
        states = world.planner.deployments()
    if options.json:
        print_json([document(state, stats.get(state.deployment.name)) for state in states])
    else:
        print_states(states, stats, world.zone)


def print_states(
    states: tuple[DeploymentState, ...], stats: Mapping[str, DeploymentStats], zone: tzinfo = UTC
) -> None:
    """Write the ladder as a table; moments are in `zone`."""
    rows = [_row(state, stats.get(state.deployment.name), zone) for state in states]
    print_table(HEAD, rows)


def document(state: DeploymentState, stats: DeploymentStats | None) -> dict[str, object]:
    """Return one element of `tiers --json`; speed and errors are of the last 24 hours, null without calls."""
    deployment = state.deployment
    return {
        "tier": deployment.tier.name,
        "deployment": deployment.name,
        "provider": deployment.provider.name,
        "model": deployment.model,
        "health": state.health,
        "until": _moment(state.until_ms),
        "reason": state.reason,
        "dropped": deployment.dropped,
        "ttft_p50_s": stats.ttft_p50_ms / 1000 if stats and stats.ttft_p50_ms is not None else None,
        "error_rate": _error_rate(stats),
        "limits": _limits(deployment.limits),
        "billing": deployment.billing,
    }


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _error_rate(stats: DeploymentStats | None) -> float | None:
    return round(stats.failures / stats.calls, 4) if stats and stats.calls else None


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


def _row(state: DeploymentState, stats: DeploymentStats | None, zone: tzinfo) -> tuple[str | None, ...]:
    rate = _error_rate(stats)
    return (
        state.deployment.tier.name,
        state.deployment.name,
        state.deployment.provider.name,
        state.deployment.billing,
        state.word,
        None
        if state.until_ms is None
        else f"{datetime.fromtimestamp(state.until_ms / 1000, zone):%m-%d %H:%M:%S}",
        seconds(stats.ttft_p50_ms / 1000 if stats and stats.ttft_p50_ms is not None else None),
        None if rate is None else f"{rate:.0%}",
        state.reason,
    )
