"""`cockpit spend`: what was spent, over local calendar days, with what is unknown counted apart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

import click

from cockpit.format import change, in_currency, money, percent, rate_note, tokens
from cockpit.format import spend as total_money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.reading import open_reading
from router.core.cost.reconcile import LOOK_BACK_MS, mismatches
from router.core.money import usd
from router.core.records.history import ListValue
from router.core.records.spend import Dimension, Spend, SpendGroup, Window
from router.core.records.usage import Usage
from router.core.reports.lots import divisions
from router.core.reports.trends import (
    USUAL_OF,
    Anomaly,
    DaySpend,
    anomalies,
    cache_hit_rate,
    month_end,
    per_1k_requests,
)
from router.core.reports.whatif import Saved, baseline_of, saved
from router.core.settings.deployments import Deployment
from router.core.settings.display import Display
from router.core.windows import calendar_days, calendar_month, local_date, span
from router.engine.ports import ReportReader, SpendReader

NOTHING_SAVED = Saved(None, 0)
NOTHING_SUBSCRIBED = ListValue()
DOLLARS = Display()


@dataclass(frozen=True, slots=True)
class Report:
    """A period, its sum, the period before it, and a breakdown."""

    window: Window
    zone: tzinfo
    total: Spend
    previous: Spend
    groups: tuple[SpendGroup, ...]
    earlier: Mapping[str | None, Spend] = field(default_factory=dict[str | None, Spend])
    """The same breakdown of the period before, by key; empty by day, where no key comes back."""
    baseline: Deployment | None = None
    """What savings are measured against; None when nothing was asked or no price is known."""
    saved: Saved = NOTHING_SAVED
    subscribed: ListValue = NOTHING_SUBSCRIBED
    """What the calls of subscriptions were worth; no part of the total."""
    display: Display = DOLLARS
    month: Spend | None = None
    """This calendar month so far; None where nobody asked."""
    month_end_nano: int | None = None
    """What it comes to if the rest goes like the last seven whole days; None in a ledger's first week."""
    strange: tuple[Anomaly, ...] = ()
    """The days of the period that cost far more than their weekday usually does, oldest first."""
    alarms: tuple[str, ...] = ()
    """What makes the figures doubtful, a line each."""


@click.command(help="Show what was spent over the last days, today included.")
@click.option("--days", type=click.IntRange(min=1, max=3660), default=7, show_default=True)
@click.option(
    "--by", type=click.Choice([dimension.value for dimension in Dimension]), default="day", show_default=True
)
@click.option(
    "--baseline",
    metavar="TIER",
    help="Measure savings against this tier's list price; default the dearest with a known one.",
)
@common_options
@click.pass_obj
def command(options: Options, days: int, by: str, baseline: str | None) -> None:
    """Read the ledger and print the report."""
    report = asyncio.run(_read(options, days, Dimension(by), baseline))
    if options.json:
        print_json(document(report))
    else:
        print_report(report, by)
    for alarm in report.alarms:
        say(alarm)


async def _read(options: Options, days: int, by: Dimension, tier: str | None) -> Report:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        baseline = baseline_of(app.config, tier)
        if tier is not None and baseline is None:
            raise click.UsageError(f"no deployment on a tier called {tier!r} has a known price")
        found = await report(app.reader, app.clock.now_ms(), app.zone, days, by)
        savings = await savings_in(app.reports, found.window, baseline)
        month, month_end_nano = await month_so_far(app.reader, app.clock.now_ms(), app.zone)
        strange = await strange_days(app.reader, app.clock.now_ms(), app.zone, days)
        alarms = await billing_alarms(app.reader, app.clock.now_ms()) + _strange_words(strange)
        worth = await app.reports.subscribed(found.window) if app.reports else NOTHING_SUBSCRIBED
        found = replace(found, baseline=baseline, saved=savings, subscribed=worth, alarms=alarms)
        display = app.config.display
        return replace(found, display=display, strange=strange, month=month, month_end_nano=month_end_nano)


async def month_so_far(reader: SpendReader, now_ms: int, zone: tzinfo) -> tuple[Spend, int | None]:
    """Return what this month has cost, and what it will come to in nano-dollars."""
    month = calendar_month(now_ms, zone)
    (so_far,) = await reader.totals([month])
    return so_far, month_end(so_far.cost_nano_usd, await _days(reader, now_ms, zone, 15), now_ms, month.end)


async def strange_days(reader: SpendReader, now_ms: int, zone: tzinfo, days: int) -> tuple[Anomaly, ...]:
    """Return which of the last `days` local days, today included, cost far more than their weekday does."""
    return anomalies(await _days(reader, now_ms, zone, days + 7 * USUAL_OF), days)


async def _days(reader: SpendReader, now_ms: int, zone: tzinfo, count: int) -> list[DaySpend]:
    windows = calendar_days(now_ms, zone, count)
    return [
        DaySpend(local_date(window.start, zone), window, spend)
        for window, spend in zip(windows, await reader.totals(windows), strict=True)
    ]


def anomaly_words(odd: Anomaly) -> str:
    """Return what a day out of the ordinary cost, and its weekday's usual."""
    return f"{odd.day} cost {money(odd.cost_nano)}, far above {money(odd.usual_nano)}, its weekday's usual"


def anomaly_document(odd: Anomaly) -> dict[str, object]:
    """Return the JSON of a day out of the ordinary; amounts as decimal strings in dollars."""
    return {"day": str(odd.day), "cost_usd": usd(odd.cost_nano), "usual_usd": usd(odd.usual_nano)}


def _strange_words(strange: tuple[Anomaly, ...]) -> tuple[str, ...]:
    if not strange:
        return ()
    more = f"; {len(strange) - 1:,} more such before it" if len(strange) > 1 else ""
    return (f"{anomaly_words(strange[-1])}{more}",)


async def billing_alarms(reader: SpendReader, now_ms: int) -> tuple[str, ...]:
    """Return a line for each deployment whose bills are not what its price says."""
    off = mismatches(await reader.billed(now_ms - LOOK_BACK_MS))
    return tuple(mismatch.words for mismatch in off)


async def savings_in(reports: ReportReader | None, window: Window, baseline: Deployment | None) -> Saved:
    """Return what was saved in a window against a baseline; nothing where there is no ledger yet."""
    if reports is None:
        return saved([], baseline)
    return saved(await reports.lots(window, divisions([baseline.price if baseline else None])), baseline)


async def report(reader: SpendReader, now_ms: int, zone: tzinfo, days: int, by: Dimension) -> Report:
    """Return the report over `days` local calendar days up to and with today."""
    windows = calendar_days(now_ms, zone, days)
    whole, before = span(windows), span(calendar_days(now_ms, zone, days, back=days))
    total, previous = await reader.totals([whole, before])
    earlier: dict[str | None, Spend] = {}
    if by is Dimension.DAY:
        sums = await reader.totals(windows)
        groups = tuple(
            SpendGroup(local_date(window.start, zone).isoformat(), spend)
            for window, spend in zip(windows, sums, strict=True)
        )
    else:
        groups = tuple(await reader.groups(whole, by))
        earlier = {line.key: line.spend for line in await reader.groups(before, by)}
    return Report(whole, zone, total, previous, groups, earlier)


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
        "groups": [_group(group, report.earlier.get(group.key)) for group in report.groups],
        "subscription_attempts": report.subscribed.attempts,
        "subscription_list_usd": usd(report.subscribed.nano) if report.subscribed.attempts else None,
        "subscription_unpriced_attempts": report.subscribed.unpriced,
        "previous_total_usd": usd(report.previous.cost_nano_usd),
        "anomalies": [anomaly_document(odd) for odd in report.strange],
        "month_usd": usd(report.month.cost_nano_usd) if report.month else None,
        "month_end_usd": usd(report.month_end_nano),
        "saved_usd": usd(report.saved.nano),
        "saved_unpriced_attempts": report.saved.left_out,
        "baseline": report.baseline.name if report.baseline else None,
    }


def _group(group: SpendGroup, before: Spend | None) -> dict[str, object]:
    return {
        "key": group.key,
        "cost_usd": usd(group.spend.cost_nano_usd),
        "unknown_cost_attempts": group.spend.unknown_cost_attempts,
        "requests": group.spend.requests,
        "usage": _usage(group.spend.usage),
        "per_1k_requests_usd": usd(per_1k_requests(group.spend)),
        "previous_per_1k_requests_usd": usd(per_1k_requests(before)) if before else None,
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


def print_report(report: Report, by: str) -> None:
    """Write the breakdown, its sum, the period before, what was saved; a currency beside the dollars."""
    foreign = report.display.currency != "USD"
    columns = (by, "cost", *([report.display.currency] if foreign else []))
    columns += ("requests", "in", "out", "cached", "per 1k requests", "trend")
    lines = [(group, report.earlier.get(group.key)) for group in report.groups]
    lines.append((SpendGroup("total", report.total), report.previous))
    rows = [(*_row(line, report.display, foreign), _trend(line.spend, before)) for line, before in lines]
    print_table(columns, rows, right=columns[1:])
    first = datetime.fromtimestamp(report.window.start / 1000, report.zone)
    click.echo(
        f"\nlocal days from {first:%Y-%m-%d} in {first.tzname()}; before that {total_money(report.previous)}"
    )
    ends = f"; at last week's pace {money(report.month_end_nano)} in all" if report.month_end_nano else ""
    if report.month is not None:
        click.echo(f"this month so far {total_money(report.month)}{ends}")
    if report.baseline is not None and report.saved.nano is not None:
        left_out = f"; {report.saved.left_out:,} attempts left out" if report.saved.left_out else ""
        against = f"all of it on {report.baseline.name} at list price"
        click.echo(f"saved {money(report.saved.nano)} against {against}{left_out}")
    if report.subscribed.attempts:
        worth = report.subscribed
        unpriced = f" + {worth.unpriced:,} of unknown price" if worth.unpriced else ""
        click.echo(f"subscriptions: {worth.attempts:,} attempts, {money(worth.nano)}{unpriced} at list price")
    if foreign:
        click.echo(rate_note(report.display))


def _row(line: SpendGroup, display: Display, foreign: bool) -> tuple[str | int, ...]:
    converted = (in_currency(line.spend.cost_nano_usd, display),) if foreign else ()
    return (
        line.key or "(none)",
        total_money(line.spend),
        *converted,
        f"{line.spend.requests:,}",
        tokens(line.spend.usage.input_tokens or 0),
        tokens(line.spend.usage.output_tokens or 0),
        percent(cache_hit_rate(line.spend.usage)),
        money(per_1k_requests(line.spend)),
    )


def _trend(now: Spend, before: Spend | None) -> str:
    """Return how the cost of a thousand requests moved; empty where either is not known."""
    unit, earlier = per_1k_requests(now), per_1k_requests(before) if before else None
    return "" if unit is None or earlier is None else change(unit, earlier)
