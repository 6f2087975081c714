"""`cockpit resume`: lift what the runaway guard paused."""

from __future__ import annotations

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from router.app.upkeep import lift_pauses


@click.command(help="Let paid calls go on after the runaway guard has paused them.")
@click.option("--session", metavar="S", help="Only the calls of this session.")
@common_options
@click.pass_obj
def command(options: Options, session: str | None) -> None:
    """Lift the pauses and say what they were for."""
    lifted = lift_pauses(ledger=options.ledger, session=session)
    if options.json:
        print_json({"lifted": lifted})
    elif not lifted:
        say("nothing is paused" if session is None else f"nothing of session {session} alone is paused")
    else:
        for reason in lifted:
            say(f"lifted: {reason}")
