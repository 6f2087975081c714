"""What each dialect's clients accept as a stream, as state machines; an odd step is an AssertionError."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from router.core.dialects.framing import ServerSentEvent, SseDecoder


def events_in(stream: bytes) -> list[ServerSentEvent]:
    decoder = SseDecoder()
    told = decoder.feed(stream)
    assert decoder.flush() == []
    return told


class Chat:
    """A stream of Chat Completions: `start`, `body`, `finished`, then `done` or `error`."""

    def __init__(self) -> None:
        self.state = "start"
        self._heads = set[object]()
        self._arguments = list[str]()
        self._reason: str | None = None
        self._counted = False

    def step(self, event: ServerSentEvent) -> None:
        assert self.state not in ("done", "error")
        assert not event.event
        if event.data == "[DONE]":
            self._done()
            return
        chunk = json.loads(event.data)
        if "error" in chunk:
            assert chunk["error"]["message"]
            assert chunk["error"]["type"]
            self.state = "error"
            return
        self._heads.add((chunk["id"], chunk["created"], chunk["model"], chunk["object"]))
        assert len(self._heads) == 1
        if chunk["choices"]:
            self._choice(*chunk["choices"])
        else:
            assert self.state == "finished"
            assert not self._counted
            assert chunk["usage"]["total_tokens"] >= 0
            self._counted = True

    def _choice(self, choice: dict[str, Any]) -> None:
        assert self.state in ("start", "body")
        if self.state == "start":
            assert choice["delta"]["role"] == "assistant"
            self.state = "body"
        for call in choice["delta"].get("tool_calls", ()):
            if call["index"] == len(self._arguments):
                assert call["id"]
                assert (call["type"], "name" in call["function"]) == ("function", True)
                self._arguments.append("")
            else:
                assert call.keys() == {"index", "function"}
                assert call["function"].keys() == {"arguments"}
            self._arguments[call["index"]] += call["function"]["arguments"]
        if choice["finish_reason"] is not None:
            self._reason, self.state = choice["finish_reason"], "finished"

    def _done(self) -> None:
        assert self.state == "finished"
        assert self._reason in ("stop", "length", "tool_calls", "content_filter")
        assert not self._arguments or self._reason != "stop"
        assert self._arguments or self._reason != "tool_calls"
        _assert_json(self._arguments)
        self.state = "done"


def _assert_json(texts: Iterable[str]) -> None:
    for text in texts:
        assert not text or isinstance(json.loads(text), dict)


class Anthropic:
    """A stream of messages: `start`, `open`, `in` a block, `ended`, then `done` or `error`."""

    DELTAS: ClassVar = {
        "text": {"text_delta"},
        "tool_use": {"input_json_delta"},
        "thinking": {"thinking_delta", "signature_delta"},
    }

    def __init__(self) -> None:
        self.state = "start"
        self._kinds = list[str]()
        self._ids = set[str]()
        self._arguments = list[str]()
        self._signed = False

    def step(self, event: ServerSentEvent) -> None:
        assert self.state not in ("done", "error")
        said = json.loads(event.data)
        assert event.event == said["type"]
        if said["type"] == "error":
            assert said["error"]["type"]
            assert said["error"]["message"]
            self.state = "error"
            return
        if said["type"] == "ping":
            assert self.state != "start"
            return
        getattr(self, f"_{said['type']}")(said)

    def _message_start(self, said: dict[str, Any]) -> None:
        assert self.state == "start"
        assert said["message"]["content"] == []
        assert said["message"]["stop_reason"] is None
        assert isinstance(said["message"]["usage"]["input_tokens"], int)
        self.state = "open"

    def _content_block_start(self, said: dict[str, Any]) -> None:
        assert (self.state, said["index"]) == ("open", len(self._kinds))
        block = said["content_block"]
        self._kinds.append(block["type"])
        assert block["type"] in self.DELTAS
        if block["type"] == "tool_use":
            assert re.fullmatch(r"[a-zA-Z0-9_-]+", block["id"])
            assert block["id"] not in self._ids
            assert (block["input"], bool(block["name"])) == ({}, True)
            self._ids.add(block["id"])
            self._arguments.append("")
        self._signed, self.state = False, "in"

    def _content_block_delta(self, said: dict[str, Any]) -> None:
        assert (self.state, said["index"]) == ("in", len(self._kinds) - 1)
        delta = said["delta"]
        assert delta["type"] in self.DELTAS[self._kinds[-1]]
        assert not self._signed
        self._signed = delta["type"] == "signature_delta"
        if delta["type"] == "input_json_delta":
            self._arguments[-1] += delta["partial_json"]

    def _content_block_stop(self, said: dict[str, Any]) -> None:
        assert (self.state, said["index"]) == ("in", len(self._kinds) - 1)
        assert self._signed or self._kinds[-1] != "thinking"
        self.state = "open"

    def _message_delta(self, said: dict[str, Any]) -> None:
        assert self.state == "open"
        reason = said["delta"]["stop_reason"]
        assert reason
        assert reason != "end_turn" or "tool_use" not in self._kinds
        assert reason != "tool_use" or "tool_use" in self._kinds
        assert said["usage"]["output_tokens"] >= 0
        self.state = "ended"

    def _message_stop(self, _: dict[str, Any]) -> None:
        assert self.state == "ended"
        _assert_json(self._arguments)
        self.state = "done"


Machine = Chat | Anthropic


def run(machine: type[Machine], stream: bytes) -> str:
    """Return the state in which a stream leaves its machine."""
    at = machine()
    for event in events_in(stream):
        at.step(event)
    return at.state


GRAMMARS: dict[str, type[Machine]] = {"chat": Chat, "anthropic": Anthropic}
