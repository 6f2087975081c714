"""`cockpit classify`: what kind of work an ask is, how hard and in which language. Sends nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.fit_centroids import Fitted, fit_centroids
from router.classifier.model_file import load_model
from router.core.classify.tasks import Classification, classify
from router.core.message import Message


@click.command(help="Say what kind of work an ask is, how hard and in which language; sends nothing.")
@click.option(
    "--jsonl", is_flag=True, help="Read {id, text} a line from standard input, write a line for each."
)
@click.option(
    "--fit", is_flag=True, help="Fit the configured embeddings to the labelled asks: about 45 calls to it."
)
@click.argument("text", required=False)
@common_options
@click.pass_obj
def command(options: Options, jsonl: bool, fit: bool, text: str | None) -> None:
    """Classify one text (`-` for standard input), or each line of it; or fit the configured embeddings."""
    if fit:
        if jsonl or text is not None:
            raise click.UsageError("--fit takes no text")
        _tell_fit(asyncio.run(fit_centroids(config=options.config, ledger=options.ledger)), options)
        return
    if jsonl == (text is not None):
        raise click.UsageError("give either a TEXT (- for standard input) or --jsonl")
    stdin = click.open_file("-", encoding="utf-8-sig", errors="replace")
    if text is None:
        _each_line(stdin)
        return
    found = _classify(stdin.read() if text == "-" else text)
    if options.json:
        print_json({**_document(found), "reason": found.reason})
    else:
        _tell(found)


def _classify(text: str) -> Classification:
    return classify((Message("user", text),), load_model())


def _tell_fit(done: Fitted, options: Options) -> None:
    accuracy = done.accuracy
    if options.json:
        print_json(
            {
                "deployment": done.deployment,
                "model": done.model,
                "asked": accuracy.asked,
                "abstained": accuracy.abstained,
                "task_right": accuracy.task_right,
                "level_right": accuracy.level_right,
            }
        )
        return
    sure = accuracy.asked - accuracy.abstained
    say(
        f"fitted {done.deployment}: of {accuracy.asked} asks it has not seen it abstains on "
        f"{accuracy.abstained}; of the {sure} others the task is right for {accuracy.task_right}, "
        f"the level for {accuracy.level_right}"
    )


def _document(found: Classification) -> dict[str, object]:
    return {
        "task": found.task,
        "level": found.level,
        "language": found.language,
        "confidence": found.confidence,
        "abstained": found.abstained,
    }


def _each_line(lines: Iterable[str]) -> None:
    """Answer every line that can be read; exit 2 at the end when one could not."""
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked_id, text = _parse(line)
        except ValueError as error:
            bad += 1
            say(f"line {number}: {error}")
            continue
        click.echo(json.dumps({"id": asked_id, **_document(_classify(text))}))
    if bad:
        say(f"{bad} of the lines could not be read; the others are answered above")
        click.get_current_context().exit(2)


def _parse(line: str) -> tuple[object, str]:
    """Return id and text of a line. Raises ValueError naming what is wrong with it."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    match asked:
        case {"text": str(text)}:
            return asked.get("id"), text
        case dict():
            raise ValueError("`text` is missing or no text")
        case _:
            raise ValueError('not a JSON object; write {"id": "1", "text": "..."}')


def _tell(found: Classification) -> None:
    unsure = ", not sure enough: the default is taken" if found.abstained else ""
    print_table(
        ("", ""),
        [
            ("task", f"{found.task or 'unknown'}{unsure}"),
            ("level", found.level or "unknown"),
            ("language", found.language or "unknown"),
            ("confidence", f"{found.confidence:.2f}"),
            ("reason", found.reason),
        ],
    )
