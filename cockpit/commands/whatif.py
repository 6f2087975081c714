"""`cockpit whatif`: what the same work would have cost under another policy, task by task."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from cockpit.format import money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table
from router.app.reading import open_reading
from router.config.task_map import read_task_map
from router.core.money import usd
from router.core.reports.whatif import (
    Line,
    PolicyComparison,
    Reprice,
    all_on,
    by_task,
    target_of,
    with_batch,
)
from router.core.routing.resolve import nearest_names
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.windows import calendar_days, span
from router.errors import UnknownName
from router.services.whatif import comparison

POLICIES = "all-on=NAME, with-caching, with-batch or task-map=FILE"

NOTES = {
    "with-caching": "at best: a prefix is at most as long as the shortest input that began with it",
    "with-batch": "where a provider has a batch price; an answer may then take a day",
}


@dataclass(frozen=True, slots=True)
class PolicyType:
    """A policy as it was asked for, with every name in it resolved."""

    kind: str
    target: Deployment | None = None
    targets: Mapping[str, Deployment] | None = None

    @classmethod
    def parse(cls, text: str, config: RouterConfig) -> PolicyType:
        """Read `--policy`. Raises UsageError for another shape, UnknownName, ConfigError for the file."""
        kind, _, value = text.partition("=")
        if kind == "all-on" and value:
            return cls(kind, target=_target(config, value))
        if kind == "task-map" and value:
            names = read_task_map(Path(value))
            return cls(kind, targets={task: _target(config, name) for task, name in names.items()})
        if text in {"with-caching", "with-batch"}:
            return cls(kind)
        raise click.UsageError(f"no policy is spelled {text!r}; it is {POLICIES}")

    def reprice(self, config: RouterConfig) -> Reprice:
        """Return what a lot costs under it; caching is not a matter of one lot alone."""
        if self.target is not None:
            return all_on(self.target)
        return with_batch(config) if self.targets is None else by_task(self.targets)


def _target(config: RouterConfig, name: str) -> Deployment:
    found = target_of(config, name)
    if found is None:
        raise UnknownName(name, nearest_names(config, name))
    return found


@click.command(help="Show what the same work would have cost under another policy, task by task.")
@click.option("--policy", required=True, metavar="POLICY", help=f"{POLICIES}.")
@click.option("--days", type=click.IntRange(min=1, max=3660), default=30, show_default=True)
@common_options
@click.pass_obj
def command(options: Options, policy: str, days: int) -> None:
    """Print the table; it always adds up."""
    compared = asyncio.run(_read(options, policy, days))
    if options.json:
        print_json(document(policy, days, compared))
    else:
        print_comparison(policy, compared)


async def _read(options: Options, policy: str, days: int) -> PolicyComparison:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        asked = PolicyType.parse(policy, app.config)
        if app.reports is None:
            return PolicyComparison(())
        window = span(calendar_days(app.clock.now_ms(), app.zone, days))
        reprice = None if asked.kind == "with-caching" else asked.reprice(app.config)
        return await comparison(app.reports, window, reprice, app.config)


def document(policy: str, days: int, compared: PolicyComparison) -> dict[str, object]:
    """Return the JSON of `whatif --json`."""
    return {
        "policy": policy,
        "days": days,
        "tasks": [{"task": line.task, **_figures(line)} for line in compared.lines],
        "total": _figures(compared.total),
        "note": NOTES.get(policy),
    }


def _figures(line: Line) -> dict[str, object]:
    return {
        "requests": line.requests,
        "before_usd": usd(line.before_nano),
        "after_usd": usd(line.after_nano),
        "saved_usd": usd(line.saved_nano),
        "left_out_attempts": line.left_out,
    }


def print_comparison(policy: str, compared: PolicyComparison) -> None:
    """Write the table and what it leaves out."""
    columns = ("task", "requests", "before", "after", "saved")
    rows = [_row(line.task or "(none)", line) for line in compared.lines]
    print_table(columns, [*rows, _row("total", compared.total)], right=columns[1:])
    if policy in NOTES:
        click.echo(f"\n{NOTES[policy]}")
    if compared.total.left_out:
        click.echo(f"\n{compared.total.left_out:,} attempts are in neither amount: their cost is unknown")


def _row(name: str, line: Line) -> tuple[str | int, ...]:
    return (
        name,
        f"{line.requests:,}",
        money(line.before_nano),
        money(line.after_nano),
        money(line.saved_nano),
    )
