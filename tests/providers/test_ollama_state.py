"""What an Ollama server has and holds: at start, before a call, and what a call makes of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from router.app.configuration import load_config
from router.core.catalog.listing import ollama_name
from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.message import Message
from router.core.records.diagnosis import FailureClass
from router.core.settings.deployments import Timeouts
from router.core.settings.providers import Billing
from router.engine.ports import Call, UpstreamEvent, Waiting
from router.engine.virtual_time import run_virtual
from router.providers.local_servers import ollama_off
from router.providers.ollama_state import Held, held, installed
from router.providers.ollama_wire import OllamaUpstream
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.transport import HttpRequest, HttpResponse, LoopbackOnly
from tests.providers.calls import KEY, a_call, ending, gather, pieces
from tests.providers.fake_ollama import FakeOllama, chat_line, fake_ollama, last_line, lines, ps, tags

CHAT = lines(chat_line(content="Hi"), last_line())
LONG = (Message("user", "word " * 8000),)


def a_local_call(
    url: str = "http://127.0.0.1:1",
    *,
    context: int | None = None,
    timeouts: Timeouts | None = None,
    messages: tuple[Message, ...] = (Message("user", "Hello"),),
) -> Call:
    call = a_call(url, timeouts=timeouts, messages=messages)
    deployment = replace(call.deployment, model="qwen3", billing=Billing.LOCAL, context_window=context)
    return replace(call, deployment=deployment)


async def ask(call: Call) -> list[UpstreamEvent]:
    upstream = OllamaUpstream(LoopbackOnly(PyreqwestTransport()))
    try:
        return await gather(upstream.stream(call))
    finally:
        await upstream.aclose()


def contexts(ollama: FakeOllama) -> list[object]:
    options = [chat["options"] for chat in ollama.chats()]
    return [option["num_ctx"] for option in options if isinstance(option, dict)]


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("qwen3", "qwen3:latest"),
        ("Qwen3:14B", "qwen3:14b"),
        ("library/qwen3", "qwen3:latest"),
        ("registry.ollama.ai/library/qwen3:14b", "qwen3:14b"),
        ("hf.co/someone/Model-GGUF:Q4_K_M", "hf.co/someone/model-gguf:q4_k_m"),
        ("localhost:5000/someone/model", "localhost:5000/someone/model:latest"),
    ],
)
def test_a_model_has_one_ollama_name_however_it_is_written(name: str, full: str) -> None:
    assert ollama_name(name) == full


def test_a_server_tells_which_models_it_has_and_is_shown_no_key() -> None:
    with fake_ollama({"/api/tags": tags("qwen3:latest", "Llama3.2:1b")}) as ollama:
        assert installed(ollama.url) == frozenset({"qwen3:latest", "llama3.2:1b"})
        assert ollama.keys == [None]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"models": null}', b""])
def test_an_answer_that_is_no_list_of_models_says_nothing(body: bytes) -> None:
    with fake_ollama({"/api/tags": body}) as ollama:
        assert installed(ollama.url) is None


def test_a_missing_model_is_off_with_the_command_that_gets_it() -> None:
    with fake_ollama({"/api/tags": tags("qwen3:latest")}) as ollama:
        assert ollama_off(ollama.url, "qwen3") is None
        assert ollama_off(ollama.url, "gpt-oss:120b-cloud") is None
        assert ollama_off(ollama.url, "qwen3:32b") == (
            f"Ollama at {ollama.url} has no model qwen3:32b: run `ollama pull qwen3:32b`"
        )


def test_where_nothing_listens_the_deployment_is_off_and_says_how_to_start_ollama() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert ollama_off(url, "qwen3") == f"no Ollama answers at {url}: start it with `ollama serve`"


def test_a_server_that_does_not_say_what_it_has_stays_on() -> None:
    with fake_ollama({}) as ollama:
        assert ollama_off(ollama.url, "qwen3") is None
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert ollama_off(f"http://127.0.0.1:{mute.getsockname()[1]}", "qwen3") is None


def test_a_configuration_is_loaded_with_what_ollama_lacks(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    with fake_ollama({"/api/tags": tags("qwen3:latest")}) as ollama:
        config.write_text(
            f"""
version: 1
providers: {{near: {{wire: ollama, base_url: "{ollama.url}", billing: local}}}}
tiers: {{T1: {{label: local}}}}
deployments:
  here: {{tier: T1, provider: near, model: qwen3}}
  missing: {{tier: T1, provider: near, model: "qwen3:32b"}}
routes: {{auto: {{ladder: [T1]}}}}
"""
        )
        loaded = load_config(config, {}).deployments
    assert loaded["here"].off is None
    assert str(loaded["missing"].off).endswith("run `ollama pull qwen3:32b`")


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"/api/ps": ps({"qwen3:latest": 8192})}, Held(loaded=True, context=8192)),
        ({"/api/ps": ps({"qwen3:latest": None})}, Held(loaded=True)),
        ({"/api/ps": ps({"llama3.2:1b": 4096})}, Held(loaded=False)),
        ({"/api/ps": b'{"models": []}'}, Held(loaded=False)),
        ({"/api/ps": b"<html>"}, None),
        ({}, None),
    ],
)
async def test_what_is_in_memory_is_known_or_not(answers: dict[str, bytes], found: Held | None) -> None:
    transport = PyreqwestTransport()
    with fake_ollama(answers) as ollama:
        assert await held(transport, HttpRequest("GET", f"{ollama.url}/api/ps"), "qwen3") == found
    await transport.aclose()


async def test_a_model_that_is_not_in_memory_is_waited_for_in_words() -> None:
    with fake_ollama({"/api/ps": ps({}), "/api/chat": CHAT}) as ollama:
        events = await ask(a_local_call(ollama.url))
        assert events[0] == Waiting("Ollama is loading qwen3")
        assert pieces(events) == [("text", "Hi")]
        assert ending(events).note is None
        assert contexts(ollama) == [2048]
        assert ollama.keys == [f"Bearer {KEY}"] * 2
        assert ollama.sent[0] == ("/api/ps", b"")  # no prompt goes along


@pytest.mark.parametrize(
    ("loaded", "window", "sent", "waits"),
    [
        (2048, None, 2048, False),
        (16384, None, 16384, False),
        (16384, 32768, 16384, False),
        (64, 8192, 2048, True),
        (16384, 8192, 2048, True),
        (None, 8192, 2048, False),
    ],
    ids=["as needed", "larger", "larger, in the window", "too small", "over the window", "not told"],
)
async def test_a_loaded_context_that_is_large_enough_is_kept(
    loaded: int | None, window: int | None, sent: int, *, waits: bool
) -> None:
    with fake_ollama({"/api/ps": ps({"qwen3:latest": loaded}), "/api/chat": CHAT}) as ollama:
        events = await ask(a_local_call(ollama.url, context=window))
        assert contexts(ollama) == [sent]
    assert any(isinstance(event, Waiting) for event in events) == waits


async def test_a_server_without_a_list_of_what_runs_is_called_all_the_same() -> None:
    with fake_ollama({"/api/chat": CHAT}) as ollama:
        events = await ask(a_local_call(ollama.url))
        assert pieces(events) == [("text", "Hi")]
        assert not any(isinstance(event, Waiting) for event in events)


async def test_a_hosted_model_is_not_asked_whether_it_is_loaded() -> None:
    with fake_ollama({"/api/ps": ps({}), "/api/chat": CHAT}) as ollama:
        await ask(a_call(ollama.url))
        assert [path for path, _ in ollama.sent] == ["/api/chat"]


async def test_a_server_that_is_gone_is_a_refused_connection() -> None:
    assert ending(await ask(a_local_call("http://127.0.0.1:1"))).fault is Fault.CONNECT_REFUSED


@pytest.mark.parametrize(
    ("read", "cut"), [(4096, True), (7900, False), (None, False)], ids=["cut", "whole", "not counted"]
)
async def test_a_prompt_that_was_cut_silently_is_told_with_the_judgement(
    read: int | None, *, cut: bool
) -> None:
    chat = lines(chat_line(content="Sure."), last_line(read))
    with fake_ollama({"/api/ps": ps({"qwen3:latest": None}), "/api/chat": chat}) as ollama:
        exchange = ending(await ask(a_local_call(ollama.url, messages=LONG)))
    judged = classify(exchange, 0)
    assert judged.failure_class is FailureClass.OK
    assert ("Ollama read 4096 of about 10" in judged.evidence) == cut


class SlowOllama:
    """A transport without a network: `/api/ps` at once, or after `ps_s`; the answer after `chat_s`."""

    def __init__(self, loaded: Mapping[str, int | None], *, ps_s: float = 0, chat_s: float) -> None:
        self._loaded, self._ps_s, self._chat_s = loaded, ps_s, chat_s

    def send(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpResponse]:
        return self._send(request)

    @asynccontextmanager
    async def _send(self, request: HttpRequest) -> AsyncIterator[HttpResponse]:
        asks = request.url.endswith("/api/ps")
        await asyncio.sleep(self._ps_s if asks else self._chat_s)
        yield HttpResponse(200, {}, _once(ps(self._loaded) if asks else CHAT))

    async def aclose(self) -> None:
        """Nothing to close."""


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.mark.parametrize(
    ("loaded", "ps_s", "chat_s", "total_s", "seconds", "served"),
    [
        ({}, 0, 170, 600, 170, True),
        ({}, 0, 999, 600, 180, False),
        ({}, 0, 999, 120, 120, False),
        ({"qwen3:latest": 2048}, 0, 170, 600, 30, False),
        ({}, 99, 20, 600, 20.5, True),
    ],
    ids=["it loads", "it never does", "the caller's time is less", "it is loaded", "the list does not come"],
)
def test_the_first_token_has_three_minutes_while_a_model_loads(
    loaded: Mapping[str, int | None],
    ps_s: float,
    chat_s: float,
    total_s: float,
    seconds: float,
    *,
    served: bool,
) -> None:
    async def main() -> tuple[Exchange, float]:
        timeouts = Timeouts(first_token_s=30, idle_s=10, total_s=total_s)
        upstream = OllamaUpstream(SlowOllama(loaded, ps_s=ps_s, chat_s=chat_s))
        events = await gather(upstream.stream(a_local_call(timeouts=timeouts)))
        return ending(events), asyncio.get_running_loop().time()

    exchange, took = run_virtual(main())
    assert took == pytest.approx(seconds)
    assert (exchange.end is StreamEnd.EOF and exchange.finish_reason == "stop") == served
    assert (exchange.fault is Fault.READ_TIMEOUT_AFTER_SENT) != served
