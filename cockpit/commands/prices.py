"""`cockpit prices`: list the catalogue, check configured prices against it; `update` installs another one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import click

from cockpit.commands.prices_update import in_use, update
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.configuration import load_config
from router.core.cost.price_guard import CONFIRM, PriceVerdict, Sanity, check_price, judged
from router.core.settings.deployments import Deployment
from router.core.usage.counts import as_mapping
from router.core.usage.transcript import parse_json
from router.engine.clock import SystemClock
from router.prices.catalogue import ModelPrices

ODD = (Sanity.FLAG, Sanity.REJECT)
SHOWN = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok", "valid_from", "valid_to")


@click.group(help="The price catalogue: list it, check prices against it.")
@common_options
def command() -> None:
    """Group the three."""


@command.command("list", help="List the catalogue's prices, in dollars per million tokens.")
@click.argument("vendor", required=False)
@common_options
@click.pass_context
def list_prices(ctx: click.Context, vendor: str | None) -> None:
    """Print every price, past ones included."""
    prices = in_use()
    records = [record for record in prices if vendor in {None, record.vendor}]
    if not records:
        raise click.UsageError(f"the catalogue has no vendor {vendor!r}")
    if ctx.ensure_object(Options).json:
        print_json([row for record in records for row in rows(record)])
        return
    table = [
        (
            record.vendor,
            record.model,
            *(_cell(price.written, key) for key in SHOWN),
            record.checked,
            record.source,
        )
        for record in records
        for price in record.prices
    ]
    print_table(("vendor", "model", *SHOWN, "checked", "source"), table, right=SHOWN[:4])
    say(f"catalogue {prices.version}; * has more: tiers, batch, service tiers, hours; --json shows all")


def rows(record: ModelPrices) -> list[dict[str, object]]:
    """Return a JSON object for each price a model had, oldest first."""
    return [
        {
            "vendor": record.vendor,
            "model": record.model,
            "aliases": list(record.aliases),
            "price": dict(price.written),
            "source": record.source,
            "checked": record.checked,
            "version": price.version,
        }
        for price in record.prices
    ]


def _cell(written: Mapping[str, object], key: str) -> str | None:
    more = any(isinstance(value, dict | list) for value in written.values())
    star = "*" if more and key == "input_mtok" else ""
    return f"{written[key]}{star}" if key in written else None


@command.command("check", help="Check configured prices against the catalogue: a lost or an extra zero.")
@click.option(
    "--jsonl", is_flag=True, help="Read `{id, model, config_price, reference_price}` lines instead."
)
@common_options
@click.pass_context
def check(ctx: click.Context, jsonl: bool) -> None:
    """Judge the configuration's own prices, or each line of standard input."""
    options = ctx.ensure_object(Options)
    if jsonl:
        ctx.exit(_each_line(click.open_file("-", encoding="utf-8-sig", errors="replace")))
    deployments = load_config(options.config).deployments.values()
    verdicts = check_deployments(deployments)
    if options.json:
        print_json([_verdict(name, verdict) for name, verdict in verdicts.items()])
    elif verdicts:
        found = [(name, verdict.sanity.value, verdict.why) for name, verdict in verdicts.items()]
        print_table(("deployment", "verdict", "why"), found)
    else:
        say("no deployment has a price of its own: the catalogue's are used")
    ctx.exit(int(any(verdict.sanity in ODD for verdict in verdicts.values())))


def check_deployments(deployments: Iterable[Deployment]) -> dict[str, PriceVerdict]:
    """Judge every price that someone configured, by the deployment's name."""
    when_ms, prices = SystemClock().now_ms(), in_use()
    found = {
        deployment.name: judged(
            deployment, prices.lookup(deployment.provider.vendor, deployment.model, when_ms)
        )
        for deployment in deployments
    }
    return {name: verdict for name, verdict in found.items() if verdict}


def odd_prices(deployments: Iterable[Deployment]) -> dict[str, PriceVerdict]:
    """Return the verdicts on the prices that look like slips."""
    verdicts = check_deployments(deployments)
    return {name: verdict for name, verdict in verdicts.items() if verdict.sanity in ODD}


def told(verdict: PriceVerdict) -> str:
    """Return a verdict on an odd price as a line: what is odd, and what comes of it."""
    return f"{verdict.why}; {'off: ' if verdict.grave else ''}{CONFIRM}"


def _each_line(lines: Iterable[str]) -> int:
    """Answer every line; one that is no case is told on standard error and makes the exit code 2."""
    code = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = as_mapping(parse_json(line))
        except ValueError as error:
            say(f"line {number}: {error}")
            code = 2
            continue
        if not isinstance(case.get("config_price"), Mapping):
            say(f"line {number}: a case is a JSON object with a config_price")
            code = 2
            continue
        reference = as_mapping(case.get("reference_price"))
        verdict = check_price(as_mapping(case.get("config_price")), reference)
        click.echo(json.dumps(_verdict(case.get("id"), verdict), default=str))
    return code


def _verdict(name: object, verdict: PriceVerdict) -> dict[str, object]:
    return {
        "id": name,
        "verdict": verdict.sanity.value,
        "fields": list(verdict.fields),
        "why": verdict.why,
    }


command.add_command(update)
