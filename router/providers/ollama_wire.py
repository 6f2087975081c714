"""The ollama wire: Ollama's own `/api/chat`, which streams JSON lines.

Owns how a call is put and what a line means. Sending and deadlines are `streaming.py`'s, counts are
`core/usage`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.core.usage import read_ollama
from router.engine.ports import Call, UpstreamEvent
from router.providers.ndjson import NdjsonDecoder
from router.providers.reading import Facts, error_in, parse_json
from router.providers.sse import ServerSentEvent
from router.providers.streaming import json_post
from router.providers.transport import HttpRequest

BASE_URL = "http://127.0.0.1:11434"
"""Where calls go when the provider names no base URL: Ollama's own default."""


class OllamaDialect:
    """The ollama wire; a `Dialect`."""

    def request(self, call: Call) -> HttpRequest:
        """Put `call` into a chat request."""
        provider = call.deployment.provider
        options: dict[str, object] = {}
        if call.max_tokens is not None:
            options["num_predict"] = call.max_tokens
        if call.deployment.context_window is not None:
            # Without it Ollama cuts a prompt silently at its own default.
            options["num_ctx"] = call.deployment.context_window
        body = {
            "model": call.deployment.model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in call.messages],
            "stream": call.stream,
            "options": options,
        }
        headers: tuple[tuple[str, str], ...] = ()
        if provider.api_key is not None:
            headers = (("authorization", f"Bearer {provider.api_key.reveal()}"),)
        return json_post(call, f"{provider.base_url or BASE_URL}/api/chat", headers, body)

    def decoder(self) -> NdjsonDecoder:
        """Return a decoder for one stream."""
        return NdjsonDecoder()

    def reader(self) -> OllamaReader:
        """Return a reader for one answer."""
        return OllamaReader()


class OllamaReader:
    """Reads one answer of the ollama wire."""

    def __init__(self) -> None:
        self.facts = Facts()

    def feed(self, event: ServerSentEvent) -> list[UpstreamEvent]:
        """Take one line of a stream; return content and usage."""
        line = parse_json(event.data)
        if not isinstance(line, dict):
            self.facts.parsed = self.facts.parsed and not event.complete
            return []
        self.facts.error = error_in(line) or self.facts.error
        return self._take(line, event.raw)

    def whole(self, body: Mapping[str, object]) -> list[UpstreamEvent]:
        """Take the whole body of an answer that is no stream; return content and usage."""
        if not isinstance(body.get("message"), dict):
            self.facts.parsed = False
        return self._take(body, b"")

    def _take(self, line: Mapping[str, object], raw: bytes) -> list[UpstreamEvent]:
        said: list[UpstreamEvent] = []
        message = line.get("message")
        for field, kind in (("thinking", "reasoning"), ("content", "text")):
            text = message.get(field) if isinstance(message, dict) else None
            if isinstance(text, str) and text:
                said.append(self.facts.content(text, kind, raw))
                raw = b""  # the bytes go out once, however many pieces they hold
        if isinstance(message, dict) and message.get("tool_calls"):
            said.append(self.facts.content("", "tool", raw))
        if isinstance(model := line.get("model"), str):
            self.facts.model = model
        if line.get("done") is True:
            self.facts.finish_reason = str(line.get("done_reason") or "stop")  # old servers give no reason
            self.facts.whole = True
            said += self.facts.report(read_ollama(line))
        return said
