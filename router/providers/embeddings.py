"""Embeddings on the wires that make them: OpenAI's `/embeddings` and Ollama's `/api/embed`.

Each message of a call is one text. The vectors come as one piece of content of kind `vectors`: a JSON list of
lists, in the order of the texts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from router.core.dialects.framing import ServerSentEvent, SseDecoder
from router.core.usage import UsageReading, read_ollama, read_openai
from router.engine.ports import Call, UpstreamEvent
from router.providers.local_servers import OLLAMA_URL
from router.providers.openai_wire import BASE_URL as OPENAI_URL
from router.providers.reading import AnswerFacts
from router.providers.streaming import json_post
from router.providers.transport import HttpRequest

Read = Callable[[Mapping[str, object]], tuple[object, UsageReading]]
"""Finds the vectors and the usage in a body."""


class EmbeddingsDialect:
    """One wire's embeddings; a `Dialect`."""

    def __init__(self, base_url: str, path: str, read: Read) -> None:
        """`base_url` is where calls go when the provider names none."""
        self._base_url = base_url
        self._path = path
        self._read = read

    def request(self, call: Call) -> HttpRequest:
        """Put `call` into an embeddings request."""
        provider = call.deployment.provider
        body = {"model": call.deployment.model, "input": [turn.text for turn in call.messages]}
        key = provider.api_key
        headers = () if key is None else (("authorization", f"Bearer {key.reveal()}"),)
        return json_post(call, f"{provider.base_url or self._base_url}{self._path}", headers, body)

    def decoder(self) -> SseDecoder:
        """Return a decoder; the answer comes in one piece, so nothing is found in it."""
        return SseDecoder()

    def reader(self) -> EmbeddingsReader:
        """Return a reader for one answer."""
        return EmbeddingsReader(self._read)


class EmbeddingsReader:
    """Reads one answer with embeddings."""

    def __init__(self, read: Read) -> None:
        self.facts = AnswerFacts()
        self._find = read

    def feed(self, event: ServerSentEvent) -> list[UpstreamEvent]:
        """Take an event of a stream: there are none."""
        return []

    def whole(self, body: Mapping[str, object]) -> list[UpstreamEvent]:
        """Take the whole body; return its vectors and usage."""
        found, usage = self._find(body)
        vectors = [_vector(value) for value in found] if isinstance(found, list) else []
        if not vectors or None in vectors:
            self.facts.parsed = False
            return []
        self.facts.finish_reason, self.facts.whole = "stop", True
        if isinstance(model := body.get("model"), str):
            self.facts.model = model
        # They have no output, and no wire says so.
        counted = replace(usage, usage=replace(usage.usage, output_tokens=0))
        return [self.facts.content(json.dumps(vectors), "vectors", b""), *self.facts.report(counted)]


def _vector(value: object) -> list[float] | None:
    """Return what is a list of numbers, of which JSON's fractions are read as decimals, as floats."""
    if not isinstance(value, list) or not value or not all(type(one) in (int, Decimal) for one in value):
        return None
    return [float(one) for one in value]


def _openai(body: Mapping[str, object]) -> tuple[object, UsageReading]:
    data = body.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    places = [item.get("index", place) for place, item in enumerate(items)]
    if sorted(map(str, places)) != sorted(map(str, range(len(items)))):
        return None, read_openai(body)
    ordered = sorted(zip(places, items, strict=True), key=lambda one: int(str(one[0])))
    return [item.get("embedding") for _, item in ordered], read_openai(body)


def _ollama(body: Mapping[str, object]) -> tuple[object, UsageReading]:
    return body.get("embeddings"), read_ollama({**body, "done": True})


OPENAI = EmbeddingsDialect(OPENAI_URL, "/embeddings", _openai)
OLLAMA = EmbeddingsDialect(OLLAMA_URL, "/api/embed", _ollama)
