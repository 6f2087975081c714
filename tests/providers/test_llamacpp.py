"""The embedded model, for real: a process of llama.cpp with SmolLM2, its life and its answers."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.message import Message
from router.core.settings.providers import Wire
from router.engine.chance import SeededChance, SystemChance
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, Waiting
from router.errors import TransportError
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.llamacpp import EmbeddedUpstream, unavailable
from router.providers.llamacpp_server import EmbeddedServer
from router.providers.openai_wire import OpenAiDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import Dialect, HttpUpstream
from router.providers.transport import LoopbackOnly
from tests.providers.calls import a_call, ending, gather, pieces, usage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(unavailable() is not None, reason=str(unavailable())),
]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
HELLO = (Message("user", "What is the capital of France?"),)
"""Not "Say hello": llama.cpp's anthropic stream lacks `message_start` when an emoji comes first."""
TALE = (Message("user", "Tell a very long story about a ship and its crew, in many chapters."),)


@pytest_asyncio.fixture(loop_scope="session")
async def transport() -> AsyncIterator[LoopbackOnly]:
    transport = LoopbackOnly(PyreqwestTransport())
    yield transport
    await transport.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def upstream(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedUpstream]:
    log = tmp_path_factory.mktemp("embedded") / "model.log"
    openai = HttpUpstream(LoopbackOnly(PyreqwestTransport()), OpenAiDialect())
    upstream = EmbeddedUpstream(openai, log, SystemChance())
    yield upstream
    await upstream.aclose()
    await openai.aclose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(upstream: EmbeddedUpstream) -> EmbeddedServer:
    server = upstream.server(4096)
    await server.ensure()
    return server


def embedded_call(
    *, stream: bool = True, messages: tuple[Message, ...] = HELLO, max_tokens: int = 16
) -> Call:
    call = a_call(stream=stream, messages=messages, max_tokens=max_tokens)
    provider = replace(call.deployment.provider, wire=Wire.LLAMACPP, base_url=None, api_key=None)
    return replace(call, deployment=replace(call.deployment, provider=provider))


def addressed(call: Call, server: EmbeddedServer) -> Call:
    provider = replace(call.deployment.provider, base_url=server.url, api_key=server.key)
    return replace(call, deployment=replace(call.deployment, provider=provider))


@pytest.mark.parametrize("stream", [True, False])
async def test_the_model_answers_with_text_usage_and_a_finish_reason(
    upstream: EmbeddedUpstream, *, stream: bool
) -> None:
    events = await gather(upstream.stream(embedded_call(stream=stream)))
    assert "".join(text for kind, text in pieces(events) if kind == "text").strip()
    assert (usage(events).input_tokens or 0) > 0
    assert (usage(events).output_tokens or 0) > 0
    exchange = ending(events)
    assert (exchange.status, exchange.end, exchange.error) == (200, StreamEnd.EOF, None)
    assert exchange.finish_reason in {"stop", "length"}


@pytest.mark.parametrize("stream", [True, False])
async def test_the_anthropic_wire_is_spoken_by_a_real_server_too(
    transport: LoopbackOnly, server: EmbeddedServer, *, stream: bool
) -> None:
    upstream = HttpUpstream(transport, AnthropicDialect())
    events = await gather(upstream.stream(addressed(embedded_call(stream=stream), server)))
    assert "".join(text for _, text in pieces(events)).strip()
    assert (usage(events).input_tokens or 0) > 0
    assert (usage(events).output_tokens or 0) > 0
    assert ending(events).finish_reason in {"end_turn", "max_tokens"}


@pytest.mark.parametrize("dialect", [OpenAiDialect(), AnthropicDialect()], ids=["openai", "anthropic"])
async def test_a_prompt_that_does_not_fit_is_an_error_with_a_status(
    transport: LoopbackOnly, server: EmbeddedServer, dialect: Dialect
) -> None:
    call = embedded_call(messages=(Message("user", "word " * 6000),))
    base = replace(call.deployment.provider, base_url=f"{server.url}/v1", api_key=server.key)
    events = await gather(
        HttpUpstream(transport, dialect).stream(
            replace(call, deployment=replace(call.deployment, provider=base))
        )
    )
    exchange = ending(events)
    assert exchange.status == 400
    assert "context size" in str(exchange.error)
    assert not exchange.content_seen


async def test_a_stream_left_in_the_middle_stops_the_model(upstream: EmbeddedUpstream) -> None:
    async with aclosing(upstream.stream(embedded_call(messages=TALE, max_tokens=3000))) as events:
        async for event in events:
            if isinstance(event, Content):
                break
    async with asyncio.timeout(10):  # the one slot is free again long before 3000 tokens could be told
        assert ending(await gather(upstream.stream(embedded_call(max_tokens=1)))).finish_reason == "length"


async def test_calls_that_follow_each_other_at_once_are_all_answered(upstream: EmbeddedUpstream) -> None:
    ends = [ending(await gather(upstream.stream(embedded_call(max_tokens=1)))) for _ in range(40)]
    assert [end.finish_reason for end in ends] == ["length"] * 40


@LINUX
async def test_the_key_is_wanted_and_stands_in_no_argument_environment_or_log(
    transport: LoopbackOnly, upstream: EmbeddedUpstream, server: EmbeddedServer
) -> None:
    call = a_call(f"{server.url}/v1")
    events = await gather(HttpUpstream(transport, OpenAiDialect()).stream(call))
    assert ending(events).status == 401
    secret = server.key.reveal()
    process = Path(f"/proc/{server.pid}")
    assert len(secret) >= 48
    assert secret.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    log = server.log.read_text()
    assert "model loaded" in log
    assert secret not in log
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600
    assert secret not in repr(server.key) + repr(vars(server)) + repr(
        await gather(upstream.stream(embedded_call()))
    )


async def test_many_callers_start_one_process(transport: LoopbackOnly, tmp_path: Path) -> None:
    upstream = EmbeddedUpstream(HttpUpstream(transport, OpenAiDialect()), tmp_path / "l", SystemChance())
    try:
        calls = [gather(upstream.stream(embedded_call(max_tokens=1))) for _ in range(5)]
        answers = await asyncio.gather(*calls)
        assert [answer[0] for answer in answers] == [Waiting("starting the embedded model")] * 5
        assert [ending(answer).finish_reason for answer in answers] == ["length"] * 5
        assert (tmp_path / "l").read_text().count("model loaded") == 1
        running = await gather(upstream.stream(embedded_call(max_tokens=1)))
        assert isinstance(running[0], Answering)
    finally:
        await upstream.aclose()


async def test_a_model_that_dies_in_the_middle_leaves_a_cut_answer_and_starts_again(
    transport: LoopbackOnly, tmp_path: Path
) -> None:
    upstream = EmbeddedUpstream(HttpUpstream(transport, OpenAiDialect()), tmp_path / "l", SystemChance())
    try:
        events: list[UpstreamEvent] = []
        async for event in upstream.stream(embedded_call(messages=TALE, max_tokens=3000)):
            if isinstance(event, Content) and not pieces(events):
                os.kill(upstream.server(4096).pid or 0, signal.SIGKILL)
            events.append(event)
        exchange = ending(events)
        assert (exchange.content_seen, exchange.finish_reason) == (True, None)
        assert exchange.end in {StreamEnd.RESET, StreamEnd.EOF}
        again = await gather(upstream.stream(embedded_call(max_tokens=1)))
        assert isinstance(again[0], Waiting)
        assert ending(again).finish_reason == "length"
    finally:
        await upstream.aclose()


PARENT = """
import asyncio, sys
from pathlib import Path
from router.engine.chance import SystemChance
from router.providers.llamacpp_server import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]), SystemChance())
    await server.ensure()
    print(server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@LINUX
async def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    log = str(tmp_path / "l")
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, log, stdin=PIPE, stdout=PIPE)
    assert parent.stdout is not None
    async with asyncio.timeout(30):
        child = os.pidfd_open(int(await parent.stdout.readline()))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(child, ended.set)  # a pidfd is readable once its process has ended
    try:
        assert not ended.is_set()
        parent.kill()
        await parent.wait()
        async with asyncio.timeout(5):
            await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(child)
        os.close(child)


async def test_a_closed_server_has_ended_its_process(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "l", SeededChance())
    await server.ensure()
    pid = server.pid
    assert pid is not None
    await server.aclose()
    assert server.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@LINUX
async def test_the_owners_keys_do_not_reach_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-owner")
    server = EmbeddedServer(tmp_path / "l", SeededChance())
    await server.ensure()
    try:
        environment = await asyncio.to_thread(Path(f"/proc/{server.pid}/environ").read_bytes)
        assert b"PATH=" in environment
        assert b"sk-of-the-owner" not in environment
    finally:
        await server.aclose()


async def test_a_model_that_cannot_start_is_told_with_the_place_to_look_at(
    transport: LoopbackOnly, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    upstream = EmbeddedUpstream(
        HttpUpstream(transport, OpenAiDialect()), blocked / "model.log", SystemChance()
    )
    waiting, ended = await gather(upstream.stream(embedded_call()))
    assert waiting == Waiting("starting the embedded model")
    assert ended == Ended(
        Exchange(
            "fake",
            streamed=True,
            fault=Fault.CONNECT_REFUSED,
            text=f"the embedded model did not start; {blocked / 'model.log'} tells why",
        )
    )


async def test_a_log_is_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "log").symlink_to(tmp_path / "precious")
    with pytest.raises(TransportError):
        await EmbeddedServer(tmp_path / "log", SeededChance()).ensure()
    assert (tmp_path / "precious").read_text() == "precious"
