"""`cockpit export`: a table of the cockpit as CSV, JSON or Markdown, on standard output."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click

from cockpit.options import Options, common_options
from cockpit.plain import Cell, markdown_table, print_json
from cockpit.tables import advice, alerts, budgets, limits, prices, stress, tanks, tiers
from cockpit.tables.field import Field, flat, heads
from router.app.planning import open_planning
from router.app.reading import ReadingApp
from router.core.money import usd
from router.core.records.entries import Entry
from router.core.records.spend import Dimension, Spend
from router.core.reports.trends import per_1k_requests
from router.core.windows import calendar_days, span
from router.services.daily_quotas import read_daily_quotas
from router.services.spend import breakdown
from router.services.tiers import tier_rows

Row = dict[str, Cell]
T = TypeVar("T")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would obey a text that begins so; a tag or a model's name may be anybody's."""

TABLES = (*("spend", "calls", "tiers", "budgets", "prices", "limits", "tanks", "stress", "alerts", "advice"),)


@click.command(help="Write a table as CSV, JSON or Markdown to standard output.")
@click.option("--table", type=click.Choice(TABLES), default="spend", show_default=True)
@click.option("--format", "form", type=click.Choice(["csv", "json", "md"]), default="csv", show_default=True)
@click.option("--days", type=click.IntRange(min=1, max=3660), default=7, show_default=True)
@click.option(
    "--by",
    type=click.Choice([dimension.value for dimension in Dimension]),
    default="day",
    show_default=True,
    help="What --table spend is broken down by.",
)
@common_options
@click.pass_obj
def command(options: Options, table: str, form: str, days: int, by: str) -> None:
    """Read the table and write it."""
    head, rows = asyncio.run(_read(options, table, days, Dimension(by)))
    if form == "json" or options.json:
        print_json(rows)
    elif form == "csv":
        click.echo(as_csv(head, rows), nl=False)
    else:
        click.echo(markdown_table(head, [tuple(row.values()) for row in rows]))


async def _read(options: Options, table: str, days: int, by: Dimension) -> tuple[Sequence[str], list[Row]]:
    async with open_planning(config=options.config, ledger=options.ledger) as app:
        match table:
            case "spend":
                found = await breakdown(app.reader, app.clock.now_ms(), app.zone, days, by)
                return _heads(_spend_row(by, "", Spend())), [
                    _spend_row(by, line.key, line.spend) for line in found.groups
                ]
            case "calls":
                return CALL_COLUMNS, await _calls(app, days)
            case "tiers":
                states, now_ms = app.planner.deployments(), app.clock.now_ms()
                return _flat(tiers.FIELDS, await tier_rows(app.reader, states, now_ms, app.zone))
            case _:
                return await _of_its_own(app, table, days)


async def _of_its_own(app: ReadingApp, table: str, days: int) -> tuple[Sequence[str], list[Row]]:
    """Return a table that is read as it is shown."""
    match table:
        case "budgets":
            return _flat(budgets.FIELDS, await budgets.read(app))
        case "prices":
            return _flat(prices.FIELDS, prices.read(app))
        case "limits":
            return _flat(limits.FIELDS, await limits.read(app))
        case "stress":
            return _flat(stress.FIELDS, await stress.read(app, days))
        case "tanks":
            return _flat(tanks.FIELDS, await read_daily_quotas(app.config, app.reader, app.clock.now_ms()))
        case "alerts":
            return _flat(alerts.FIELDS, await alerts.read(app, days))
        case _:
            return _flat(advice.FIELDS, await advice.read(app, days))


def _flat(fields: Sequence[Field[T]], things: Sequence[T]) -> tuple[Sequence[str], list[Row]]:
    return heads(fields), [flat(fields, thing) for thing in things]


def as_csv(head: Sequence[str], rows: Sequence[Row]) -> str:
    """Return RFC 4180 lines; an unknown value is an empty field, a text that is a formula gets a quote."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([[_harmless(cell) for cell in row.values()] for row in rows])
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _heads(row: Row) -> Sequence[str]:
    return tuple(row)


def _spend_row(by: Dimension, key: str | None, sums: Spend) -> Row:
    usage = sums.usage
    return {
        by.value: key,
        "cost_usd": usd(sums.cost_nano_usd),
        "unknown_cost_attempts": sums.unknown_cost_attempts,
        "requests": sums.requests,
        "attempts": sums.attempts,
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "per_1k_requests_usd": usd(per_1k_requests(sums)),
    }


_INTENT = (
    *("request_id", "attempt", "session_id", "source", "task", "level", "language", "route", "tier"),
    *("deployment", "provider", "model_requested", "billing"),
)
_SETTLED = ("status", "failure_class", "http_status", "model_served", "service_tier", "finish_reason")
_COUNTS = (
    *("input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    *("output_tokens", "reasoning_tokens"),
)
CALL_COLUMNS = (
    *("started_at", *_INTENT, "tags", *_SETTLED, *_COUNTS),
    *("cost_usd", "cost_source", "list_cost_usd", "estimate_usd", "ttft_ms", "duration_ms"),
)


async def _calls(app: ReadingApp, days: int) -> list[Row]:
    if app.reports is None:
        return []
    window = span(calendar_days(app.clock.now_ms(), app.zone, days))
    return [_call_row(entry) for entry in await app.reports.entries(window)]


def _call_row(entry: Entry) -> Row:
    intent, settled = entry.intent, entry.settlement
    cells: Row = {
        "started_at": datetime.fromtimestamp(intent.started_at / 1000, UTC).isoformat(
            timespec="milliseconds"
        ),
        **{name: getattr(intent, name) for name in _INTENT},
        "tags": " ".join(f"{key}={value}" for key, value in intent.tags),
        **{name: getattr(settled, name, None) for name in _SETTLED},
        **{name: getattr(settled.usage, name) if settled else None for name in _COUNTS},
        "cost_usd": usd(settled.cost_nano_usd) if settled else None,
        "cost_source": settled.cost_source.value if settled else None,
        "list_cost_usd": usd(settled.list_cost_nano_usd) if settled else None,
        "estimate_usd": usd(intent.estimate_nano_usd),
        "ttft_ms": settled.ttft_ms if settled else None,
        "duration_ms": settled.duration_ms if settled else None,
    }
    return {**cells, "status": entry.status.value}
