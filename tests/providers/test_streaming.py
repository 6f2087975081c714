"""The flow that all wires share: deadlines in virtual time, ends over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.settings.deployments import Timeouts
from router.engine.ports import Answering, Call, Content, UpstreamEvent
from router.engine.virtual_time import run_virtual
from router.providers.openai_wire import OpenAiDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from router.providers.transport import LoopbackOnly
from tests.fake_provider import SSE_HEAD, Move, Step, answer, fake_provider
from tests.providers.calls import KEY, PlayedTransport, a_call, ending, gather, pieces

TIMEOUTS = Timeouts(connect_s=5, first_token_s=30, idle_s=10, total_s=100)
PING = b": ping\n\n"
ROLE = b'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n'
WORD = b'data: {"choices": [{"delta": {"content": "word "}}]}\n\n'
STOP = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
NEVER = 10_000.0

Play = tuple[float | bytes, ...]
"""Seconds to pass and bytes to come, in order."""


async def played(play: Play) -> AsyncIterator[bytes]:
    for step in play:
        if isinstance(step, bytes):
            yield step
        else:
            await asyncio.sleep(step)


def run(play: Play, *, call: Call | None = None, status: int = 200) -> tuple[Exchange, float, int]:
    """Play an answer in virtual time; return its end, the seconds it took and the pieces that came."""

    async def main() -> tuple[Exchange, float, int]:
        transport = PlayedTransport(played(play), status)
        events = await gather(
            HttpUpstream(transport, OpenAiDialect()).stream(call or a_call(timeouts=TIMEOUTS))
        )
        assert transport.left
        return ending(events), asyncio.get_running_loop().time(), len(pieces(events))

    return run_virtual(main())


@pytest.mark.parametrize(
    ("play", "end", "seconds", "words"),
    [
        ((WORD, 9.0, WORD, 9.0, STOP, DONE), StreamEnd.EOF, 18, 2),
        ((NEVER,), StreamEnd.HANG, 30, 0),
        ((29.0, WORD, STOP), StreamEnd.EOF, 29, 1),
        ((WORD, NEVER), StreamEnd.HANG, 10, 1),
        ((5.0, PING) * 20, StreamEnd.HANG, 30, 0),
        ((5.0, ROLE) * 20, StreamEnd.HANG, 30, 0),
        ((5.0, b"\n") * 20, StreamEnd.HANG, 30, 0),
        ((WORD, *(4.0, PING) * 20), StreamEnd.HANG, 10, 1),
        ((WORD, *(4.0, ROLE) * 20), StreamEnd.HANG, 10, 1),
        ((9.0, WORD) * 20, StreamEnd.HANG, 100, 11),
        ((WORD, STOP, DONE, NEVER), StreamEnd.EOF, 1, 1),
        ((WORD, STOP, DONE, *(0.5, PING) * 20), StreamEnd.EOF, 1, 1),
        ((WORD, STOP, NEVER), StreamEnd.HANG, 10, 1),
        ((WORD, STOP, *(4.0, PING) * 20), StreamEnd.HANG, 10, 1),
    ],
    ids=[
        "a steady stream ends by itself",
        "nothing comes",
        "the first word comes late but in time",
        "silence after a word",
        "pings do not count as a first word",
        "role deltas do not count as a first word",
        "blank lines do not count as a first word",
        "pings do not count between words",
        "empty deltas do not count between words",
        "the whole call has an end",
        "a connection left open after the last word is left",
        "pings after the last word change nothing",
        "usage that never comes is not waited for as long as words",
        "pings after the finish reason change nothing",
    ],
)
def test_only_content_keeps_a_stream_alive(play: Play, end: StreamEnd, seconds: float, words: int) -> None:
    exchange, took, came = run(play)
    assert (exchange.end, took, came) == (end, seconds, words)


def test_an_answer_in_one_piece_has_only_the_whole_calls_deadline() -> None:
    body = json.dumps({"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}).encode()
    call = a_call(stream=False, timeouts=TIMEOUTS)
    assert run((90.0, body), call=call)[0].finish_reason == "stop"
    exchange, took, _ = run((NEVER, body), call=call)
    assert (exchange.end, took) == (StreamEnd.HANG, 100)


def test_an_error_body_that_hangs_does_not_hide_its_status() -> None:
    exchange, took, _ = run((b'{"error": "bus', NEVER), status=503)
    assert (exchange.status, exchange.end, took, exchange.text) == (503, StreamEnd.HANG, 10, '{"error": "bus')


def test_a_caller_who_takes_his_time_is_not_taken_for_a_silent_server() -> None:
    async def main() -> Exchange:
        upstream = HttpUpstream(PlayedTransport(played((WORD, WORD, 1.0, STOP))), OpenAiDialect())
        events: list[UpstreamEvent] = []
        async with aclosing(upstream.stream(a_call(timeouts=TIMEOUTS))) as stream:
            async for event in stream:
                events.append(event)
                if isinstance(event, Content):
                    await asyncio.sleep(25)
        return ending(events)

    assert run_virtual(main()).end is StreamEnd.EOF


@pytest.fixture
async def upstream() -> AsyncIterator[HttpUpstream]:
    upstream = HttpUpstream(LoopbackOnly(PyreqwestTransport()), OpenAiDialect())
    yield upstream
    await upstream.aclose()


QUIET = replace(TIMEOUTS, idle_s=0.2)
MUTE = replace(TIMEOUTS, first_token_s=1.0)


@pytest.mark.parametrize(
    ("steps", "timeouts", "fault", "end", "words"),
    [
        ((SSE_HEAD, WORD, STOP, DONE), TIMEOUTS, None, StreamEnd.EOF, 1),
        ((SSE_HEAD, WORD), TIMEOUTS, None, StreamEnd.EOF, 1),
        ((SSE_HEAD, WORD, Move.WAIT_FOR_LEAVE), QUIET, None, StreamEnd.HANG, 1),
        ((SSE_HEAD, Move.WAIT_FOR_LEAVE), MUTE, None, StreamEnd.HANG, 0),
        ((answer(WORD).replace(b"length: ", b"length: 9"),), TIMEOUTS, None, StreamEnd.RESET, 1),
        ((Move.WAIT_FOR_LEAVE,), MUTE, Fault.READ_TIMEOUT_AFTER_SENT, StreamEnd.EOF, 0),
        ((Move.RESET,), TIMEOUTS, Fault.RESET_AFTER_SENT, StreamEnd.EOF, 0),
        ((), TIMEOUTS, Fault.RESET_AFTER_SENT, StreamEnd.EOF, 0),
    ],
    ids=["whole", "no end", "hangs", "hangs at once", "cut", "no head", "reset", "closed"],
)
async def test_what_happened_on_the_connection_is_told(
    upstream: HttpUpstream,
    steps: tuple[Step, ...],
    timeouts: Timeouts,
    fault: Fault | None,
    end: StreamEnd,
    words: int,
) -> None:
    async with fake_provider(*steps) as server:
        events = await gather(upstream.stream(a_call(server.url, timeouts=timeouts)))
    exchange = ending(events)
    assert (exchange.fault, exchange.end, len(pieces(events))) == (fault, end, words)
    assert (exchange.status is None) is (fault is not None)
    assert KEY not in repr(events)


async def test_a_host_that_is_not_loopback_is_refused_in_a_test(upstream: HttpUpstream) -> None:
    exchange = ending(await gather(upstream.stream(a_call("http://nobody.invalid/v1"))))
    assert exchange.fault is Fault.CONNECT_REFUSED
    assert "nobody.invalid is not on this machine" in exchange.text


async def test_closing_the_stream_closes_the_connection(upstream: HttpUpstream) -> None:
    async with fake_provider(SSE_HEAD, WORD, Move.WAIT_FOR_LEAVE) as server, asyncio.timeout(5):
        async with aclosing(upstream.stream(a_call(server.url))) as events:
            assert await anext(events) == Answering(200)
            assert isinstance(await anext(events), Content)
        await server.left.wait()


async def test_many_streams_run_at_once(upstream: HttpUpstream) -> None:
    gate = asyncio.Event()
    async with fake_provider(SSE_HEAD, WORD, gate, STOP, DONE) as server, asyncio.timeout(10):
        tasks = [asyncio.create_task(gather(upstream.stream(a_call(server.url)))) for _ in range(50)]
        while len(server.requests) < 50:  # noqa: ASYNC110  # the server counts, it has no event for fifty
            await asyncio.sleep(0.01)
        gate.set()
        ends = [ending(await task) for task in tasks]
    assert [end.finish_reason for end in ends] == ["stop"] * 50
