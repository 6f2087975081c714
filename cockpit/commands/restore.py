"""`cockpit restore`: a dropped deployment is back where it was."""

from __future__ import annotations

import click

from cockpit.editing import edit, edit_options
from cockpit.options import Options
from router.core.settings.edits import Restore


@click.command(help="Put deployment NAME back into every route it was dropped from, or into one.")
@click.argument("name")
@click.option("--to", "route", metavar="ROUTE", help="The one route to put it back into.")
@edit_options
@click.pass_obj
def command(options: Options, name: str, route: str | None, dry_run: bool) -> None:
    """Put it back; a wrong name exits 2."""
    edit(options, [Restore(name, route)], dry_run=dry_run)
