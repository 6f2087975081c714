"""`cockpit` alone: opens the screens, or prints the dashboard once where there is no terminal for them."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from cockpit.commands import spend
from cockpit.format import money, seconds, time_of_day, tokens
from cockpit.options import Options
from cockpit.plain import print_json, print_table, say
from cockpit.tables import tiers
from cockpit.tables.field import View, document, print_things
from router.app.planning import open_planning
from router.app.reading import ReadingApp
from router.core.records.entries import Entry
from router.core.records.spend import Dimension
from router.services.spend import billing_alarms, breakdown
from router.services.tiers import tier_rows

CALLS = 10


def show(options: Options) -> int:
    """Open the cockpit, or print its dashboard; return the exit code."""
    if options.json or not _has_screen():
        asyncio.run(_print(options))
        return 0
    _prepare_terminal()
    from cockpit.opening import open_cockpit  # imports Textual, only when a screen opens

    return open_cockpit(options)


def _has_screen() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in {"", "dumb"}


def _prepare_terminal() -> None:
    """Set what Textual reads once, when it is imported."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if "SSH_CONNECTION" in os.environ:
        os.environ.setdefault("TEXTUAL_FPS", "15")
    if os.environ.get("NO_COLOR"):
        os.environ["TEXTUAL_THEME"] = "ansi-dark"


async def _print(options: Options) -> None:
    async with open_planning(config=options.config, ledger=options.ledger) as app:
        now = app.clock.now_ms()
        report = await breakdown(app.reader, now, app.zone, 7, Dimension.DAY)
        ladder = await tier_rows(app.reader, app.planner.deployments(), now, app.zone)
        recent = await app.reader.recent(CALLS)
        alarms = await billing_alarms(app.reader, now)
        for warning in (*app.warnings, *alarms):
            say(warning)
        if options.json:
            print_json(
                {
                    "spend": spend.document(report),
                    "tiers": [document(tiers.FIELDS, row) for row in ladder],
                    "calls": [_document(entry) for entry in recent],
                    "problems": [*app.warnings, *alarms],
                }
            )
            return
        click.echo("Spend, last 7 days")
        spend.print_report(report, "day")
        click.echo("\nTiers")
        print_things(tiers.FIELDS, ladder, View(now, app.zone))
        click.echo("\nCalls, newest first")
        _print_calls(app, recent)


def _print_calls(app: ReadingApp, recent: list[Entry]) -> None:
    head = ("time", "tier", "deployment", "in", "out", "ttft", "cost", "result")
    rows = []
    for entry in recent:
        settled = entry.settlement
        rows.append(
            (
                time_of_day(entry.intent.started_at, app.zone),
                entry.intent.tier,
                entry.intent.deployment,
                tokens(settled.usage.input_tokens) if settled else None,
                tokens(settled.usage.output_tokens) if settled else None,
                seconds(settled.ttft_ms / 1000 if settled and settled.ttft_ms is not None else None),
                money(settled.cost_nano_usd) if settled else None,
                entry.status
                if entry.status == "ok" or not settled
                else f"{entry.status} {settled.failure_class}",
            )
        )
    print_table(head, rows, right=("in", "out", "ttft", "cost"))


def _document(entry: Entry) -> dict[str, object]:
    return {
        "request_id": entry.intent.request_id,
        "attempt": entry.intent.attempt,
        "tier": entry.intent.tier,
        "deployment": entry.intent.deployment,
        "status": entry.status,
    }
