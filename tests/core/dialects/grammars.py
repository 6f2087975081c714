"""What each dialect's clients accept as a stream, as state machines; an odd step is an AssertionError."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

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


def run(machine: type[Chat], stream: bytes) -> str:
    """Return the state in which a stream leaves its machine."""
    at = machine()
    for event in events_in(stream):
        at.step(event)
    return at.state


GRAMMARS = {"chat": Chat}
