"""`cockpit prices update`: put a price catalogue of one's own over the release's, whole or not at all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.config.paths import Paths
from router.core.cost.price_guard import check_price
from router.errors import TransportError
from router.prices.catalogue import Catalogue, ModelPrices
from router.prices.own import MOST_BYTES, Layers, catalogue, install, parsed

FETCH_S = 30.0
CHECK = "check: "
"""How a change begins that looks like a slip."""


def in_use() -> Layers:
    """Return the prices in use here."""
    return catalogue(Paths.of(os.environ).prices)


@click.command(
    "update", help="Use the prices in FILE, a catalogue, from now on; or in a file at an https URL."
)
@click.argument("file", required=False)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--confirmed", is_flag=True, help="Install it though prices are far from those in use.")
@common_options
@click.pass_obj
def update(options: Options, file: str | None, dry_run: bool, confirmed: bool) -> None:
    """Check the file, show what it changes, and install it."""
    if file is None:
        _say_where_prices_come_from()
        return
    written, current = _read(file), in_use()
    changed = changes(current, Catalogue(written))
    if options.json:
        print_json([{"model": model, "change": change} for model, change in changed])
    else:
        print_table(("model", "change"), changed)
    if dry_run:
        say(f"{len(changed)} models would change; nothing was changed")
        return
    odd = [model for model, change in changed if change.startswith(CHECK)]
    if odd and not confirmed:
        raise click.UsageError(
            f"{file}: {len(odd)} prices are far from those in use ({', '.join(odd[:3])}); nothing was "
            "changed. Look at them, then add --confirmed if they are right"
        )
    _install(written, changed)


def _say_where_prices_come_from() -> None:
    prices, own = in_use(), Paths.of(os.environ).prices
    say(f"catalogue {prices.version}")
    say(prices.problem or f"your own prices: {own if prices.own else 'none'}")
    say(
        "Nothing is ever fetched by itself. `cockpit prices update FILE` puts a catalogue of your own over\n"
        "the release's; a deployment's `price` in the configuration lies over both."
    )


def _read(file: str) -> dict[str, Any]:
    try:
        if file.lower().startswith(("https://", "http://")):
            return parsed(_fetched(file))
        return parsed(Path(file).read_bytes())
    except OSError as error:
        raise click.UsageError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    except ValueError as error:
        raise click.UsageError(f"{file}: {error}; nothing was changed") from None
    except TransportError as error:
        raise click.UsageError(f"{error}; nothing was changed") from None


def _fetched(url: str) -> bytes:
    from router.providers.plain_http import fetched  # an HTTP client, only where one was asked for

    return asyncio.run(fetched(url, os.environ, within_s=FETCH_S, most_bytes=MOST_BYTES))


def _install(written: Mapping[str, Any], changed: list[tuple[str, str]]) -> None:
    own = Paths.of(os.environ).prices
    before = own.exists()
    try:
        installed = install(own, written)
    except OSError as error:
        raise click.UsageError(f"{own}: {(error.strerror or 'cannot be written').lower()}") from None
    say(f"{len(changed)} models changed; in use from now on: {installed.version}, {own}")
    if before:
        say(f"what was there before is kept as {own.with_suffix('.json.bak')}")
    say("a cockpit that runs takes them when it reads its configuration again")


def changes(current: Layers, other: Catalogue) -> list[tuple[str, str]]:
    """Return what an own catalogue would change, model by model."""
    ours = {f"{record.vendor} {record.model}": record for record in current}
    theirs = {f"{record.vendor} {record.model}": record for record in other}
    before = {f"{record.vendor} {record.model}" for record in current.own or ()}
    found = [(name, "no longer your own: the release's prices hold") for name in before - theirs.keys()]
    for name, record in theirs.items():
        if name not in ours or _prices(ours[name]) != _prices(record):
            found.append((name, _change(ours.get(name), record)))
    return sorted(found)


def _prices(record: ModelPrices) -> list[Mapping[str, object]]:
    return [price.written for price in record.prices]


def _change(now: ModelPrices | None, then: ModelPrices) -> str:
    old_price, price = now.prices[-1].written if now else None, then.prices[-1].written
    verdict = check_price(price, old_price)
    if verdict.grave:
        return f"{CHECK}{verdict.why}"
    if old_price is None:
        return "new"
    pairs = {key: (old_price.get(key), price.get(key)) for key in sorted({*old_price, *price})}
    moved = [f"{key} {_cell(old)} → {_cell(new)}" for key, (old, new) in pairs.items() if old != new]
    return "; ".join(moved) or "its earlier prices"


def _cell(value: object) -> str:
    return "–" if value is None else "…" if isinstance(value, dict | list) else str(value)
