"""`cockpit forget`: remove the answers that are kept for routes with `cache: true`."""

from __future__ import annotations

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from router.app.upkeep import forget_answers


@click.command(help="Remove every kept answer from the ledger; its sums and rows stay.")
@common_options
@click.pass_obj
def command(options: Options) -> None:
    """Remove them and say how many there were."""
    forgotten = forget_answers(ledger=options.ledger)
    if options.json:
        print_json({"forgotten": forgotten})
    else:
        say(f"kept answers removed: {forgotten:,}" if forgotten else "no answers were kept")
