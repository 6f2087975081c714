"""How the commands that change the configuration's file do it: the difference is shown, then written."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from cockpit.sanitize import sanitize
from router.app.editing import editor
from router.config.paths import find_config
from router.core.settings.edits import ConfigEdit, Proposal

Command = TypeVar("Command", bound=Callable[..., object])


def edit_options(command: Command) -> Command:
    """Add `--dry-run` and the common options."""
    dry = click.option("--dry-run", is_flag=True, help="Show the difference and write nothing.")
    return common_options(dry(command))


yes_option = click.option(
    "--yes", is_flag=True, help="Where you have no configuration of your own, make the sample it first."
)


def edit(options: Options, edits: Sequence[ConfigEdit], *, dry_run: bool, yes: bool = False) -> None:
    """Propose, show and write edits. Raises ConfigError, RouterError."""
    if yes and not dry_run and find_config(options.config, os.environ) is None:
        say(f"written to {editor(None).make_own()}")
    carry_out(options, editor(options.config).propose(edits), dry_run=dry_run)


def carry_out(options: Options, proposal: Proposal, *, dry_run: bool) -> None:
    """Show what was proposed and write it, unless it is a rehearsal."""
    if not dry_run:
        editor(options.config).apply(proposal)
    wrote = bool(proposal.diff) and not dry_run
    if options.json:
        print_json({"path": proposal.path, "title": proposal.title, "diff": proposal.diff, "written": wrote})
    elif proposal.diff:
        click.echo(sanitize(proposal.diff))
    if not proposal.diff:
        say(f"nothing to change: {proposal.path} says so already")
    elif wrote:
        undo = "" if proposal.undoes else "; `cockpit undo` takes it back"
        say(f"{proposal.title}: written to {proposal.path}{undo}")
    else:
        say(f"{proposal.title}: not written")
