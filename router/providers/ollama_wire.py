"""The ollama wire: Ollama's own `/api/chat`, which streams JSON lines.

Owns how a call is put, with how much context, and what a line means. Sending and deadlines are
`streaming.py`'s, counts are `core/usage`'s, what is in memory is `ollama_state.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from router.core.cost.estimate import input_size
from router.core.dialects.error_bodies import error_in, parse_json
from router.core.dialects.framing import NdjsonDecoder, ServerSentEvent
from router.core.message import Message
from router.core.routing.clamp import MARGIN
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.usage import read_ollama
from router.engine.ports import Call, Ended, UpstreamEvent, UsageReport, Waiting
from router.errors import TransportError
from router.providers.local_servers import OLLAMA_URL
from router.providers.ollama_state import Held, held
from router.providers.reading import AnswerFacts
from router.providers.streaming import HttpUpstream, json_post
from router.providers.transport import HttpRequest, Transport

"""Where calls go when the provider names no base URL: Ollama's own default."""
LEAST_CONTEXT = 2048
ROOM_FOR_ANSWER = 4096
"""Tokens of context kept for an answer that nothing limits."""
LOADING_S = 180.0
"""How long the first token may take, at least, of a model that must be loaded first."""
LEAST_CUT = 1024
"""Below that many expected tokens a low count says more about the estimate than about the prompt."""


class OllamaUpstream:
    """Answers calls in the ollama wire, minding what the server has in memory; an `Upstream`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._http = HttpUpstream(transport, OllamaDialect())

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Give the model a context for `call` and time to load, then answer; see `Upstream.stream`."""
        state = await self._held(call)
        size = context_size(call, state.context if state else None)
        deployment = replace(call.deployment, context_window=size)
        if state is not None and not _stands(state, size):
            yield Waiting(f"Ollama is loading {deployment.model}")
            first_s = max(LOADING_S, deployment.timeouts.first_token_s)
            deployment = replace(deployment, timeouts=replace(deployment.timeouts, first_token_s=first_s))
        read: int | None = None
        async with aclosing(self._http.stream(replace(call, deployment=deployment))) as events:
            async for event in events:
                if isinstance(event, UsageReport):
                    read = event.reading.usage.input_tokens
                if isinstance(event, Ended):
                    yield Ended(replace(event.exchange, note=cut_note(call, read)))
                else:
                    yield event

    async def load(self, deployment: Deployment) -> None:
        """Have a local model in memory with the context a short question needs; nothing is generated.

        Where it is there already, nothing is sent. Raises TransportError.
        """
        call = Call(deployment, (Message("user", ""),), None, stream=False)
        state = await self._held(call)
        size = context_size(call, state.context if state else None)
        if state is not None and _stands(state, size):
            return
        body = {"model": deployment.model, "stream": False, "options": {"num_ctx": size}}
        request = json_post(call, f"{_base_url(call)}/api/generate", _authorization(call), body)
        try:  # the answer comes when the model is loaded
            async with asyncio.timeout(LOADING_S), self._transport.send(request) as response:
                status = response.status
        except TimeoutError:
            raise TransportError(f"Ollama did not load {deployment.model} within {LOADING_S:g} s") from None
        if status != 200:
            raise TransportError(f"Ollama did not load {deployment.model}: it answered {status}")

    async def aclose(self) -> None:
        """Close the transport; others that share it may close it too."""
        await self._http.aclose()

    async def _held(self, call: Call) -> Held | None:
        if call.deployment.billing is not Billing.LOCAL:
            return None  # a hosted model is never loaded for us, and the question would cost a round trip
        deployment = call.deployment
        request = HttpRequest(
            "GET",
            f"{_base_url(call)}/api/ps",
            _authorization(call),
            proxy=deployment.provider.proxy,
            connect_timeout_s=deployment.timeouts.connect_s,
            give_up_s=1.0,
        )
        return await held(self._transport, request, deployment.model)


def context_size(call: Call, loaded: int | None = None) -> int:
    """Return the tokens of context `call` is sent with: input, answer and margin, up to a power of two.

    Every other size makes Ollama load the model anew, so there are few of them, and a size that is `loaded`
    and large enough is kept. Never more than the deployment's context window; that the input fits it is the
    selection's to see. A quarter is added to the expected input, for Ollama cuts silently what it lacks
    room for.
    """
    bound, expected, _ = input_size(call.messages)
    answer = call.max_tokens or call.deployment.max_output_tokens or ROOM_FOR_ANSWER
    need = min(bound, expected + expected // 4) + answer + MARGIN
    most = call.deployment.context_window
    if loaded is not None and need <= loaded and (most is None or loaded <= most):
        return loaded
    size = max(LEAST_CONTEXT, 1 << (need - 1).bit_length())
    return size if most is None else min(size, most)


def cut_note(call: Call, read: int | None) -> str | None:
    """Return what is odd about a prompt of which Ollama says it `read` so few tokens; None: nothing is."""
    expected = input_size(call.messages).probable
    if read is None or expected < LEAST_CUT or read * 2 >= expected:
        return None
    return f"Ollama read {read} of about {expected} input tokens: it has probably cut the prompt"


def _stands(state: Held, size: int) -> bool:
    return state.loaded and state.context in (None, size)


def _base_url(call: Call) -> str:
    return call.deployment.provider.base_url or OLLAMA_URL


def _authorization(call: Call) -> tuple[tuple[str, str], ...]:
    key = call.deployment.provider.api_key
    return () if key is None else (("authorization", f"Bearer {key.reveal()}"),)


class OllamaDialect:
    """The ollama wire; a `Dialect`."""

    def request(self, call: Call) -> HttpRequest:
        """Put `call` into a chat request."""
        options: dict[str, object] = {}
        if call.max_tokens is not None:
            options["num_predict"] = call.max_tokens
        if call.deployment.context_window is not None:
            # Without it Ollama cuts a prompt silently at its own default.
            options["num_ctx"] = call.deployment.context_window
        body = {
            "model": call.deployment.model,
            "messages": [{"role": turn.role, "content": turn.text} for turn in call.messages],
            "stream": call.stream,
            "options": options,
        }
        return json_post(call, f"{_base_url(call)}/api/chat", _authorization(call), body)

    def decoder(self) -> NdjsonDecoder:
        """Return a decoder for one stream."""
        return NdjsonDecoder()

    def reader(self) -> OllamaReader:
        """Return a reader for one answer."""
        return OllamaReader()


class OllamaReader:
    """Reads one answer of the ollama wire."""

    def __init__(self) -> None:
        self.facts = AnswerFacts()

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
