"""Streams of Chat Completions: chunks read into events, events written as chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from router.core.dialects.chat.answers import finish_of, word_for, write_error, write_usage
from router.core.dialects.chat.requests import GEMINI
from router.core.dialects.error_bodies import error_in, error_of, parse_json
from router.core.dialects.framing import ServerSentEvent, SseDecoder
from router.core.dialects.reader import StreamReader
from router.core.dialects.reply import (
    Began,
    Broke,
    Counted,
    Finish,
    Finished,
    Piece,
    ReplyEvent,
)
from router.core.message import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from router.core.records.usage import NO_USAGE
from router.core.usage import read_openai

DONE = "[DONE]"


def decoder() -> SseDecoder:
    """Return a decoder for one stream."""
    return SseDecoder()


class Reader(StreamReader):
    """Reads one answer, streamed or whole, as any of the many servers of this dialect sends it."""

    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[object, str] = {}
        self._last_key: object = "call"

    def feed(self, event: ServerSentEvent) -> list[ReplyEvent]:
        """Take one event of a stream."""
        facts = self.facts
        if facts.whole:  # what comes after the wire's last word is no part of the answer
            return []
        if event.data.strip() == DONE:
            facts.whole = True
            return self.end(self._finish())
        chunk = parse_json(event.data)
        # Groq names its errors and does not always wrap them; the others send them where a chunk would be.
        error = error_of(chunk) if event.event == "error" else error_in(chunk)
        if isinstance(chunk, dict) and event.event != "error":
            said = self._take(chunk)
            return said + (self.fail(error) if error else [])
        if error:
            return self.fail(error)
        if facts.error is None and event.complete:
            facts.parsed = False
        return []

    def whole(self, body: Mapping[str, object]) -> list[ReplyEvent]:
        """Take the whole body of an answer that is no stream."""
        if not body.get("choices"):
            self.facts.parsed = False
        return self._take(body)

    def close(self, *, clean: bool = True) -> list[ReplyEvent]:
        """Take the end of the bytes; `clean` where the connection said that it was done."""
        return self.end(self._finish(), clean=clean)

    def _finish(self) -> Finish | None:
        return finish_of(self.facts.finish_reason, calls=self.facts.calls_seen)

    def _take(self, chunk: Mapping[str, object]) -> list[ReplyEvent]:
        facts = self.facts
        told = self.begin(_began(chunk))
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict) or choice.get("index") not in (0, None):
                continue  # a second choice is another answer
            for part, key in self._new(choice):
                told += self.say(part, key)
            if isinstance(reason := choice.get("finish_reason"), str) and reason:
                facts.finish_reason = reason  # some servers write "" until there is one
            if error := error_in(choice):
                told += self.fail(error)
        if isinstance(model := chunk.get("model"), str):
            facts.model = model
        if any(chunk.get(place) for place in ("usage", "x_groq", "choices")) and _counted(chunk):
            told += self.count(read_openai(chunk))
        return told

    def _new(self, choice: Mapping[str, object]) -> Iterator[tuple[Part, object]]:
        """Yield what a choice says that was not said before; some end a stream by saying all of it again."""
        facts = self.facts
        if "delta" not in choice and facts.content_seen:
            return
        whole = "".join(facts.texts) if choice.get("finish_reason") and len(facts.texts) > 1 else None
        for part, key in _pieces(choice.get("delta") or choice.get("message")):
            if not (isinstance(part, Text) and part.text == whole):
                yield part, self._known(part, key)

    def _known(self, part: Part, key: object) -> object:
        """Return the key of a call: a new id at an index that is known is a new call."""
        if not isinstance(part, ToolCall):
            return None
        ids = self._ids
        if key is None:
            key = part.id or self._last_key
        if part.id and ids.get(key, part.id) != part.id:
            key = (key, part.id)
        if part.id:
            ids[key] = part.id
        self._last_key = key
        return key


def _began(chunk: Mapping[str, object]) -> Began:
    answer_id, model, created = chunk.get("id"), chunk.get("model"), chunk.get("created")
    return Began(
        answer_id if isinstance(answer_id, str) else "",
        model if isinstance(model, str) else "",
        created if isinstance(created, int) else 0,
    )


def _counted(chunk: Mapping[str, object]) -> bool:
    """Whether a chunk holds usage in any of the places where servers put it."""
    choices = chunk.get("choices")
    beside = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    return bool(chunk.get("usage") or chunk.get("x_groq") or beside.get("usage"))


def _pieces(message: object) -> Iterator[tuple[Part, object]]:
    """Yield what a delta or a message says, and of a call its index; empty strings say nothing."""
    if not isinstance(message, dict):
        return
    # Some servers send the same reasoning under both names.
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    for field, kind in (
        (reasoning, Reasoning),
        (message.get("content"), Text),
        (message.get("refusal"), Refusal),
    ):
        for part in _words(field, kind):
            yield part, None
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            yield _call(call), call.get("index")
    if message.get("function_call"):
        yield _call({"function": message["function_call"]}), 0


def _words(value: object, kind: type[Text | Reasoning | Refusal]) -> Iterator[Part]:
    """Yield a field's text; Mistral's reasoning models send a list of typed parts instead of a string."""
    if isinstance(value, str):
        if value:
            yield kind(value)
        return
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield from _words(part["text"], kind)
        elif isinstance(part, dict) and part.get("type") == "thinking":
            yield from _words(part.get("thinking"), Reasoning)


def _call(call: Mapping[str, object]) -> ToolCall:
    function = call.get("function") or call.get("custom")
    function = function if isinstance(function, dict) else {}
    name, arguments, call_id = function.get("name"), function.get("arguments"), call.get("id")
    state = call.get("extra_content")
    for step in ("google", "thought_signature"):
        state = state.get(step) if isinstance(state, dict) else None
    return ToolCall(
        call_id if isinstance(call_id, str) else "",
        name if isinstance(name, str) else "",
        arguments if isinstance(arguments, str) else "",
        opaque=Opaque(GEMINI, state) if isinstance(state, str) else None,
    )


class Writer:
    """Writes one answer's events as chunks."""

    def __init__(self, *, include_usage: bool = True) -> None:
        """`include_usage`: whether the client asked for a chunk with it."""
        self._include_usage = include_usage
        self._head: dict[str, object] = {}
        self._usage = NO_USAGE
        self._calls: dict[int, int] = {}
        """The index of the call at a place."""
        self._last: Piece | None = None

    def write(self, event: ReplyEvent) -> bytes:
        """Return the bytes that tell an event; empty where the dialect has no word for it."""
        match event:
            case Began():
                self._head = {
                    "id": event.id,
                    "object": "chat.completion.chunk",
                    "created": event.created,
                    "model": event.model,
                }
                return self._chunk({"role": "assistant", "content": ""})
            case Piece():
                delta = self._delta(event)
                return self._chunk(delta) if delta else b""
            case Counted():
                self._usage = event.reading.usage
                return b""
            case Finished():
                ended = self._chunk({}, word_for(event.finish, calls=bool(self._calls)))
                usage = write_usage(self._usage) if self._include_usage else None
                counted = _data({**self._head, "choices": [], "usage": usage}) if usage else b""
                return ended + counted + b"data: [DONE]\n\n"
            case Broke():
                return _data(write_error(event.error)[1])

    def ping(self) -> bytes:
        """Return bytes that only show that somebody is there."""
        return b": ping\n\n"

    def _delta(self, piece: Piece) -> dict[str, object]:
        if isinstance(piece.part, Text | Reasoning | Refusal) and not piece.part.text:
            return {}
        before, self._last = self._last, piece
        anew = before is not None and before.place != piece.place and type(before.part) is type(piece.part)
        gap = "\n\n" if anew else ""  # what stood apart, stands apart
        match piece.part:
            case Text(text=text):
                return {"content": text}
            case Reasoning(text=text):
                return {"reasoning_content": gap + text}
            case Refusal(text=text):
                return {"refusal": gap + text}
            case ToolCall() as call:
                return {"tool_calls": [self._call(piece.place, call)]}
            case _:
                return {}

    def _call(self, place: int, call: ToolCall) -> dict[str, object]:
        if (index := self._calls.get(place)) is not None:
            return {"index": index, "function": {"arguments": call.arguments}}
        self._calls[place] = index = len(self._calls)
        function = {"name": call.name, "arguments": call.arguments}
        state = {}
        if call.opaque is not None and call.opaque.maker == GEMINI:
            state = {"extra_content": {"google": {"thought_signature": call.opaque.state}}}
        return {"index": index, "id": call.id, "type": "function", "function": function, **state}

    def _chunk(self, delta: Mapping[str, object], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _data({**self._head, "choices": [choice]})


def _data(value: Mapping[str, object]) -> bytes:
    return (
        b"data: "
        + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        + b"\n\n"
    )
