"""A saved answer, whole or streamed, read for its usage: what `cockpit cost` works on.

Takes parsed JSON or the lines of a stream and judges nothing but whether the answer was whole. Live streams
are read by the wires, with the same readers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from router.core.usage import (
    NOTHING_READ,
    UsageReading,
    cut_short,
    merge_all,
    read_anthropic,
    read_gemini,
    read_ollama,
    read_openai,
)
from router.core.usage.counts import Json, as_list, as_mapping, as_text, at

DONE = "[DONE]"
"""What OpenAI's dialect ends a stream with, where JSON would stand."""


class Api(StrEnum):
    """What kind of answer it is."""

    OPENAI_CHAT = "openai.chat"
    OPENAI_RESPONSES = "openai.responses"
    OPENAI_BATCH_LINE = "openai.batch_line"
    DEEPSEEK_CHAT = "deepseek.chat"
    OPENROUTER_CHAT = "openrouter.chat"
    ANTHROPIC_MESSAGES = "anthropic.messages"
    ANTHROPIC_BATCH_LINE = "anthropic.batch_line"
    GEMINI = "gemini.generateContent"
    GEMINI_STREAM = "gemini.streamGenerateContent"
    OLLAMA_CHAT = "ollama.chat"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What an answer says of its usage."""

    reading: UsageReading = NOTHING_READ
    model_served: str | None = None
    whole: bool = True
    """False for a stream that was cut: its output count is then None, for whatever was told is not final."""
    batch: bool = False
    billed: bool = True
    """False where the wire says that nothing was served: a batch item that failed."""


def parse_json(text: str) -> object:
    """Parse JSON with exact numbers. Raises ValueError for everything that is not JSON we can hold."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError(f"JSON that cannot be held: {error}") from error


def parse_stream(lines: Iterable[str]) -> Iterator[object]:
    """Yield the events of an SSE or NDJSON stream; comments, event names and broken pieces are left out."""
    pending = ""
    for line in lines:
        text = line.strip()
        payload = text.removeprefix("data:").strip() if text.startswith(("data:", "{")) else ""
        if payload == DONE:
            yield DONE
        for whole in (payload, f"{pending}\n{payload}") if payload else ():
            try:
                event = parse_json(whole)
            except ValueError:
                continue  # one JSON text over several data lines, or one that was cut
            pending, payload = "", ""
            yield event
            break
        pending = f"{pending}\n{payload}" if text else ""


def read_body(api: Api, body: object) -> Transcript:
    """Read a whole answer as parsed JSON; an array is a stream's chunks. Never raises."""
    if isinstance(body, list):
        return read_stream(api, body)
    match api:
        case Api.ANTHROPIC_BATCH_LINE:
            return _anthropic_batch_line(as_mapping(body))
        case Api.OPENAI_BATCH_LINE:
            return _openai_batch_line(as_mapping(body))
        case _:
            return Transcript(_READERS[api](body), _model(as_mapping(body)))


def read_stream(api: Api, events: Iterable[object]) -> Transcript:
    """Read a stream's events in order, `DONE` among them. Never raises."""
    seen = list(events)
    read = _READERS[api]
    reading = merge_all(read(event) for event in seen)
    whole = any(event == DONE or _ends(as_mapping(event)) for event in seen)
    models = [model for event in seen if (model := _model(as_mapping(event)))]
    return Transcript(reading if whole else cut_short(reading), models[-1] if models else None, whole)


_READERS: dict[Api, Callable[[object], UsageReading]] = {
    Api.OPENAI_CHAT: read_openai,
    Api.OPENAI_RESPONSES: read_openai,
    Api.OPENAI_BATCH_LINE: read_openai,
    Api.DEEPSEEK_CHAT: read_openai,
    Api.OPENROUTER_CHAT: read_openai,
    Api.ANTHROPIC_MESSAGES: read_anthropic,
    Api.ANTHROPIC_BATCH_LINE: read_anthropic,
    Api.GEMINI: read_gemini,
    Api.GEMINI_STREAM: read_gemini,
    Api.OLLAMA_CHAT: read_ollama,
}


def _anthropic_batch_line(line: Json) -> Transcript:
    result = as_mapping(line.get("result"))
    message = as_mapping(result.get("message"))
    failed = result.get("type") in ("errored", "canceled", "expired")
    return Transcript(read_anthropic(message), _model(message), batch=True, billed=not failed)


def _openai_batch_line(line: Json) -> Transcript:
    response = as_mapping(line.get("response"))
    body = as_mapping(response.get("body"))
    status = response.get("status_code")
    refused = isinstance(status, int) and status >= 400
    failed = bool(line.get("error")) or refused
    return Transcript(read_openai(body), _model(body), batch=True, billed=not failed)


def _model(event: Json) -> str | None:
    places = ("model", "modelVersion", "message.model", "response.model")
    return next((model for place in places if (model := as_text(at(event, place)))), None)


def _ends(event: Json) -> bool:
    """Whether an event says, on any wire, that nothing follows but its usage."""
    choices = [as_mapping(choice) for choice in as_list(event.get("choices"))]
    candidates = [as_mapping(candidate) for candidate in as_list(event.get("candidates"))]
    return (
        any(choice.get("finish_reason") for choice in choices)
        or (event.get("choices") == [] and bool(as_mapping(event.get("usage"))))
        or any(candidate.get("finishReason") for candidate in candidates)
        or bool(at(event, "promptFeedback.blockReason"))
        or event.get("done") is True
        or event.get("type") in _LAST_TYPES
        or bool(at(event, "delta.stop_reason"))
    )


_LAST_TYPES = ("message_stop", "response.completed", "response.incomplete", "response.failed")
