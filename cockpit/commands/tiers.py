"""`cockpit tiers`: every deployment, its health and how it has been doing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from cockpit.format import seconds
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table
from router.core.model import Limits
from router.core.spend import DeploymentStats
from router.core.windows import rolling_hours
from router.engine.health_board import DeploymentState
from router.wiring import reading

STATS_HOURS = 24


@click.command(help="Show every deployment with its tier, health, speed and error rate.")
@common_options
@click.pass_obj
def command(options: Options) -> None:
    """Print the ladder, cheapest tier first."""
    states, stats = asyncio.run(_read(options))
    if options.json:
        print_json([document(state, stats.get(state.deployment.name)) for state in states])
        return
    print_states(states, stats)


def print_states(states: tuple[DeploymentState, ...], stats: Mapping[str, DeploymentStats]) -> None:
    """Write the ladder as a table."""
    rows = [_row(state, stats.get(state.deployment.name)) for state in states]
    print_table(("tier", "deployment", "provider", "billing", "health", "ttft p50", "errors", "why"), rows)


async def _read(options: Options) -> tuple[tuple[DeploymentState, ...], Mapping[str, DeploymentStats]]:
    async with reading(config=options.config, ledger=options.ledger) as world:
        stats = await world.reader.deployment_stats(rolling_hours(world.clock.now_ms(), STATS_HOURS))
        return world.planner.deployments(), stats


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
        "ttft_p50_s": stats.ttft_p50_ms / 1000 if stats and stats.ttft_p50_ms is not None else None,
        "error_rate": _error_rate(stats),
        "limits": _limits(deployment.limits),
        "billing": deployment.billing,
    }


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _error_rate(stats: DeploymentStats | None) -> float | None:
    return round(stats.failures / stats.attempts, 4) if stats and stats.attempts else None


def _limits(limits: Limits) -> dict[str, int | None]:
    return {
        "rpm": limits.rpm,
        "tpm": limits.tpm,
        "rpd": limits.rpd,
        "tpd": limits.tpd,
        "parallel": limits.parallel,
    }


def _row(state: DeploymentState, stats: DeploymentStats | None) -> tuple[str | None, ...]:
    rate = _error_rate(stats)
    return (
        state.deployment.tier.name,
        state.deployment.name,
        state.deployment.provider.name,
        state.deployment.billing,
        state.word,
        seconds(stats.ttft_p50_ms / 1000 if stats and stats.ttft_p50_ms is not None else None),
        None if rate is None else f"{rate:.0%}",
        state.reason,
    )
