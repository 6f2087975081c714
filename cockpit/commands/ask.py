"""`cockpit ask`: one prompt in, an answer out, its true cost beside it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from decimal import Decimal

import click

from cockpit.asking import Ask, asking_options
from cockpit.format import money, seconds, tokens
from cockpit.options import Options, common_options
from cockpit.plain import print_json, say
from cockpit.sanitize import sanitize
from router.app.app import App, open_app
from router.core.moments import rfc3339
from router.core.money import usd
from router.core.request import Request
from router.engine.events import (
    Answer,
    AttemptEnded,
    AttemptRecord,
    AttemptRefused,
    AttemptStarted,
    AttemptWaiting,
    RequestEnded,
    TextArrived,
)


@click.command(
    help="Send one prompt; the answer streams to standard output. PROMPT may be - for standard input."
)
@asking_options
@common_options
@click.pass_obj
def command(
    options: Options,
    name: str | None,
    task: str | None,
    level: str | None,
    language: str | None,
    max_tokens: int | None,
    thinking: int | None,
    max_cost: Decimal | None,
    session: str | None,
    tag: tuple[tuple[str, str], ...],
    climb: str | None,
    prompt: str | None,
) -> None:
    """Ask, print, and exit as the answer says."""
    asked = Ask(name, task, level, language, max_tokens, thinking, max_cost, session, tag, climb, prompt)
    request = asked.request(options.ledger)
    answer = asyncio.run(_ask(options, request))
    if options.json:
        print_json(document(answer))
    sys.exit(exit_code(answer))


async def _ask(options: Options, request: Request) -> Answer:
    async with open_app(config=options.config, ledger=options.ledger) as app:
        for warning in app.warnings:
            say(warning)
        answer = await _stream(app, request, quiet=options.json)
        await app.ledger.flush()
        return answer


async def _stream(app: App, request: Request, *, quiet: bool) -> Answer:
    async with aclosing(app.engine.stream(request)) as events:
        async for event in events:
            match event:
                case TextArrived(kind="text") if not quiet:
                    click.echo(sanitize(event.text), nl=False)
                case AttemptStarted():
                    for warning in event.warnings:
                        say(warning)
                case AttemptRefused():
                    say(f"{event.deployment} not admitted: {event.reason}")
                case AttemptWaiting():
                    say(f"{event.what} …")
                case AttemptEnded() if event.record.failure_class != "ok":
                    say(f"{event.record.deployment}: {event.record.evidence}")
                case RequestEnded():
                    if not quiet:
                        _sign_off(event.answer)
                    return event.answer
                case _:
                    pass
    raise AssertionError("the engine ended without RequestEnded")


def _sign_off(answer: Answer) -> None:
    """End the answer's line, and say on standard error who answered and for how much."""
    if answer.text:
        click.echo()
    if answer.error:
        say(f"no answer: {answer.error.message}")
        return
    if answer.kept:
        say(answer.kept.notice)
    served = answer.served_by
    if served and served.reasoning_alone:
        say("only reasoning came, and no answer: more --max-tokens may leave room for one")
    if served:
        usage = served.usage
        say(
            f"{served.tier} {served.deployment}"
            f" · in {tokens(usage.input_tokens)} out {tokens(usage.output_tokens)}"
            f" · ttft {seconds(served.ttft_s)} · {seconds(served.duration_s)}"
            f" · {money(answer.cost_nano_usd)} {answer.cost_source}"
        )


def exit_code(answer: Answer) -> int:
    """Return 0 for an answer, 3 when money alone was in the way, 4 when nobody could serve."""
    if answer.error is None:
        return 0
    return 3 if answer.error.over_budget else 4


def document(answer: Answer) -> dict[str, object]:
    """Return the JSON of `ask --json`: amounts as decimal strings in dollars, or null when unknown."""
    served = answer.served_by
    usage = answer.usage
    result: dict[str, object] = {
        "request_id": answer.request_id,
        "text": "" if answer.error else answer.text,
        "route": answer.route,
        "task": answer.task,
        "level": answer.level,
        "tier": served.tier if served else None,
        "deployment": served.deployment if served else None,
        "provider": served.provider if served else None,
        "model": served.model if served else None,
        "attempts": [_attempt(record) for record in answer.attempts],
        "usage": {
            "input_tokens": usage.input_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "output_tokens": usage.output_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        },
        "cost_usd": usd(answer.cost_nano_usd),
        "cost_source": answer.cost_source,
        "estimate_usd": usd(answer.estimate_nano_usd),
        "finish_reason": served.finish_reason if served else None,
        "why": answer.why,
    }
    if answer.kept:
        result["cached"] = True
        result["cached_at"] = rfc3339(answer.kept.kept_at)
    if answer.error:
        result["partial_text"] = answer.text
        result["error"] = {
            "class": answer.error.failure_class,
            "message": answer.error.message,
            "retry_after_s": answer.error.retry_after_s,
        }
    return result


def _attempt(record: AttemptRecord) -> dict[str, object]:
    return {
        "n": record.n,
        "tier": record.tier,
        "deployment": record.deployment,
        "outcome": record.outcome,
        "failure_class": record.failure_class,
        "http_status": record.http_status,
        "cost_usd": usd(record.cost_nano_usd),
        "cost_source": record.cost_source,
        "ttft_s": None if record.ttft_s is None else round(record.ttft_s, 4),
        "duration_s": round(record.duration_s, 4),
    }
