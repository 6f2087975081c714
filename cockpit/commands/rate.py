"""`cockpit rate`: say whether an answer was good."""

from __future__ import annotations

import click

from cockpit.asking import named
from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from router.app.upkeep import rate


@click.command(help="Say whether an answer was good; REQUEST_ID `last` is the newest answered request.")
@click.argument("request_id", metavar="REQUEST_ID")
@click.argument("verdict", metavar="good|bad", type=click.Choice(["good", "bad"]))
@common_options
@click.pass_obj
def command(options: Options, request_id: str, verdict: str) -> None:
    """Write the rating and say whose answer it was."""
    rated = rate(
        ledger=options.ledger,
        request_id=named(request_id),
        good=verdict == "good",
    )
    if options.json:
        print_json({"request_id": rated.request_id, "deployment": rated.deployment, "rating": verdict})
    else:
        say(f"rated {verdict}: request {rated.request_id}, answered by {rated.deployment}")
