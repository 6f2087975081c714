"""One answer while it is read, without I/O: a head and bytes in, events and the `Exchange` out.

Owns what all wires share: telling answers from error bodies, the size limits, unwrapping error objects, and
keeping what was sent beside what came. What a wire's own events mean stands in its `*_wire.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from router.core.dialects.error_bodies import error_in, error_of, parse_json
from router.core.dialects.framing import MAX_BYTES, ServerSentEvent, TooLong
from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.usage import NO_USAGE, NOTHING_READ, UsageReading, merge
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, UsageReport
from router.errors import TransportError

ERROR_BODY_BYTES = 64 * 1024
"""How much of an error's body is read."""

TEXT_CHARS = 16 * 1024
"""How much of it is kept."""

REQUEST_ID_HEADERS = ("x-generation-id", "request-id", "x-request-id", "x-ds-trace-id")
"""Where providers put the id that their support asks for; the first one wins. OpenRouter's is what it can be
asked about afterwards."""


@dataclass(slots=True)
class AnswerFacts:
    """What the events of one answer have told so far; the reader of a wire fills it in."""

    error: object = None
    content_seen: bool = False
    texts: list[str] = field(default_factory=list)
    """The pieces of text that came."""
    finish_reason: str | None = None
    went_on: bool = False
    """Content came after a finish reason: it stands in every chunk, and says nothing of the end."""
    usage: UsageReading = NOTHING_READ
    model: str | None = None
    parsed: bool = True
    usage_at: str | None = None
    """Where the provider has its usage, where that is not the wire's usual place."""
    whole: bool = False
    """The wire's own last word has come (`[DONE]`, `message_stop`, `done`): what follows does not matter."""

    def content(self, text: str, kind: str, raw: bytes) -> Content:
        """Return a piece of the answer and note that there is one."""
        self.content_seen = True
        if kind == "text":
            self.texts.append(text)
        self.went_on = self.went_on or self.finish_reason is not None
        return Content(text, kind, raw)

    def report(self, reading: UsageReading) -> list[UpstreamEvent]:
        """Lay a usage reading over the earlier ones; return the report, or nothing when it holds no count."""
        self.usage = merge(self.usage, reading)
        if self.usage.usage == NO_USAGE and not self.usage.suspect:
            return []
        return [UsageReport(self.usage, self.model)]


class Decoder(Protocol):
    """Turns bytes into events: server-sent ones or lines."""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that `chunk` completes. Raises TooLong."""

    def flush(self) -> list[ServerSentEvent]:
        """Return what stood there when the stream ended."""


class Reader(Protocol):
    """Knows what a wire's events mean."""

    facts: AnswerFacts

    def feed(self, event: ServerSentEvent) -> list[UpstreamEvent]:
        """Take one event of a stream; return content and usage."""

    def whole(self, body: Mapping[str, object]) -> list[UpstreamEvent]:
        """Take the whole body of an answer that is no stream; return content and usage."""


class Alike:
    """Knows the next event of a stream where it is the last one over again with other words.

    Most events of most streams are: one that is the same, byte for byte, before and behind its words says the
    same as the last one said, and needs no parsing. Usage, a finish reason or an error is not the same.
    """

    def __init__(self) -> None:
        self._before: str | None = None
        self._behind = ""
        self._name = ""

    def words(self, event: ServerSentEvent) -> str | None:
        """Return the words of an event that is like the one that was learned; None for any other."""
        before, behind, data = self._before, self._behind, event.data
        if before is None or event.event != self._name or not event.complete:
            return None
        if not (data.startswith(before) and data.endswith(behind)):
            return None
        words = data[len(before) : len(data) - len(behind)]
        plain = words and '"' not in words and "\\" not in words and words.isprintable()
        return words if plain and len(data) > len(before) + len(behind) else None

    def learn(self, event: ServerSentEvent, said: list[UpstreamEvent], facts: AnswerFacts) -> None:
        """Take in an event that was parsed, and what it said."""
        self._before = None
        if len(said) != 1 or facts.finish_reason is not None or facts.error is not None or facts.whole:
            return
        content, data = said[0], event.data
        if not isinstance(content, Content) or content.kind != "text":
            return
        quoted = f'"{content.text}"'
        if data.count(quoted) != 1 or "\\" in content.text:
            return  # escaped, or there twice: which of them are the words is not known
        at = data.index(quoted) + 1
        self._before, self._behind, self._name = data[:at], data[at + len(content.text) :], event.event


class AnswerReading:
    """The state of one answer."""

    def __init__(self, call: Call, decoder: Decoder, reader: Reader) -> None:
        self._vendor = call.deployment.provider.vendor
        self._secret = call.deployment.provider.api_key
        self._streamed = call.stream
        self._decoder = decoder
        self._reader = reader
        reader.facts.usage_at = call.deployment.provider.usage_at
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._kept = bytearray()
        self._events_seen = False
        self._alike = Alike()
        self._stopped: StreamEnd | None = None

    @property
    def ok(self) -> bool:
        """Whether the head promises an answer."""
        return self._status is not None and 200 <= self._status < 300

    @property
    def finishing(self) -> bool:
        """Whether only usage and the wire's last word can still come."""
        return self._reader.facts.finish_reason is not None or self._reader.facts.error is not None

    @property
    def whole(self) -> bool:
        """Whether the wire's last word has come."""
        return self._reader.facts.whole

    @property
    def stopped(self) -> StreamEnd | None:
        """Why nothing more is read: a size limit, or as much of an error as we keep; else None."""
        return self._stopped

    def head(self, status: int, headers: Mapping[str, str]) -> Answering:
        """Take the status and the headers, names in lower case."""
        self._status = status
        self._headers = {name: value for name, value in headers.items() if name != "set-cookie"}
        ids = (headers[name] for name in REQUEST_ID_HEADERS if headers.get(name))
        return Answering(status, next(ids, None))

    def feed(self, chunk: bytes) -> list[UpstreamEvent]:
        """Take a piece of the body; return what it says."""
        if not self.ok:
            self._keep(chunk, ERROR_BODY_BYTES)
            return []
        if not self._streamed:
            self._keep(chunk, MAX_BYTES)
            return []
        try:
            events = self._decoder.feed(chunk)
        except TooLong:
            self._stopped = StreamEnd.TOO_LONG
            return []
        if not events and not self._events_seen:
            self._keep(chunk, MAX_BYTES)  # it may be no stream at all but an error, or an answer in one piece
        self._events_seen = self._events_seen or bool(events)
        return self._read(events)

    def finish(self, end: StreamEnd) -> list[UpstreamEvent]:
        """Take the body's end; return what that completes, `Ended` last."""
        said: list[UpstreamEvent] = []
        if self._events_seen and end is StreamEnd.EOF:
            said += self._flush()
        if self.ok and not self._events_seen:
            said += self._whole(end)
        if self._reader.facts.whole:
            end = StreamEnd.EOF
        return [*said, Ended(self._exchange(end))]

    def no_head(self, error: TransportError) -> Ended:
        """Return the end of a call that got no answer at all."""
        fault = error.fault or Fault.RESET_AFTER_SENT
        return Ended(Exchange(self._vendor, self._streamed, fault=fault, text=str(error)))

    def _keep(self, chunk: bytes, limit: int) -> None:
        self._kept += chunk[: limit - len(self._kept)]
        if len(self._kept) >= limit:
            self._stopped = StreamEnd.TOO_LONG if self.ok else StreamEnd.EOF

    def _whole(self, end: StreamEnd) -> list[UpstreamEvent]:
        """Read the kept bytes as one JSON body; anything else is no answer, unless it was cut off."""
        facts = self._reader.facts
        if self._streamed:
            said = self._flush()
            if said or facts.error or facts.finish_reason:
                return said
        body = parse_json(bytes(self._kept))
        facts.error = error_in(body)
        if facts.error is None and isinstance(body, dict):
            return self._reader.whole(body)
        facts.parsed = facts.error is not None or end is not StreamEnd.EOF
        return []

    def _flush(self) -> list[UpstreamEvent]:
        return self._read(self._decoder.flush())

    def _read(self, events: list[ServerSentEvent]) -> list[UpstreamEvent]:
        """Hand events on to the wire; one without data is how some servers show that they are alive."""
        told: list[UpstreamEvent] = []
        for event in events:
            words = self._alike.words(event)
            if words is not None:
                told.append(self._reader.facts.content(words, "text", event.raw))
            elif event.data.strip():
                said = self._reader.feed(event)
                self._alike.learn(event, said, self._reader.facts)
                told += said
        return told

    def _exchange(self, end: StreamEnd) -> Exchange:
        facts = self._reader.facts
        error = facts.error if self.ok else error_of(parse_json(bytes(self._kept)))
        ended = not facts.went_on or facts.whole or end is StreamEnd.EOF
        answered = self.ok and facts.parsed and error is None
        return Exchange(
            vendor=self._vendor,
            streamed=self._streamed,
            status=self._status,
            headers=self._headers,
            end=end,
            error=error,
            text="" if answered or facts.content_seen else self._text(),
            parsed=facts.parsed,
            content_seen=facts.content_seen,
            finish_reason=facts.finish_reason if ended else None,
            done=facts.whole,
            output_tokens=facts.usage.usage.output_tokens,
            usage_seen=facts.usage.usage != NO_USAGE,
            api_key=self._secret,
        )

    def _text(self) -> str:
        return bytes(self._kept).decode(errors="replace")[:TEXT_CHARS]
