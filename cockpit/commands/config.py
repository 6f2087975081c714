"""`cockpit config`: where the configuration is, whether it is right, what it says; LiteLLM's become ours."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path

import click
import yaml

from cockpit.commands.prices import odd_prices, told
from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from router.app.configuration import convert_config, load_config
from router.app.editing import editor
from router.config.paths import Paths, find_config
from router.config.show import shown
from router.core.health.scopes import free_by_name
from router.core.settings.providers import Billing
from router.errors import ConfigError


@click.group(help="Show where the configuration is, check it, print it; import LiteLLM's.")
@common_options
def command() -> None:
    """Group the five."""


@command.command(help="Print the paths in use: configuration, ledger, logs, themes.")
@common_options
@click.pass_obj
def path(options: Options) -> None:
    """Print where things are."""
    paths = Paths.of(os.environ, ledger=options.ledger)
    found = find_config(options.config, os.environ)
    if options.json:
        print_json(
            {
                "config": None if found is None else str(found),
                "config_default": str(paths.config),
                "ledger": str(paths.ledger),
                "log": str(paths.log),
                "themes": str(paths.themes),
            }
        )
        return
    click.echo(str(found) if found else f"built-in (put your own at {paths.config})")


@command.command(help="Check the configuration; every problem is told with its line and column.")
@common_options
@click.pass_obj
def check(options: Options) -> None:
    """Load it; without --json a ConfigError is printed by `main`, which exits 2.

    Exit 1 when it can be read and nothing in it can serve, or a deployment is off by its price, since neither
    is meant.
    """
    try:
        config = load_config(options.config)
    except ConfigError as error:
        if not options.json:
            raise
        print_json(
            {"source": str(options.config), "ok": False, "problems": [asdict(p) for p in error.problems]}
        )
        sys.exit(2)
    off = {name: one.off for name, one in config.deployments.items() if one.off is not None}
    usable = len(config.deployments) - len(off)
    unsaid = [
        one for one in config.deployments.values() if free_by_name(one) and one.billing is not Billing.FREE
    ]
    notes = [f"{one.name}: its provider gives {one.model} away; say `billing: free`" for one in unsaid]
    odd = odd_prices(config.deployments.values())
    if options.json:
        prices = [{"deployment": name, "why": v.why, "off": v.grave} for name, v in odd.items()]
        document = {"source": config.source, "ok": usable > 0, "problems": [], "ignored": [*config.ignored]}
        print_json({**document, "prices": prices, "off": off, "notes": notes})
    else:
        state = "in order" if usable else "nothing in it can serve"
        click.echo(
            f"{config.source}: {state}; {len(config.deployments)} deployments, {usable} with what they need,"
            f" {len(config.routes)} routes"
        )
        if not usable:
            for why in dict.fromkeys(off.values()):
                names = [name for name, reason in off.items() if reason == why]
                say(f"off: {', '.join(names)}: {why}")
        for one in config.ignored:
            say(f"ignored: {one}")
        for note in notes:
            say(note)
        for name, verdict in odd.items():
            say(f"price of {name}: {told(verdict)}")
    sys.exit(int(not usable or any(verdict.grave for verdict in odd.values())))


@command.command(help="Print the configuration as it is understood, keys hidden.")
@common_options
@click.pass_obj
def show(options: Options) -> None:
    """Print the effective configuration."""
    document = shown(load_config(options.config))
    if options.json:
        print_json(document)
    else:
        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True).rstrip())


@command.command(help="Copy the sample to where your own configuration belongs; one that is there is kept.")
@common_options
@click.pass_obj
def init(options: Options) -> None:
    """Make it; a ConfigError is printed by `main`, which exits 2."""
    made = editor(options.config).make_own()
    if options.json:
        print_json({"written": str(made)})
    else:
        say(f"written to {made}")


@command.command("import", help="Make a LiteLLM file into one of ours: on standard output, or a new file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--write", type=click.Path(path_type=Path), help="The file to make; one that exists is kept.")
@common_options
@click.pass_obj
def import_(options: Options, file: Path, write: Path | None) -> None:
    """Print or write it; a ConfigError is printed by `main`, which exits 2."""
    text = convert_config(file)
    if write is not None:
        _write_new(write, text)
    if options.json:
        print_json({"source": str(file), "written": None if write is None else str(write), "config": text})
    elif write is None:
        click.echo(text, nl=False)
    else:
        say(f"written to {write}; check it with: cockpit --config {write} config check")


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path} exists and is kept. Name another file, or remove it first") from None
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise click.UsageError(f"{path}: {reason}. Name a file in a folder you may write to") from None
