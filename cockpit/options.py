"""The options every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(slots=True)
class Options:
    """What was said about configuration, ledger and output; a command gets it with `@click.pass_obj`."""

    config: Path | None = None
    ledger: Path | None = None
    json: bool = False


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    options = ctx.ensure_object(Options)
    if value and param.name:
        setattr(options, param.name, value)


def common_options(command: Command) -> Command:
    """Add `--config`, `--ledger` and `--json`; what stands after the command wins."""
    path = click.Path(path_type=Path)
    for option in (
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Print one JSON document, nothing else.",
        ),
        click.option(
            "--ledger", type=path, expose_value=False, callback=_remember, help="The ledger file to use."
        ),
        click.option(
            "--config", type=path, expose_value=False, callback=_remember, help="The configuration to use."
        ),
    ):
        command = option(command)
    return command
