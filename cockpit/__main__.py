"""The command line: finds the command, loads it alone, and turns errors into words and exit codes.

Nothing here imports Textual, an SDK or the configuration's schema; `cockpit --help` must stay quick.
Exit codes: 0 done, 1 the check that was asked for failed or an internal error, 2 wrong usage or
configuration, 3 refused by a budget or guard, 4 no deployment could serve it, 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys

import click

from cockpit.options import Options, common_options
from router.errors import ConfigError, LedgerError, RouterError, UnknownName

COMMANDS = {
    "ask": "Send one prompt; the answer streams to standard output.",
    "explain": "Show the decision and the estimates for a prompt; send nothing.",
    "spend": "Show what was spent.",
    "whatif": "Show what the same work would have cost under another policy.",
    "advise": "Say what could be had for less, with the dollars for each.",
    "report": "Write a weekly report as Markdown.",
    "export": "Write spend, calls or tiers as CSV, JSON or Markdown.",
    "tiers": "Show every deployment with its health; clear a cooldown.",
    "drop": "Take a deployment out of its routes, in your configuration's file.",
    "restore": "Put a dropped deployment back where it was.",
    "limit": "Say in the file what a provider allows, or how long a deployment rests.",
    "undo": "Take back the newest change of the file made by command or key.",
    "tanks": "Show what is left of each daily allowance, and until when it lasts.",
    "watch": "Say which models providers no longer list, or no longer for free, and which are free.",
    "stress": "Try deployments out: which to keep, which to drop, and why.",
    "rate": "Say whether an answer was good, which moves its deployment's quality.",
    "alerts": "Show the last alerts and who was told; try the hooks.",
    "resume": "Let paid calls go on after the runaway guard has paused them.",
    "forget": "Remove the answers kept for routes with `cache: true`.",
    "cost": "Compute the exact cost of saved answers.",
    "diagnose": "Say what a provider's answer means and what to do about it.",
    "classify": "Say what kind of work an ask is, how hard and in which language; send nothing.",
    "prices": "List and check the price catalogue.",
    "config": "Show where the configuration is, check it, print it; import LiteLLM's.",
    "doctor": "Look at this machine, terminal and ledger for what could go wrong.",
}
"""Every command with its line in `--help`, so that help loads none of them."""


class LazyGroup(click.Group):
    """A group whose commands are modules of `cockpit.commands`, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command called `cmd_name`."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"cockpit.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, loading nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which names are near."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # only where somebody mistyped

            near = difflib.get_close_matches(args[0], COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"no command is called {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command the cockpit opens; without a terminal it prints the dashboard once.",
)
@click.version_option(package_name="tier-cockpit", prog_name="cockpit")
@common_options
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A terminal cockpit over a local LLM routing engine and a ledger of every call's true cost."""
    if ctx.invoked_subcommand is None:
        from cockpit.commands.dashboard import show  # opens or prints; heavier than the command line

        ctx.exit(show(ctx.ensure_object(Options)))


def main() -> None:
    """Run the command line; never returns."""
    try:
        code = cli.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        code = 2
    except (ConfigError, UnknownName) as error:
        click.echo(str(error), err=True)
        code = 2
    except LedgerError as error:
        click.echo(f"ledger: {error}", err=True)
        code = 1
    except RouterError as error:
        click.echo(str(error), err=True)
        code = 1
    except (KeyboardInterrupt, click.Abort):
        code = 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; Python would complain about flushing
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
