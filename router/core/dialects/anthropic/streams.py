"""Streams of the Messages API: its events read into ours, ours written as its."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from router.core.dialects.anthropic.answers import finish_of, word_for, write_error, write_usage
from router.core.dialects.anthropic.requests import NAME, read_block
from router.core.dialects.error_bodies import error_of, parse_json
from router.core.dialects.fields import Fields, Unreadable
from router.core.dialects.fitting.parts import is_whole, plain_id
from router.core.dialects.framing import ServerSentEvent, SseDecoder
from router.core.dialects.parts import seal, unseal
from router.core.dialects.reader import StreamReader
from router.core.dialects.reply import (
    ApiError,
    Began,
    Broke,
    Counted,
    ErrorKind,
    Finish,
    Finished,
    Piece,
    ReplyEvent,
)
from router.core.message import Opaque, Part, Reasoning, Refusal, Text, ToolCall, Unknown
from router.core.records.usage import NO_USAGE, Usage
from router.core.usage import read_anthropic

CUT_CALL = ApiError(ErrorKind.SERVER, "the model's tool call is not whole")


def decoder() -> SseDecoder:
    """Return a decoder for one stream."""
    return SseDecoder()


class Reader(StreamReader):
    """Reads one answer, streamed or whole. Events it does not know say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._stop_reason: str | None = None

    def feed(self, event: ServerSentEvent) -> list[ReplyEvent]:
        """Take one event of a stream."""
        said = parse_json(event.data)
        if not isinstance(said, dict):
            self.facts.parsed = self.facts.parsed and not event.complete
            return []
        match said.get("type") or event.event:
            case "message_start":
                return [*self._begin(said.get("message")), *self.count(read_anthropic(said))]
            case "content_block_start":
                return self._start(said.get("content_block"), said.get("index"))
            case "content_block_delta":
                return self._delta(said.get("delta"), said.get("index"))
            case "message_delta":
                self._note_stop(said.get("delta"))
                return self.count(read_anthropic(said))
            case "message_stop":
                # Only this event says that the answer is whole, so only now is the reason believed.
                self.facts.finish_reason = self._stop_reason
                self.facts.whole = True
                return self.close()
            case "error":
                return self.fail(error_of(said))
            case _:
                return []

    def whole(self, body: Mapping[str, object]) -> list[ReplyEvent]:
        """Take the whole body of an answer that is no stream."""
        blocks = body.get("content")
        if not isinstance(blocks, list):
            self.facts.parsed = False
            return []
        told = self._begin(body)
        for place, block in enumerate(blocks):
            if (part := _block(block, whole=True)) is not None:
                told += self.say(part, place)
        self._note_stop(body)
        self.facts.finish_reason = self._stop_reason
        return told + self.count(read_anthropic(body))

    def close(self, *, clean: bool = True) -> list[ReplyEvent]:
        """Take the end of the bytes; `clean` where the connection said that it was done."""
        finish = finish_of(self.facts.finish_reason, calls=self.facts.calls_seen)
        return self.end(finish, clean=clean)

    def _begin(self, message: object) -> list[ReplyEvent]:
        started = message if isinstance(message, dict) else {}
        answer_id, model = started.get("id"), started.get("model")
        return self.begin(
            Began(answer_id if isinstance(answer_id, str) else "", model if isinstance(model, str) else "")
        )

    def _start(self, block: object, index: object) -> list[ReplyEvent]:
        part = _block(block, whole=False)
        silent = isinstance(part, Text | Reasoning) and not part.text and part.opaque is None
        return [] if part is None or silent else self.say(part, _key(index))

    def _delta(self, delta: object, index: object) -> list[ReplyEvent]:
        part = _delta(delta)
        return [] if part is None else self.say(part, _key(index))

    def _note_stop(self, delta: object) -> None:
        if not isinstance(delta, dict):
            return
        if isinstance(delta.get("stop_reason"), str):
            self._stop_reason = delta["stop_reason"]
        if isinstance(delta.get("stop_sequence"), str):
            self.facts.stop_sequence = delta["stop_sequence"]


def _key(index: object) -> object:
    return index if isinstance(index, int) else None


def _block(block: object, *, whole: bool) -> Part | None:
    """Return the part that a block begins or, in a `whole` answer, is; None where it says nothing."""
    try:
        part = read_block(Fields(block))
    except Unreadable:
        return None
    if isinstance(part, ToolCall) and not whole and part.arguments == "{}":
        return replace(part, arguments="")  # the arguments come piece by piece
    return part


def _delta(delta: object) -> Part | None:
    """Return what a delta adds; None for nothing."""
    if not isinstance(delta, dict):
        return None
    match delta:
        case {"type": "text_delta", "text": str(text)} if text:
            return Text(text)
        case {"type": "thinking_delta", "thinking": str(text)} if text:
            return Reasoning(text)
        case {"type": "signature_delta", "signature": str(state)} if state:
            return Reasoning("", unseal(state, NAME))
        case {"type": "input_json_delta", "partial_json": str(arguments)}:
            return ToolCall("", "", arguments)
        case _:
            return None


class Writer:
    """Writes one answer's events; one block is open at a time."""

    def __init__(self) -> None:
        self._began = False
        self._place = -1
        self._index = -1
        self._open: Part | None = None
        self._state: Opaque | None = None
        self._arguments: list[str] = []
        self._cut = False
        self._calls = False
        self._usage = NO_USAGE

    def write(self, event: ReplyEvent) -> bytes:
        """Return the bytes that tell an event; empty where the dialect has no word for it."""
        match event:
            case Began():
                self._began = True
                return self._start_message(event)
            case Piece():
                return self._piece(event)
            case Counted():
                self._usage = event.reading.usage
                return b""
            case Finished():
                closed = self._close()
                if self._cut and event.finish in (Finish.STOP, Finish.TOOL_CALLS):
                    # A client would run the call with what it has of the arguments, or with none.
                    return closed + _event("error", write_error(CUT_CALL)[1])
                return closed + self._end(event)
            case Broke():
                return _event("error", write_error(event.error)[1])

    def ping(self) -> bytes:
        """Return bytes that only show that somebody is there."""
        return _event("ping", {}) if self._began else b": ping\n\n"

    def _start_message(self, event: Began) -> bytes:
        counted = self._usage if self._usage.input_tokens else Usage(input_tokens=event.input_tokens)
        message: dict[str, object] = {
            "id": event.id,
            "type": "message",
            "role": "assistant",
            "model": event.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, **write_usage(counted), "output_tokens": 0},
        }
        return _event("message_start", {"message": message})

    def _piece(self, piece: Piece) -> bytes:
        part = piece.part
        opened = b""
        if piece.place != self._place:
            if isinstance(part, Text | Refusal) and not part.text:
                return b""
            if isinstance(part, Unknown):
                return b""
            opened = self._close() + self._start_block(piece)
        if isinstance(part, Reasoning) and part.opaque is not None:
            self._state = part.opaque
        return opened + self._delta(part)

    def _start_block(self, piece: Piece) -> bytes:
        self._place, self._index, self._open = piece.place, self._index + 1, piece.part
        match piece.part:
            case Reasoning():
                block: dict[str, object] = {"type": "thinking", "thinking": "", "signature": ""}
            case ToolCall(id=call_id, name=name):
                self._calls = True
                block = {"type": "tool_use", "id": plain_id(call_id), "name": name, "input": {}}
            case _:
                block = {"type": "text", "text": ""}
        return _event("content_block_start", {"index": self._index, "content_block": block})

    def _delta(self, part: Part) -> bytes:
        match part:
            case Text(text=text) | Refusal(text=text) if text:
                delta = {"type": "text_delta", "text": text}
            case Reasoning(text=text) if text:
                delta = {"type": "thinking_delta", "thinking": text}
            case ToolCall(arguments=arguments) if arguments:
                self._arguments.append(arguments)
                delta = {"type": "input_json_delta", "partial_json": arguments}
            case _:
                return b""
        return _event("content_block_delta", {"index": self._index, "delta": delta})

    def _close(self) -> bytes:
        """Close the open block: a thought with its signature, which comes last and once."""
        opened, self._open = self._open, None
        if opened is None:
            return b""
        signed = b""
        if isinstance(opened, Reasoning):
            delta = {"type": "signature_delta", "signature": seal(self._state, NAME) or ""}
            signed = _event("content_block_delta", {"index": self._index, "delta": delta})
            self._state = None
        if isinstance(opened, ToolCall):
            self._cut = self._cut or not is_whole("".join(self._arguments))
            self._arguments.clear()
        return signed + _event("content_block_stop", {"index": self._index})

    def _end(self, event: Finished) -> bytes:
        reason = word_for(event.finish, calls=self._calls)
        delta = {"stop_reason": reason, "stop_sequence": event.stop_sequence}
        usage = {"output_tokens": 0, **write_usage(self._usage)}
        return _event("message_delta", {"delta": delta, "usage": usage}) + _event("message_stop", {})


def _event(kind: str, fields: Mapping[str, object]) -> bytes:
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode(errors="replace")
