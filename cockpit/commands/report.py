"""`cockpit report`: the last seven whole days as a page of Markdown, to keep or to send."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from cockpit.commands import advise
from cockpit.commands.spend import anomaly_document, anomaly_words
from cockpit.format import change, in_currency, money, percent, rate_note, tokens
from cockpit.format import spend as total_money
from cockpit.options import Options, common_options
from cockpit.plain import markdown_table, print_json
from router.app.reading import open_reading
from router.core.money import usd
from router.core.records.spend import Spend, SpendGroup
from router.core.reports.trends import (
    cache_hit_rate,
    per_1k_requests,
)
from router.services.week import Week, week_report


@click.command(help="Write a weekly report as Markdown: the last seven whole days.")
@click.option("--week", is_flag=True, expose_value=False, help="The last seven whole days: the only kind.")
@common_options
@click.pass_obj
def command(options: Options) -> None:
    """Print the report."""
    found = asyncio.run(_read(options))
    if options.json:
        print_json(document(found))
    else:
        click.echo(markdown(found))


async def _read(options: Options) -> Week:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        return await week_report(app.reader, app.reports, app.clock.now_ms(), app.zone, app.config)


def markdown(week: Week) -> str:
    """Return the report as a page."""
    days = [SpendGroup(str(day.day), day.spend) for day in week.days]
    parts = [
        f"# LLM spend, {week.days[0].day} to {week.days[-1].day}",
        _list(_summary(week)),
        f"## By day\n\n{_table('day', days)}",
        f"## By tier\n\n{_table('tier', week.tiers)}",
        f"## By task\n\n{_task_table(week)}",
    ]
    if week.advice:
        told = [f"{money(advice.saving_nano)}: {advise.words(advice)}" for advice in week.advice]
        parts.append(f"## What could be had for less\n\n{_list(told)}")
    return "\n\n".join(parts)


def _summary(week: Week) -> list[str]:
    total, foreign = total_money(week.total), ""
    if week.display.currency != "USD":
        foreign = f" ({in_currency(week.total.cost_nano_usd, week.display)}; {rate_note(week.display)})"
    moved = change(week.total.cost_nano_usd, week.previous.cost_nano_usd)
    told = [
        f"Spent **{total}**{foreign}; the week before {total_money(week.previous)}{moved and f' ({moved})'}.",
        f"{week.total.requests:,} requests in {week.total.attempts:,} attempts; "
        f"{percent(cache_hit_rate(week.total.usage))} of the input came from a cache.",
        f"This month so far {money(week.month_nano)}"
        + (f"; at last week's pace {money(week.month_end_nano)} in all." if week.month_end_nano else "."),
    ]
    if week.saved.nano is not None and week.baseline:
        left_out = f"; {week.saved.left_out:,} attempts left out" if week.saved.left_out else ""
        told.append(
            f"Saved {money(week.saved.nano)} against all of it on {week.baseline} at list price{left_out}."
        )
    told += [f"{anomaly_words(odd)}." for odd in week.strange]
    return told


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(by: str, lines: Sequence[SpendGroup]) -> str:
    columns = (by, "cost", "requests", "in", "out", "cached")
    rows = [
        (
            line.key or "(none)",
            total_money(line.spend),
            f"{line.spend.requests:,}",
            tokens(line.spend.usage.input_tokens or 0),
            tokens(line.spend.usage.output_tokens or 0),
            percent(cache_hit_rate(line.spend.usage)),
        )
        for line in lines
    ]
    return markdown_table(columns, rows, right=columns[1:])


def _task_table(week: Week) -> str:
    columns = ("task", "cost", "requests", "per 1k requests", "the week before")
    rows = [
        (
            now.key or "(none)",
            total_money(now.spend),
            f"{now.spend.requests:,}",
            money(per_1k_requests(now.spend)),
            money(per_1k_requests(before.spend)) if before else None,
        )
        for now, before in week.tasks
    ]
    return markdown_table(columns, rows, right=columns[1:])


def document(week: Week) -> dict[str, object]:
    """Return the JSON of `report --json`; amounts as decimal strings in dollars."""
    return {
        "from": str(week.days[0].day),
        "to": str(week.days[-1].day),
        **_sums(week.total),
        "previous_total_usd": usd(week.previous.cost_nano_usd),
        "month_usd": usd(week.month_nano),
        "month_end_usd": usd(week.month_end_nano),
        "baseline": week.baseline,
        "saved_usd": usd(week.saved.nano),
        "saved_unpriced_attempts": week.saved.left_out,
        "days": [{"day": str(day.day), **_sums(day.spend)} for day in week.days],
        "tiers": [{"tier": line.key, **_sums(line.spend)} for line in week.tiers],
        "tasks": [
            {
                "task": now.key,
                **_sums(now.spend),
                "per_1k_requests_usd": usd(per_1k_requests(now.spend)),
                "previous_per_1k_requests_usd": usd(per_1k_requests(before.spend)) if before else None,
            }
            for now, before in week.tasks
        ],
        "anomalies": [anomaly_document(odd) for odd in week.strange],
        "advice": [advise.document(advice) for advice in week.advice],
    }


def _sums(spend: Spend) -> dict[str, object]:
    rate = cache_hit_rate(spend.usage)
    return {
        "cost_usd": usd(spend.cost_nano_usd),
        "unknown_cost_attempts": spend.unknown_cost_attempts,
        "requests": spend.requests,
        "cache_hit_rate": None if rate is None else round(float(rate), 4),
    }
