"""`cockpit drop`: a deployment leaves its routes, by a line in the configuration's file."""

from __future__ import annotations

import click

from cockpit.editing import edit, edit_options, yes_option
from cockpit.options import Options
from router.core.settings.edits import Drop


@click.command(
    help="Take deployment NAME out of every route and tier, or out of one. By its own name it still answers."
)
@click.argument("name")
@click.option("--from", "route", metavar="ROUTE", help="The one route to take it out of.")
@click.option("--because", default="dropped by hand", show_default=True, help="Why; it stands in the file.")
@yes_option
@edit_options
@click.pass_obj
def command(options: Options, name: str, route: str | None, because: str, yes: bool, dry_run: bool) -> None:
    """Drop it; a wrong name exits 2."""
    edit(options, [Drop(name, because, route)], dry_run=dry_run, yes=yes)
