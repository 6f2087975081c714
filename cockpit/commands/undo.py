"""`cockpit undo`: the newest change of the configuration's file is taken back."""

from __future__ import annotations

import click

from cockpit.editing import carry_out, edit_options
from cockpit.options import Options
from router.app.editing import editor


@click.command(
    help="Take back the newest change of the file that a command or a key has made; again for more."
)
@edit_options
@click.pass_obj
def command(options: Options, dry_run: bool) -> None:
    """Undo it; exit 1 when there is nothing to undo, or it was changed by hand since."""
    carry_out(options, editor(options.config).propose_undo(), dry_run=dry_run)
