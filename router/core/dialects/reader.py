"""One answer while it is read: what its events have told so far, and its parts put in order.

What the readers of all dialects share. `Facts` is the one place that knows whether an answer has ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from router.core.dialects.error_bodies import parse_json
from router.core.dialects.reply import (
    CUT,
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
from router.core.message import Part, Reasoning, Refusal, Text, ToolCall
from router.core.usage import NO_USAGE, NOTHING_READ, UsageReading, merge


@dataclass(slots=True)
class Facts:
    """What the events of one answer have told so far."""

    error: object = None
    """The error object that came, as it was spelled."""
    content_seen: bool = False
    texts: list[str] = field(default_factory=list)
    """The pieces of text that came."""
    calls_seen: bool = False
    finish_reason: str | None = None
    """As the wire spelled it."""
    stop_sequence: str | None = None
    went_on: bool = False
    """Content came after a finish reason: it stands in every chunk, and says nothing of the end."""
    usage: UsageReading = NOTHING_READ
    id: str = ""
    model: str | None = None
    parsed: bool = True
    whole: bool = False
    """The wire's own last word has come (`[DONE]`, `message_stop`, `done`): what follows does not matter."""


class StreamReader:
    """Turns what one dialect's events say into the events of the inner form."""

    def __init__(self) -> None:
        self.facts = Facts()
        self._slots: list[_Slot] = []
        self._front = 0
        self._by_key: dict[Hashable, _Slot] = {}
        self._began = False
        self._over = False

    def say(self, part: Part, key: Hashable = None) -> list[ReplyEvent]:
        """Take more of a part; without a key it goes on with the last one, or begins one of another kind."""
        facts = self.facts
        if isinstance(part, Text | Reasoning | Refusal) and not part.text:
            return [] if self._over else self._put(part, key)
        facts.content_seen = True
        facts.went_on = facts.went_on or facts.finish_reason is not None
        if isinstance(part, Text):
            facts.texts.append(part.text)
        facts.calls_seen = facts.calls_seen or isinstance(part, ToolCall)
        return [] if self._over else self._put(part, key)

    def begin(self, began: Began) -> list[ReplyEvent]:
        """Note who answers; told once."""
        self.facts.id = began.id or self.facts.id
        self.facts.model = began.model or self.facts.model
        if self._began:
            return []
        self._began = True
        return [began]

    def count(self, reading: UsageReading) -> list[ReplyEvent]:
        """Lay a usage reading over the earlier ones; nothing is told where it holds no count."""
        self.facts.usage = merge(self.facts.usage, reading)
        if self.facts.usage.usage == NO_USAGE and not self.facts.usage.suspect:
            return []
        return [Counted(self.facts.usage)]

    def fail(self, error: object) -> list[ReplyEvent]:
        """Note an error object: the answer is over."""
        self.facts.error = error
        message = error.get("message") if isinstance(error, dict) else error
        words = message if isinstance(message, str) else "the provider broke off"
        return self._last(Broke(ApiError(ErrorKind.SERVER, words)))

    def end(self, finish: Finish | None, *, clean: bool = True) -> list[ReplyEvent]:
        """Say how it ended, once: `finish` is None where the wire has not said that the answer is whole."""
        if finish is None or (self.facts.went_on and not clean and not self.facts.whole):
            return self._last(Broke(CUT))
        rest = [] if self._over else self._drain(everything=True)
        return [*rest, *self._last(Finished(finish, self.facts.stop_sequence))]

    def _last(self, event: ReplyEvent) -> list[ReplyEvent]:
        if self._over:
            return []
        self._over = True
        return [event]

    def _put(self, part: Part, key: Hashable) -> list[ReplyEvent]:
        slot = self._by_key.get(key) if key is not None else self._slots[-1] if self._slots else None
        if slot is not None and slot.closed and isinstance(part, ToolCall):
            return []  # what comes for a call that was handed on has no place any more
        if slot is None or slot.closed or type(slot.part) is not type(part):
            slot = _Slot(part, len(self._slots))
            self._slots.append(slot)
            if key is not None:
                self._by_key[key] = slot
        else:
            slot.take(part)
        return self._drain()

    def _drain(self, *, everything: bool = False) -> list[ReplyEvent]:
        """Hand on what the front part has, and the next ones once it is over."""
        told: list[ReplyEvent] = []
        while self._front < len(self._slots):
            slot = self._slots[self._front]
            last = self._front == len(self._slots) - 1
            over = everything or (not last and slot.is_complete)
            told += slot.hand_on(self.facts.id, unnamed=over)
            if not over:
                break
            slot.closed = True
            self._front += 1
        return told


class _Slot:
    """One part on its way: what of it is not yet handed on."""

    def __init__(self, part: Part, place: int) -> None:
        self.part = part
        self.closed = False
        self._place = place
        self._waiting: list[Part] = [part]
        self._arguments = [part.arguments] if isinstance(part, ToolCall) else []
        self._told = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing more of it can come once another part has begun."""
        return not isinstance(self.part, ToolCall) or parse_json("".join(self._arguments)) is not None

    def take(self, part: Part) -> None:
        self._waiting.append(part)
        if isinstance(part, ToolCall) and isinstance(self.part, ToolCall):
            self._arguments.append(part.arguments)
            self.part = replace(
                self.part,
                id=self.part.id or part.id,
                name=self.part.name or part.name,
                opaque=part.opaque or self.part.opaque,
            )

    def hand_on(self, answer_id: str, *, unnamed: bool) -> list[ReplyEvent]:
        """Return what waits; a call waits for its name, which nobody may have sent."""
        call, waiting = self.part, self._waiting
        if not waiting or (isinstance(call, ToolCall) and not (call.name or unnamed or self._told)):
            return []
        self._waiting = []
        if not isinstance(call, ToolCall):
            return [Piece(self._place, part) for part in waiting]
        calls = [part for part in waiting if isinstance(part, ToolCall)]
        arguments = "".join(part.arguments for part in calls)
        if self._told:
            opaque = next((part.opaque for part in reversed(calls) if part.opaque), None)
            bare = not arguments and opaque is None
            return [] if bare else [Piece(self._place, ToolCall("", "", arguments, None, opaque))]
        self._told = True
        call_id = call.id or made_id(answer_id, self._place, call.name)
        return [Piece(self._place, replace(call, id=call_id, arguments=arguments))]


def made_id(answer_id: str, place: int, name: str) -> str:
    """Return an id for a call that came without one: the same for the same answer."""
    return "call_" + hashlib.sha256(f"{answer_id}:{place}:{name}".encode()).hexdigest()[:20]


def kind_of(part: Part) -> str:
    """Return what kind of content a part is: `text`, `reasoning`, `refusal` or `tool`."""
    match part:
        case Reasoning():
            return "reasoning"
        case Refusal():
            return "refusal"
        case ToolCall():
            return "tool"
        case _:
            return "text"
