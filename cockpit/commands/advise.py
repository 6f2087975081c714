"""`cockpit advise`: what the ledger says could be had for less, each with its dollars."""

from __future__ import annotations

import asyncio

import click

from cockpit.format import money, tokens
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table
from router.app.reading import open_reading
from router.core.money import usd
from router.core.reports.advise import Advice, Kind
from router.core.windows import calendar_days, span
from router.services.advice import advice_for


@click.command(
    help="Say what could be had for less: repeated prefixes, cheap tasks on dear tiers, bulk work, checks."
)
@click.option("--days", type=click.IntRange(min=1, max=3660), default=30, show_default=True)
@common_options
@click.pass_obj
def command(options: Options, days: int) -> None:
    """Print the advice, the largest saving first."""
    found = asyncio.run(_read(options, days))
    if options.json:
        print_json([document(advice) for advice in found])
    elif not found:
        click.echo("nothing that would save a cent or more")
    else:
        rows = [(money(advice.saving_nano), words(advice)) for advice in found]
        print_table((f"saved in {days} days", "by"), rows, right=(f"saved in {days} days",))
        click.echo("\neach alone, against what was spent; two about the same calls do not add up")


async def _read(options: Options, days: int) -> tuple[Advice, ...]:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        window = span(calendar_days(app.clock.now_ms(), app.zone, days))
        return await advice_for(app.reports, window, app.config)


def words(advice: Advice) -> str:
    """Return what to do, in words."""
    work = f"{advice.calls:,} calls of {advice.task or 'no named task'} on {advice.deployment}"
    match advice.kind:
        case Kind.CACHE:
            prefix = f"prefix {(advice.fingerprint or '')[:8]} (at most {tokens(advice.tokens)} tokens)"
            return f"caching {prefix}, the same in {work}: this much at best"
        case Kind.CHEAPER_TIER:
            return f"running {work} on {advice.to}, if it is good enough"
        case Kind.BATCH:
            return f"sending {work} as a batch, if nobody waits for them"
        case Kind.CHECK:
            return advice.why or ""


def document(advice: Advice) -> dict[str, object]:
    """Return one element of `advise --json`."""
    return {
        "kind": advice.kind,
        "task": advice.task,
        "deployment": advice.deployment,
        "calls": advice.calls,
        "saving_usd": usd(advice.saving_nano),
        "to": advice.to,
        "prefix_fingerprint": advice.fingerprint,
        "prefix_tokens_at_most": advice.tokens,
        "route": advice.route,
        "check": advice.check,
        "words": words(advice),
    }
