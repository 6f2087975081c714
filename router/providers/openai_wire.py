"""The openai wire: Chat Completions, as OpenAI and all its relatives speak it.

Owns how a call is put and what a chunk means. Sending and deadlines are `streaming.py`'s, counts are
`core/usage`'s, differences between providers `openai_variants.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.core.dialects.error_bodies import error_in, error_of, parse_json
from router.core.dialects.framing import ServerSentEvent, SseDecoder
from router.core.usage import read_openai
from router.core.usage.counts import at
from router.engine.ports import Call, UpstreamEvent
from router.providers.openai_variants import variant_of
from router.providers.reading import AnswerFacts
from router.providers.streaming import json_post
from router.providers.transport import HttpRequest

BASE_URL = "https://api.openai.com/v1"
"""Where calls go when the provider names no base URL."""


class OpenAiDialect:
    """The openai wire; a `Dialect`."""

    def request(self, call: Call) -> HttpRequest:
        """Put `call` into a Chat Completions request."""
        provider = call.deployment.provider
        variant = variant_of(provider)
        body: dict[str, object] = {
            "model": call.deployment.model,
            "messages": [{"role": turn.role, "content": turn.text} for turn in call.messages],
            "stream": call.stream,
        }
        if call.max_tokens is not None:
            body[variant.max_tokens] = call.max_tokens
        if call.stream and variant.stream_options:
            body["stream_options"] = {"include_usage": True}
        if call.thinking_tokens is not None:
            body |= variant.thinking(call.thinking_tokens)
        headers = variant.headers
        if provider.api_key is not None:
            headers = (*headers, ("authorization", f"Bearer {provider.api_key.reveal()}"))
        return json_post(call, f"{provider.base_url or BASE_URL}/chat/completions", headers, body)

    def decoder(self) -> SseDecoder:
        """Return a decoder for one stream."""
        return SseDecoder()

    def reader(self) -> OpenAiReader:
        """Return a reader for one answer."""
        return OpenAiReader()


class OpenAiReader:
    """Reads one answer of the openai wire."""

    def __init__(self) -> None:
        self.facts = AnswerFacts()

    def feed(self, event: ServerSentEvent) -> list[UpstreamEvent]:
        """Take one event of a stream; return content and usage."""
        if self.facts.whole:  # what comes after the wire's last word is no part of the answer
            return []
        if event.data.strip() == "[DONE]":
            self.facts.whole = True
            return []
        chunk = parse_json(event.data)
        # Groq names its errors and does not always wrap them; the others send them where a chunk would be.
        self.facts.error = (
            error_of(chunk) if event.event == "error" else error_in(chunk)
        ) or self.facts.error
        if isinstance(chunk, dict) and event.event != "error":
            return self._take(chunk, event.raw)
        if self.facts.error is None and event.complete:
            self.facts.parsed = False
        return []

    def whole(self, body: Mapping[str, object]) -> list[UpstreamEvent]:
        """Take the whole body of an answer that is no stream; return content and usage."""
        if not body.get("choices"):
            self.facts.parsed = False
        return self._take(body, b"")

    def _take(self, chunk: Mapping[str, object], raw: bytes) -> list[UpstreamEvent]:
        said: list[UpstreamEvent] = []
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict) or choice.get("index") not in (0, None):
                continue  # a second choice is another answer
            for text, kind in self._new(choice):
                said.append(self.facts.content(text, kind, raw))
                raw = b""  # the bytes go out once, however many pieces they hold
            if isinstance(reason := choice.get("finish_reason"), str) and reason:
                self.facts.finish_reason = reason  # some servers write "" until there is one
            self.facts.error = error_in(choice) or self.facts.error
        if isinstance(model := chunk.get("model"), str):
            self.facts.model = model
        elsewhere = at(chunk, self.facts.usage_at) if self.facts.usage_at else None
        if elsewhere:
            said += self.facts.report(read_openai({**chunk, "usage": elsewhere}))
        elif any(chunk.get(place) for place in ("usage", "x_groq", "choices")) and _counted(chunk):
            said += self.facts.report(read_openai(chunk))
        return said

    def _new(self, choice: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """Yield what a choice says that was not said before; some end a stream by saying all of it again."""
        if "delta" not in choice and self.facts.content_seen:
            return
        whole = (
            "".join(self.facts.texts) if choice.get("finish_reason") and len(self.facts.texts) > 1 else None
        )
        for text, kind in _pieces(choice.get("delta") or choice.get("message")):
            if kind == "text" and text == whole:
                continue
            yield text, kind


def _counted(chunk: Mapping[str, object]) -> bool:
    """Whether a chunk holds usage in any of the places where servers put it."""
    choices = chunk.get("choices")
    beside = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    return bool(chunk.get("usage") or chunk.get("x_groq") or beside.get("usage"))


def _pieces(message: object) -> Iterator[tuple[str, str]]:
    """Yield what a delta or a message says, as text and kind; empty strings say nothing."""
    if not isinstance(message, dict):
        return
    # Some servers send the same reasoning under both names.
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    yield from _words(reasoning, "reasoning")
    yield from _words(message.get("content"), "text")
    yield from _words(message.get("refusal"), "refusal")
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        yield _arguments(call), "tool"
    if message.get("function_call"):
        yield _arguments({"function": message["function_call"]}), "tool"


def _words(value: object, kind: str) -> Iterator[tuple[str, str]]:
    """Yield a field's text; Mistral's reasoning models send a list of typed parts instead of a string."""
    if isinstance(value, str):
        if value:
            yield value, kind
        return
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield from _words(part["text"], kind)
        elif isinstance(part, dict) and part.get("type") == "thinking":
            yield from _words(part.get("thinking"), "reasoning")


def _arguments(call: object) -> str:
    """The piece of a tool call's arguments; empty in its first delta, which only names the tool."""
    function = call.get("function") if isinstance(call, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return arguments if isinstance(arguments, str) else ""
