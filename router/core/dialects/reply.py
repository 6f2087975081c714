"""What a model answers: whole, or as the events of a stream, or as an error.

A stream is `Began`, then pieces and counts, then `Finished` or `Broke`, which is always the last and comes
once. Places never fall: a part is over when the next one begins, in whatever order a server sent them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from router.core.message import Extra, Part, Reasoning, Refusal, Text, ToolCall
from router.core.records.usage import NO_USAGE, Usage
from router.core.usage import NOTHING_READ, UsageReading


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    FILTERED = "filtered"
    PAUSED = "paused"
    """The provider's own tools need another turn; the same messages are sent again."""
    CONTEXT_FULL = "context_full"


class ErrorKind(StrEnum):
    """What an API says is wrong."""

    BAD_REQUEST = "bad_request"
    CONTEXT_OVERFLOW = "context_overflow"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    BILLING = "billing"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error as an API tells it."""

    kind: ErrorKind
    message: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    parts: tuple[Part, ...] = ()
    finish: Finish | None = None
    usage: Usage = NO_USAGE
    id: str = ""
    model: str = ""
    """Who answered, as the provider spells it."""
    created: int = 0
    """Seconds since 1970; 0 where it is not told."""
    stop_sequence: str | None = None
    dialect: str = ""
    """Whose `extra` it holds."""
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class Began:
    """An answer begins."""

    id: str = ""
    model: str = ""
    created: int = 0
    input_tokens: int | None = None
    """What is known, or estimated, of the input before anything is counted."""


@dataclass(frozen=True, slots=True)
class Piece:
    """More of the part that stands at a place; of a call only the first piece has its id and name."""

    place: int
    part: Part


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of usage so far; a later one holds all that an earlier one held."""

    reading: UsageReading


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is whole."""

    finish: Finish
    stop_sequence: str | None = None


@dataclass(frozen=True, slots=True)
class Broke:
    """The answer failed; nothing that came makes a whole one."""

    error: ApiError


ReplyEvent: TypeAlias = Began | Piece | Counted | Finished | Broke
CUT = ApiError(ErrorKind.SERVER, "the answer broke off before its end")


def gather(events: Iterable[ReplyEvent]) -> Reply | ApiError:
    """Return the answer that a stream's events make, or its error; one that never ended is cut."""
    reply, reading = Reply(), NOTHING_READ
    held: dict[int, list[Part]] = {}
    for event in events:
        match event:
            case Began():
                reply = replace(reply, id=event.id, model=event.model, created=event.created)
            case Piece():
                held.setdefault(event.place, []).append(event.part)
            case Counted():
                reading = event.reading
            case Broke():
                return event.error
            case Finished():
                parts = tuple(joined(pieces) for _, pieces in sorted(held.items()))
                ended = replace(reply, finish=event.finish, stop_sequence=event.stop_sequence)
                return replace(ended, parts=parts, usage=reading.usage)
    return CUT


def joined(pieces: list[Part]) -> Part:
    """Return the part that pieces make; what a later one says beside its words is laid over the earlier."""
    first, *more = pieces
    if not more:
        return first
    for piece in more:
        if isinstance(first, Text | Reasoning | ToolCall) and isinstance(piece, Text | Reasoning | ToolCall):
            first = replace(first, opaque=piece.opaque or first.opaque)
        if not isinstance(first, Text | Reasoning | ToolCall | Refusal):
            return first
        if piece_extra := getattr(piece, "extra", None):
            first = replace(first, extra={**(first.extra or {}), **piece_extra})
    if isinstance(first, ToolCall):
        calls = [part for part in pieces if isinstance(part, ToolCall)]
        return replace(first, arguments="".join(call.arguments for call in calls))
    if isinstance(first, Text | Reasoning | Refusal):
        said = [part.text for part in pieces if isinstance(part, Text | Reasoning | Refusal)]
        return replace(first, text="".join(said))
    return first
