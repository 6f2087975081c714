"""A provider's answer saved as JSON, played through the readers of the live path.

Owns the format that `cockpit diagnose` reads: `{id, provider, request, status, headers, body | body_raw |
sse, transport?}`. What the bytes mean is the wires' business; nothing here reads an event or a body itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.providers import Billing, Provider, Wire
from router.engine.ports import Call, Content, Ended, UpstreamEvent
from router.errors import RouterError, TransportError
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.ollama_wire import OllamaDialect
from router.providers.openai_wire import OpenAiDialect
from router.providers.reading import AnswerReading
from router.providers.streaming import Dialect

FIRST_CONTENT_MS = 60_000
"""The time-out a saved answer is judged by, where its head came late."""
PIECE = 65_536
ENDLESS = 64 * 1024 * 1024
"""How much of a body of unnamed size is made; every reader has given up long before."""

_DIALECTS: Mapping[Wire, Dialect] = {
    Wire.OPENAI: OpenAiDialect(),
    Wire.ANTHROPIC: AnthropicDialect(),
    Wire.OLLAMA: OllamaDialect(),
}


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """One saved answer, checked."""

    id: object
    """Whatever the case was called, handed back as it came."""
    provider: str
    """The vendor whose rules apply."""
    streamed: bool
    status: int | None
    headers: Mapping[str, str]
    body: bytes
    transport: Mapping[str, object] = field(default_factory=dict)
    """What the connection did; examples are `end`, `error`, `hang_after_ms`."""


def parse(text: str) -> SavedAnswer:
    """Read one case. Raises RouterError that names the field and what belongs there."""
    try:
        case = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RouterError(f"not JSON: {error}") from None
    if not isinstance(case, dict):
        raise RouterError("not a JSON object")
    status, headers, transport = case.get("status"), case.get("headers") or {}, case.get("transport") or {}
    request = case.get("request") or {}
    if not isinstance(case.get("provider"), str):
        raise RouterError("`provider` must be a name, such as openai, anthropic or any")
    if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
        raise RouterError("`status` must be a number, or null when no head arrived")
    for name, table in (("headers", headers), ("transport", transport), ("request", request)):
        if not isinstance(table, dict):
            raise RouterError(f"`{name}` must be an object")
    return SavedAnswer(
        id=case.get("id"),
        provider=case["provider"],
        streamed=bool(request.get("stream", isinstance(case.get("sse"), list))),
        status=status,
        headers={str(name).lower(): str(value) for name, value in headers.items()},
        body=_body(case),
        transport=transport,
    )


def play(saved: SavedAnswer) -> Exchange:
    """Put a saved answer through its wire's reader. Raises RouterError as `parse` does."""
    dialect = _DIALECTS[_wire(saved)]
    reading = AnswerReading(_call(saved), dialect.decoder(), dialect.reader())
    fault = _fault(saved)
    if fault is not None or saved.status is None:
        return reading.no_head(TransportError("no answer", fault=fault)).exchange
    reading.head(saved.status, saved.headers)
    events: list[UpstreamEvent] = []
    for piece in _pieces(saved):
        events += reading.feed(piece)
        if reading.stopped:
            break
    *rest, last = reading.finish(reading.stopped or _end(saved))
    assert isinstance(last, Ended)
    kinds = {event.kind for event in (*events, *rest) if isinstance(event, Content)}
    return replace(
        last.exchange,
        # A caller of a stream has what arrived; the caller of a whole body has nothing until it is whole.
        delivered=saved.streamed and last.exchange.content_seen,
        reasoning_only=kinds == {"reasoning"},
    )


def _body(case: Mapping[str, object]) -> bytes:
    """Return the body's bytes: lines of a stream, a text as it came, or a JSON value."""
    if isinstance(lines := case.get("sse"), list):
        return "".join(f"{line}\n" for line in lines).encode(errors="replace")
    if (raw := case.get("body_raw")) is not None:
        return str(raw).encode(errors="replace")
    return b"" if case.get("body") is None else json.dumps(case["body"]).encode()


def _wire(saved: SavedAnswer) -> Wire:
    """Tell the dialect; Ollama speaks two, and an unnamed provider may speak any."""
    if saved.provider == "anthropic" or re.search(rb"^event: message_start", saved.body, re.MULTILINE):
        return Wire.ANTHROPIC
    native = saved.body.lstrip().startswith(b"{") and b'"choices"' not in saved.body
    return Wire.OLLAMA if saved.provider == "ollama" and native else Wire.OPENAI


def _call(saved: SavedAnswer) -> Call:
    provider = Provider(saved.provider, _wire(saved), Billing.METERED)
    deployment = Deployment(saved.provider, Tier("T0", "", 0), provider, "", Billing.METERED)
    return Call(deployment, messages=(), max_tokens=None, stream=saved.streamed)


def _fault(saved: SavedAnswer) -> Fault | None:
    """Return why no head came in time, or None when it did."""
    error = saved.transport.get("error")
    if saved.status is None and error is not None:
        try:
            return Fault(str(error))
        except ValueError:
            raise RouterError(f"`transport.error` must be one of {', '.join(Fault)}") from None
    late = _number(saved, "headers_after_ms") > FIRST_CONTENT_MS
    if late or (saved.status is None and saved.transport.get("end") == StreamEnd.HANG):
        return Fault.READ_TIMEOUT_AFTER_SENT
    return None


def _end(saved: SavedAnswer) -> StreamEnd:
    unsaid = StreamEnd.HANG if "hang_after_ms" in saved.transport else StreamEnd.EOF
    try:
        return StreamEnd(str(saved.transport.get("end") or unsaid))
    except ValueError:
        raise RouterError(f"`transport.end` must be one of {', '.join(StreamEnd)}") from None


def _pieces(saved: SavedAnswer) -> Iterator[bytes]:
    """Yield the body as it came off the wire; what repeats while nothing else comes is shown once more."""
    size = _number(saved, "slice_bytes") or PIECE
    yield from (saved.body[at : at + size] for at in range(0, len(saved.body), size))
    if "repeat_comments_every_ms" in saved.transport:
        yield b": still here\n\n"
    if "repeat_pings_every_ms" in saved.transport:
        yield b'event: ping\ndata: {"type": "ping"}\n\n'
    if "blank_line_every_ms" in saved.transport:
        yield b"\n"
    endless = ENDLESS if "body_generator" in saved.transport else 0
    left = _number(saved, "then_line_without_newline_bytes") or endless
    while left > 0:
        yield b"[" * min(left, PIECE)
        left -= PIECE


def _number(saved: SavedAnswer, name: str) -> int:
    """Return a whole number of the transport, 0 when it is not given."""
    value = saved.transport.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RouterError(f"`transport.{name}` must be a whole number, 0 or more")
    return value
