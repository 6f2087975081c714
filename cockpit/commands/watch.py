"""`cockpit watch`: what providers' lists of models say against the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from cockpit.format import tokens
from cockpit.news import TITLES, advice, not_read, rates
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.reading import open_reading
from router.core.catalog.news import ModelNews, NewsKind, news
from router.core.records.offers import Asked, Offers

HEAD = ("what", "provider", "model", "deployment", "since", "context", "in / out per 1M", "what to do")


@click.command(
    help="Show what providers' lists of models say against the configuration, as they were last read."
)
@click.option("--now", is_flag=True, help="Read them again first; costs nothing.")
@common_options
@click.pass_obj
def command(options: Options, now: bool) -> None:
    """Show the news; exit 0 whatever they are."""
    asyncio.run(_show(options, now=now))


async def _show(options: Options, *, now: bool) -> None:
    if now:
        from router.app.app import open_app  # an engine, only where lists are read

        async with open_app(config=options.config, ledger=options.ledger) as app:
            await app.offers.once(everyone=True)
    async with open_reading(config=options.config, ledger=options.ledger) as read:
        offers, config = await read.reader.offers(), read.config
        found = news(config, offers, read.clock.now_ms())
    lists = list(_lists(offers))
    if options.json:
        print_json({"lists": lists, "news": [_document(one) for one in found]})
        return
    if found:
        print_table(HEAD, [_row(one) for one in found])
    for line in not_read(offers, read.zone):
        say(line)
    if not lists:
        say("no list was read yet: `cockpit watch --now` reads them")
    elif not found:
        say("every model of the configuration is listed, and no other one is free")


def _lists(offers: Offers) -> Iterator[dict[str, object]]:
    for (provider, asked), reading_ in offers.readings.items():
        if asked is Asked.MODELS:
            listing = offers.listings.get(provider)
            yield {
                "provider": provider,
                "models": len(listing.models) if listing else 0,
                "read_at": _moment(reading_.read_at),
                "tried_at": _moment(reading_.tried_at),
                "problem": reading_.problem,
            }


def _document(one: ModelNews) -> dict[str, object]:
    listed = one.listed
    return {
        "kind": one.kind,
        "provider": one.provider,
        "model": one.model,
        "deployment": one.deployment,
        "listed_as": listed.name if listed else None,
        "since": _moment(one.since),
        "new": one.new,
        "context_window": listed.context_window if listed else None,
        "input_usd_per_mtok": f"{listed.input_mtok:f}" if listed and listed.input_mtok is not None else None,
        "output_usd_per_mtok": f"{listed.output_mtok:f}"
        if listed and listed.output_mtok is not None
        else None,
    }


def _row(one: ModelNews) -> tuple[str | None, ...]:
    listed = one.listed
    what = f"new: {TITLES[one.kind]}" if one.new else TITLES[one.kind]
    return (
        what,
        one.provider,
        one.model,
        one.deployment,
        None if one.since is None else f"{datetime.fromtimestamp(one.since / 1000, UTC):%Y-%m-%d}",
        tokens(listed.context_window) if listed and listed.context_window else None,
        rates(listed) if listed and one.kind is not NewsKind.FREE else None,
        advice(one),
    )


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
