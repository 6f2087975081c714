"""What `ask` and `explain` share: their options, and the request they become."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

import click

from router.app.upkeep import who_answered
from router.core.message import Message
from router.core.money import to_nano
from router.core.request import FoundPoor, Request
from router.core.routing.assignment import AUTO

LAST = "last"
Command = TypeVar("Command", bound=Callable[..., object])


class Usd(click.ParamType[Decimal]):
    """An amount of dollars, as a `Decimal` that never was a float."""

    name = "USD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Parse `0.02`; refuse what is not a plain amount of zero or more."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount of dollars such as 0.02", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is not an amount of zero or more dollars", param, ctx)
        return amount


class Tag(click.ParamType[tuple[str, str]]):
    """A `key=value` pair."""

    name = "K=V"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first `=`."""
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not key=value", param, ctx)
        return key, text


class Language(click.ParamType[str]):
    """An ISO 639-1 code."""

    name = "LL"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Accept two letters, in either case."""
        code = str(value).lower()
        if len(code) != 2 or not (code.isascii() and code.isalpha()):
            self.fail(f"{value!r} is not a language's two letters such as en", param, ctx)
        return code


@dataclass(frozen=True, slots=True)
class Ask:
    """The options as given."""

    name: str | None
    task: str | None
    level: str | None
    language: str | None
    max_tokens: int | None
    thinking: int | None
    max_cost: Decimal | None
    session: str | None
    tag: tuple[tuple[str, str], ...]
    climb: str | None
    prompt: str | None

    def request(self, ledger: Path | None) -> Request:
        """Return the request they mean. `-` reads the prompt from standard input; nothing else does.

        Raises LedgerError for a climb from a request that `ledger` does not know.
        """
        prompt = self.prompt
        if prompt == "-":
            prompt = sys.stdin.read()
        if not prompt or not prompt.strip():
            raise click.UsageError("no prompt: give one as an argument, or - to read it from standard input")
        poor = None if self.climb is None else who_answered(ledger=ledger, request_id=named(self.climb))
        return Request(
            messages=(Message("user", prompt),),
            name=self.name or (poor.route if poor else AUTO),
            task=self.task,
            level=self.level,
            language=self.language,
            max_tokens=self.max_tokens,
            thinking_tokens=self.thinking,
            max_cost_nano=None if self.max_cost is None else to_nano(self.max_cost),
            session=self.session,
            tags=self.tag,
            source="ask",
            instead_of=FoundPoor(poor.request_id, poor.tier, None, poor.deployment) if poor else None,
        )


def named(request_id: str) -> str | None:
    """Return a request's id as the ledger is asked for it: None for `last`, the newest answered one."""
    return None if request_id == LAST else request_id


def asking_options(command: Command) -> Command:
    """Add the options of a request."""
    return _decorated(
        command,
        click.argument("prompt", required=False),
        click.option(
            "--climb",
            metavar="REQUEST_ID",
            help="The answer of that request (`last`: the newest) was poor: ask its route one tier up.",
        ),
        click.option("--tag", type=Tag(), multiple=True, help="A tag for the ledger; may be repeated."),
        click.option("--session", help="The session the call belongs to."),
        click.option("--max-cost", type=Usd(), help="The most this call may cost, in dollars."),
        click.option(
            "--thinking",
            type=click.IntRange(min=1),
            metavar="N",
            help="The part of them that may go into thinking.",
        ),
        click.option("--max-tokens", type=click.IntRange(min=1), help="The most output tokens."),
        click.option("--language", type=Language(), help="The language it is in: en, ja, ..."),
        click.option(
            "--level", type=click.Choice(["L1", "L2", "L3"]), help="How hard it is, L3 the hardest."
        ),
        click.option("--task", help="What kind of work it is: summarize, code_gen, ..."),
        click.option(
            "-m",
            "--model",
            "name",
            help="Route, tier, deployment or alias; auto when left out.",
        ),
    )


def _decorated(command: Command, *decorators: Callable[[Command], Command]) -> Command:
    for decorate in decorators:
        command = decorate(command)
    return command
