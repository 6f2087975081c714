"""`cockpit spend`: what was spent, over local calendar days, with what is unknown counted apart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, tzinfo

import click

from cockpit.format import change, in_currency, money, percent, rate_note, tokens
from cockpit.format import spend as total_money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.reading import open_reading
from router.core.money import usd
from router.core.records.spend import Dimension, Spend, SpendGroup
from router.core.records.usage import Usage
from router.core.reports.trends import (
    Anomaly,
    cache_hit_rate,
    per_1k_requests,
)
from router.core.reports.whatif import baseline_of
from router.core.settings.display import Display
from router.services.spend import SpendQuestion, SpendReport, spend_report


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
    for alarm in (*report.alarms, *_strange_words(report.strange)):
        say(alarm)


async def _read(options: Options, days: int, by: Dimension, tier: str | None) -> SpendReport:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        baseline = baseline_of(app.config, tier)
        if tier is not None and baseline is None:
            raise click.UsageError(f"no deployment on a tier called {tier!r} has a known price")
        asked = SpendQuestion(days, by, baseline, app.config.display)
        return await spend_report(app.reader, app.reports, app.clock.now_ms(), app.zone, asked)


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


def document(report: SpendReport) -> dict[str, object]:
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


def print_report(report: SpendReport, by: str) -> None:
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
