"""`cockpit diagnose`: what a provider's answer means and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.core.failures.classify import classify
from router.core.moments import date
from router.core.records.diagnosis import Diagnosis
from router.engine.clock import SystemClock
from router.errors import RouterError
from router.providers.saved_answers import parse, play

ADVICE = {
    "continue": "nothing to do",
    "retry_same": "ask the same deployment once more",
    "fall_over": "ask another deployment",
    "cooldown_and_fall_over": "let it rest and ask another",
    "disable_and_fall_over": "take it out until something changes, and ask another",
    "fall_over_if_capable": "ask another that can take this request",
    "return_to_caller": "tell the caller; another deployment would not help",
    "surface_stream_error": "show the error; the answer has begun, nobody else may go on with it",
}


class MomentType(click.ParamType[int]):
    """A date and time, RFC 3339; without a zone it is UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return milliseconds since 1970, UTC."""
        at_ms = value if isinstance(value, int) else date(str(value))
        if at_ms is None:
            self.fail(f"{value!r} is no time; write it as 2026-11-22T12:00:00Z", param, ctx)
        return at_ms


@click.command(
    help="Say what a provider's saved answer means: its class, what to do, who rests and how long."
)
@click.option(
    "--jsonl", is_flag=True, help="Read an answer a line from standard input, write a line for each."
)
@click.option("--now", type=MomentType(), help="The moment the answers came. Default: now.")
@click.argument("file", required=False, type=click.File("r", encoding="utf-8", errors="replace"))
@common_options
@click.pass_obj
def command(options: Options, jsonl: bool, now: int | None, file: TextIO | None) -> None:
    """Diagnose one file, or each line of standard input."""
    now_ms = SystemClock().now_ms() if now is None else now
    if jsonl == (file is not None):
        raise click.UsageError("give either a FILE (- for standard input) or --jsonl")
    if file is None:
        _each_line(click.open_file("-", encoding="utf-8-sig", errors="replace"), now_ms)
        return
    try:
        found = document(file.read(), now_ms)
    except RouterError as error:
        raise click.UsageError(f"{Path(file.name).name}: {error}") from None
    if options.json:
        print_json(found)
    else:
        _tell(found)


def document(text: str, now_ms: int) -> dict[str, object]:
    """Return the JSON of one saved answer's diagnosis. Raises RouterError naming what is wrong with it."""
    saved = parse(text)
    return {"id": saved.id, **_document(classify(play(saved), now_ms))}


def _document(diagnosis: Diagnosis) -> dict[str, object]:
    cooldown = diagnosis.cooldown
    return {
        "class": diagnosis.failure_class.value,
        "action": diagnosis.action.value,
        "cooldown": {
            "scope": cooldown.scope.value,
            "seconds": cooldown.seconds,
            "until": cooldown.until,
            "derived_from": cooldown.derived_from,
        },
        "counts_toward_breaker": diagnosis.counts_toward_breaker,
        "ledger": diagnosis.ledger.value,
        "evidence": diagnosis.evidence,
    }


def _each_line(lines: Iterable[str], now_ms: int) -> None:
    """Answer every line that can be read; exit 2 at the end when one could not."""
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            click.echo(json.dumps(document(line, now_ms)))
        except RouterError as error:
            bad += 1
            say(f"line {number}: {error}")
    if bad:
        say(f"{bad} of the lines could not be read; the others are answered above")
        click.get_current_context().exit(2)


def _tell(found: dict[str, object]) -> None:
    cooldown = found["cooldown"]
    assert isinstance(cooldown, dict)
    rest = "nobody rests"
    if cooldown["scope"] != "none":
        until = "something changes" if cooldown["seconds"] is None else cooldown["until"]
        rest = f"{cooldown['scope']} until {until} ({cooldown['derived_from']})"
    print_table(
        ("", ""),
        [
            ("class", str(found["class"])),
            ("do", f"{found['action']}: {ADVICE[str(found['action'])]}"),
            ("rest", rest),
            ("breaker", "counts" if found["counts_toward_breaker"] else "does not count"),
            ("ledger", str(found["ledger"])),
            ("evidence", str(found["evidence"])),
        ],
    )
