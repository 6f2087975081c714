"""`cockpit limit`: what a provider allows a deployment, and how long it rests."""

from __future__ import annotations

import re
from typing import get_args

import click

from cockpit.editing import edit, edit_options, yes_option
from cockpit.options import Options
from router.core.settings.edits import ConfigEdit, LimitName, SetCooldown, SetLimit

LIMITS: dict[str, LimitName] = {name: name for name in get_args(LimitName)}
_UNITS = {"s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smh])")
_COUNT = re.compile(r"[1-9][0-9]{0,11}")


@click.command(
    help="Set limits of deployment NAME: rpm=9, tpm, rpd, tpd, parallel, cooldown=5m. `rpm=` takes one away."
)
@click.argument("name")
@click.argument("limits", nargs=-1, required=True, metavar="LIMIT=VALUE...")
@yes_option
@edit_options
@click.pass_obj
def command(options: Options, name: str, limits: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Set them; a wrong name exits 2."""
    edit(options, [_read(name, text) for text in limits], dry_run=dry_run, yes=yes)


def _read(name: str, text: str) -> ConfigEdit:
    kind, _, value = text.partition("=")
    if kind == "cooldown":
        found = _DURATION.fullmatch(value)
        if value and not found:
            raise click.UsageError(f"{text!r}: a cooldown is written 30s, 5m or 1h")
        return SetCooldown(name, int(found[1]) * _UNITS[found[2]] if found else None)
    if kind not in LIMITS or "=" not in text:
        raise click.UsageError(f"{text!r}: write one of {', '.join(f'{n}=9' for n in LIMITS)} or cooldown=5m")
    if value and not _COUNT.fullmatch(value):
        raise click.UsageError(f"{text!r}: a limit is a whole number from 1; leave it empty to take it away")
    return SetLimit(name, LIMITS[kind], int(value) if value else None)
