"""The anthropic wire: the Messages API.

Owns how a call is put and what an event means. Sending and deadlines are `streaming.py`'s, counts are
`core/usage`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.core.dialects.error_bodies import error_of, parse_json
from router.core.dialects.framing import ServerSentEvent, SseDecoder
from router.core.message import CacheMark, Message
from router.core.usage import read_anthropic
from router.engine.ports import Call, UpstreamEvent
from router.providers.reading import AnswerFacts
from router.providers.streaming import json_post
from router.providers.transport import HttpRequest

BASE_URL = "https://api.anthropic.com"
"""Where calls go when the provider names no base URL."""
VERSION = "2023-06-01"
MAX_TOKENS = 4096
"""The wire demands a limit; this one holds when neither the caller nor the deployment has one."""

_SYSTEM_ROLES = ("system", "developer")
_PIECES = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "reasoning"),
    "input_json_delta": ("partial_json", "tool"),
    "text": ("text", "text"),
    "thinking": ("thinking", "reasoning"),
}
"""Where the words stand in a delta or a block of each type, and what kind they are."""
_SILENT_TOOLS = ("tool_use", "server_tool_use")
"""Blocks that are content although they hold no words."""


class AnthropicDialect:
    """The anthropic wire; a `Dialect`."""

    def request(self, call: Call) -> HttpRequest:
        """Put `call` into a Messages request; system turns go into its own field."""
        provider = call.deployment.provider
        system = [turn for turn in call.messages if turn.role in _SYSTEM_ROLES]
        turns = [turn for turn in call.messages if turn.role not in _SYSTEM_ROLES]
        body: dict[str, object] = {
            "model": call.deployment.model,
            "max_tokens": call.max_tokens or call.deployment.max_output_tokens or MAX_TOKENS,
            "messages": [{"role": turn.role, "content": _content([turn])} for turn in turns],
            "stream": call.stream,
        }
        if system:
            body["system"] = _content(system)
        if call.thinking_tokens is not None:
            body["thinking"] = {"type": "enabled", "budget_tokens": call.thinking_tokens}
        headers: tuple[tuple[str, str], ...] = (("anthropic-version", VERSION),)
        if provider.api_key is not None:
            headers = (*headers, ("x-api-key", provider.api_key.reveal()))
        base = (provider.base_url or BASE_URL).removesuffix("/v1")
        return json_post(call, f"{base}/v1/messages", headers, body)

    def decoder(self) -> SseDecoder:
        """Return a decoder for one stream."""
        return SseDecoder()

    def reader(self) -> AnthropicReader:
        """Return a reader for one answer."""
        return AnthropicReader()


def _content(turns: Sequence[Message]) -> object:
    """Return the text of turns; as blocks where one ends in a breakpoint of the prompt cache."""
    if not any(turn.mark for turn in turns):
        return "\n\n".join(turn.text for turn in turns)
    return [{"type": "text", "text": turn.text, **_breakpoint(turn)} for turn in turns]


def _breakpoint(turn: Message) -> dict[str, object]:
    match turn.mark:
        case None:
            return {}
        case CacheMark.FIVE_MINUTES:
            return {"cache_control": {"type": "ephemeral"}}
        case CacheMark.HOUR:
            return {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


class AnthropicReader:
    """Reads one answer of the anthropic wire."""

    def __init__(self) -> None:
        self.facts = AnswerFacts()
        self._stop_reason: str | None = None

    def feed(self, event: ServerSentEvent) -> list[UpstreamEvent]:
        """Take one event of a stream; return content and usage. Events it does not know say nothing."""
        said = parse_json(event.data)
        if not isinstance(said, dict):
            self.facts.parsed = self.facts.parsed and not event.complete
            return []
        match said.get("type") or event.event:
            case "message_start":
                self._note_model(said.get("message"))
                return self.facts.report(read_anthropic(said))
            case "content_block_start":
                return self._block(said.get("content_block"), event.raw)
            case "content_block_delta":
                return self._block(said.get("delta"), event.raw)
            case "message_delta":
                self._note_stop(said.get("delta"))
                return self.facts.report(read_anthropic(said))
            case "message_stop":
                # Only this event says that the answer is whole, so only now is the reason believed.
                self.facts.finish_reason = self._stop_reason
                self.facts.whole = True
            case "error":
                self.facts.error = error_of(said)
            case _:
                pass
        return []

    def whole(self, body: Mapping[str, object]) -> list[UpstreamEvent]:
        """Take the whole body of an answer that is no stream; return content and usage."""
        blocks = body.get("content")
        if not isinstance(blocks, list):
            self.facts.parsed = False
            return []
        self._note_model(body)
        self._note_stop(body)
        self.facts.finish_reason = self._stop_reason
        said = [piece for block in blocks for piece in self._block(block, b"")]
        return said + self.facts.report(read_anthropic(body))

    def _block(self, block: object, raw: bytes) -> list[UpstreamEvent]:
        if not isinstance(block, dict):
            return []
        kind = block.get("type")
        if kind in _SILENT_TOOLS:
            return [self.facts.content("", "tool", raw)]
        field, meaning = _PIECES.get(str(kind), ("", ""))
        text = block.get(field)
        return [self.facts.content(text, meaning, raw)] if isinstance(text, str) and text else []

    def _note_model(self, message: object) -> None:
        if isinstance(message, dict) and isinstance(message.get("model"), str):
            self.facts.model = message["model"]

    def _note_stop(self, delta: object) -> None:
        if isinstance(delta, dict) and isinstance(delta.get("stop_reason"), str):
            self._stop_reason = delta["stop_reason"]
