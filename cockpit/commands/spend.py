"""`cockpit spend`: what was spent, over local calendar days, with what is unknown counted apart."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import click

from cockpit.format import money, tokens
from cockpit.format import spend as total_money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table
from router.core.money import usd
from router.core.spend import Dimension, Spend, SpendGroup, Window
from router.core.usage import Usage
from router.core.windows import calendar_days, local_date, span
from router.engine.ports import SpendReader
from router.wiring import reading


@dataclass(frozen=True, slots=True)
class Report:
    """A period, its sum, the period before it, and a breakdown."""

    window: Window
    zone: tzinfo
    total: Spend
    previous: Spend
    groups: tuple[SpendGroup, ...]


@click.command(help="Show what was spent over the last days, today included.")
@click.option("--days", type=click.IntRange(min=1, max=3660), default=7, show_default=True)
@click.option(
    "--by", type=click.Choice([dimension.value for dimension in Dimension]), default="day", show_default=True
)
@common_options
@click.pass_obj
def command(options: Options, days: int, by: str) -> None:
    """Read the ledger and print the report."""
    report = asyncio.run(_read(options, days, Dimension(by)))
    if options.json:
        print_json(document(report))
    else:
        print_report(report, by)


async def _read(options: Options, days: int, by: Dimension) -> Report:
    async with reading(config=options.config, ledger=options.ledger) as world:
        return await report(world.reader, world.clock.now_ms(), world.zone, days, by)


async def report(reader: SpendReader, now_ms: int, zone: tzinfo, days: int, by: Dimension) -> Report:
    """Return the report over `days` local calendar days up to and with today."""
    windows = calendar_days(now_ms, zone, days)
    whole, before = span(windows), span(calendar_days(now_ms, zone, days, back=days))
    total, previous = await reader.totals([whole, before])
    if by is Dimension.DAY:
        sums = await reader.totals(windows)
        groups = tuple(
            SpendGroup(local_date(window.start, zone).isoformat(), spend)
            for window, spend in zip(windows, sums, strict=True)
        )
    else:
        groups = tuple(await reader.groups(whole, by))
    return Report(whole, zone, total, previous, groups)


def document(report: Report) -> dict[str, object]:
    """Return the JSON of `spend --json`: amounts as decimal strings in dollars; `to` is exclusive."""
    return {
        "from": _moment(report.window.start, report.zone),
        "to": _moment(report.window.end, report.zone),
        "total_usd": usd(report.total.cost_nano_usd),
        "unknown_cost_attempts": report.total.unknown_cost_attempts,
        "requests": report.total.requests,
        "attempts": report.total.attempts,
        "usage": _usage(report.total.usage),
        "groups": [
            {
                "key": group.key,
                "cost_usd": usd(group.spend.cost_nano_usd),
                "unknown_cost_attempts": group.spend.unknown_cost_attempts,
                "requests": group.spend.requests,
                "usage": _usage(group.spend.usage),
                "per_1k_requests_usd": usd(_per_1k(group.spend)),
            }
            for group in report.groups
        ],
        "previous_total_usd": usd(report.previous.cost_nano_usd),
        "saved_usd": None,
    }


def _moment(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).isoformat()


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input_tokens or 0,
        "cache_read_tokens": usage.cache_read_tokens or 0,
        "cache_write_tokens": usage.cache_write_tokens or 0,
        "output_tokens": usage.output_tokens or 0,
        "reasoning_tokens": usage.reasoning_tokens or 0,
    }


def _per_1k(spend: Spend) -> int | None:
    """Return the cost of a thousand requests; None when some of it is unknown or there were none."""
    if spend.requests == 0 or spend.unknown_cost_attempts:
        return None
    return spend.cost_nano_usd * 1000 // spend.requests


def print_report(report: Report, by: str) -> None:
    """Write the breakdown, its sum and the sum of the period before."""
    rows = [
        (
            group.key or "(none)",
            total_money(group.spend),
            group.spend.requests,
            tokens(group.spend.usage.input_tokens or 0),
            tokens(group.spend.usage.output_tokens or 0),
            money(_per_1k(group.spend)),
        )
        for group in report.groups
    ]
    rows.append(
        (
            "total",
            total_money(report.total),
            report.total.requests,
            tokens(report.total.usage.input_tokens or 0),
            tokens(report.total.usage.output_tokens or 0),
            money(_per_1k(report.total)),
        )
    )
    columns = (by, "cost", "requests", "in", "out", "per 1k requests")
    print_table(columns, rows, right=columns[1:])
    first = datetime.fromtimestamp(report.window.start / 1000, report.zone)
    click.echo(
        f"\nlocal days from {first:%Y-%m-%d} in {first.tzname()}; before that {total_money(report.previous)}"
    )
