"""`cockpit cost`: the exact cost of saved answers, from what the wire says and nothing else; no estimates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from cockpit.commands.prices_update import in_use
from cockpit.format import money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.core.cost.cost import CallFacts, Cost, cost
from router.core.cost.price_config import price_from_config
from router.core.failures.table import OVERLOADED
from router.core.moments import date
from router.core.money import CostSource, usd
from router.core.records.usage import Usage
from router.core.settings.prices import Price
from router.core.usage.counts import as_mapping, as_text
from router.core.usage.transcript import Api, Transcript, parse_json, parse_stream, read_body, read_stream
from router.engine.clock import SystemClock

NOT_SERVED = frozenset({*range(300, 500), *OVERLOADED})
"""Statuses of a refusal before any work; after the other errors of a server nobody knows what was billed."""

VENDORS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "deepseek": "deepseek",
    "openrouter": "openrouter",
    "ollama": "ollama",
}
"""Whose prices hold for an API when nobody says."""


@dataclass(frozen=True, slots=True)
class CostCase:
    """One saved answer and what is known about it."""

    provider: str
    model: str
    when_ms: int
    transcript: Transcript
    facts: CallFacts
    status: int = 200
    price: Price | None = None
    """The whole price, where one was given; else the catalogue decides."""
    bad_price: str | None = None
    """What is wrong with the price that was given; the counts are right all the same."""


@click.command(help="Compute the exact cost of a saved answer, or of a stream of them. Sends nothing.")
@click.option("--jsonl", is_flag=True, help="Read a case a line from standard input, write a line for each.")
@click.option("--api", type=click.Choice([api.value for api in Api]), help="What kind of answer FILE is.")
@click.option("--model", help="The model that was asked for.")
@click.option("--provider", help="Whose price list holds. Default: the API's own.")
@click.option("--date", "moment", help="When it was answered, such as 2026-03-11T12:00:00Z. Default: now.")
@click.argument("file", required=False, type=click.File("r", encoding="utf-8", errors="replace"))
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    jsonl: bool,
    api: str | None,
    model: str | None,
    provider: str | None,
    moment: str | None,
    file: TextIO | None,
) -> None:
    """Compute one file, or each line of standard input."""
    options = ctx.ensure_object(Options)
    if jsonl and file is None:
        ctx.exit(_each_line(click.open_file("-", encoding="utf-8-sig", errors="replace")))
    if jsonl or file is None or api is None or model is None:
        raise click.UsageError("give --api, --model and a FILE (- for standard input), or --jsonl alone")
    when_ms = SystemClock().now_ms() if moment is None else date(moment)
    if when_ms is None:
        raise click.UsageError(f"--date {moment!r} is no time; write it as 2026-03-11T12:00:00Z")
    transcript = read_text(Api(api), file.read())
    vendor = provider or VENDORS[api.partition(".")[0]]
    facts = CallFacts(batch=transcript.batch, model_served=transcript.model_served)
    case = CostCase(vendor, model, when_ms, transcript, facts)
    _tell(options, Path(file.name).name, case)


def _tell(options: Options, name: str, case: CostCase) -> None:
    found = bill(case)
    if options.json:
        print_json(document(name, case, found))
        return
    shown = document(name, case, found) | {"cost_usd": f"{money(found.nano)} ({found.source.value})"}
    print_table(
        ("", ""), [(key, str(value)) for key, value in shown.items() if key not in {"id", "cost_source"}]
    )
    if found.why:
        say(f"cost unknown: {found.why}")


def _each_line(lines: Iterable[str]) -> int:
    """Answer every line; one that is no case is told on standard error and makes the exit code 2."""
    code = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name: object = None
        try:
            written = as_mapping(parse_json(line))
            name = written.get("id")
            case = read_case(written)
        except ValueError as error:
            say(f"line {number}: {error}")
            click.echo(json.dumps(_line(name, Usage(), Cost(None, CostSource.UNKNOWN)), default=str))
            code = 2
            continue
        if case.bad_price:
            say(f"line {number}: {case.bad_price}")
            code = 2
        found = bill(case)
        click.echo(json.dumps(document(name, case, found), default=str))
        if found.why:
            say(f"{name}: cost unknown: {found.why}")
    return code


def read_case(written: Mapping[str, object]) -> CostCase:
    """Read one line of `--jsonl`. Raises ValueError naming what is wrong with it."""
    name = written.get("api")
    if name not in list(Api):
        raise ValueError(f"api {name!r} is none of {', '.join(Api)}")
    api = Api(str(name))
    transcript = _transcript(api, written.get("wire"))
    when_ms = date(str(written.get("date")))
    if when_ms is None:
        raise ValueError(f"date {written.get('date')!r} is no time; write it as 2026-03-11T12:00:00Z")
    price, bad_price = _given_price(written.get("config_price"))
    status = written.get("http_status")
    return CostCase(
        provider=str(written.get("provider") or VENDORS[api.value.partition(".")[0]]),
        model=str(written.get("model") or ""),
        when_ms=when_ms,
        transcript=transcript,
        facts=_facts(written.get("request"), transcript),
        status=status if isinstance(status, int) else 200,
        price=price,
        bad_price=bad_price,
    )


def _given_price(written: object) -> tuple[Price | None, str | None]:
    """Return the price of a case, or what is wrong with it."""
    if written is None:
        return None, None
    if not isinstance(written, Mapping):
        return None, "config_price is a table of rates, or null for the catalogue's"
    try:
        return price_from_config(written), None
    except ValueError as error:
        return None, str(error)


def _transcript(api: Api, wire: object) -> Transcript:
    match wire:
        case {"__raw__": str(text)}:
            return read_text(api, text)
        case [dict(), *_]:
            return read_stream(api, wire)
        case list():
            return read_text(api, "\n".join(map(str, wire)))
        case _:
            return read_body(api, wire)


def read_text(api: Api, text: str) -> Transcript:
    """Read a whole body, or the lines of a stream, from text."""
    try:
        return read_body(api, parse_json(text))
    except ValueError:
        return read_stream(api, parse_stream(text.splitlines()))


def _facts(request: object, transcript: Transcript) -> CallFacts:
    asked = as_mapping(request)
    return CallFacts(
        batch=transcript.batch or asked.get("batch") is True,
        service_tier=as_text(asked.get("service_tier")),
        speed=as_text(asked.get("speed")),
        geo=as_text(asked.get("inference_geo")),
        model_served=transcript.model_served,
        others=tuple(_words(asked)),
    )


def _words(asked: Mapping[str, object]) -> Iterator[str]:
    """Yield every other fact of a request as a price's multiplier may be called: `regional`, `region_eu`."""
    for key in asked.keys() - {"batch", "service_tier", "speed", "inference_geo"}:
        if asked[key] is True:
            yield key
        elif isinstance(value := asked[key], str):
            yield from (value, f"{key}_{value}")


def bill(case: CostCase) -> Cost:
    """Return what the case cost."""
    reading = case.transcript.reading
    silent = reading.usage == Usage() and reading.reported_cost_nano is None
    if silent and (not case.transcript.billed or case.status in NOT_SERVED):
        return Cost(0, CostSource.NOT_BILLED)
    if case.bad_price:
        return Cost(None, CostSource.UNKNOWN, case.bad_price)
    return cost(reading, _price(case), case.when_ms, case.facts)


def _price(case: CostCase) -> Price | None:
    """Return the given price, else the catalogue's for the model that served, else for the one asked for.

    What is free or local is so by the name that was asked for: an answer may leave out `:free` or `-cloud`.
    """
    prices = in_use()
    asked = prices.lookup(case.provider, case.model, case.when_ms)
    if case.price is not None:
        unpaid = case.price.input_mtok == 0 == case.price.output_mtok and case.price.plan is None
        return replace(case.price, plan=asked.plan) if unpaid and asked else case.price
    if asked is not None and asked.plan is not None:
        return asked
    served = prices.lookup(case.provider, case.transcript.model_served or "", case.when_ms)
    price = served if served is not None and served.plan is None else asked
    others = {model for model, _ in case.transcript.reading.others}
    known = {model: found for model in others if (found := prices.lookup(case.provider, model, case.when_ms))}
    return replace(price, by_model=known) if price and known else price


def document(name: object, case: CostCase, found: Cost) -> dict[str, object]:
    """Return a case's line: counts, the cost as a decimal string in dollars or null, and its source."""
    return _line(name, case.transcript.reading.usage, found)


def _line(name: object, usage: Usage, found: Cost) -> dict[str, object]:
    """A cache count that the wire left out is 0 where it did count the input."""
    absent = None if usage.input_tokens is None else 0
    return {
        "id": name,
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": absent if usage.cache_read_tokens is None else usage.cache_read_tokens,
        "cache_write_tokens": absent if usage.cache_write_tokens is None else usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost_usd": usd(found.nano),
        "cost_source": found.source.value,
    }
