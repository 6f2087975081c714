"""What we write is what the anthropic SDK reads: whole answers, streams and errors, over HTTP."""

from __future__ import annotations

import pytest
from anthropic import APIStatusError, AsyncAnthropic, RateLimitError
from anthropic.types import Message, MessageParam

from router.core.dialects import anthropic
from router.core.dialects.fitting import fit_reply
from router.core.dialects.reply import ApiError, Broke, ErrorKind, Finish, Finished, Piece, ReplyEvent
from router.core.message import ToolCall
from tests.clients.samples import EVENTS, HELLO, json_answer
from tests.fake_provider import SSE_HEAD, FakeProvider, fake_provider

ASK: list[MessageParam] = [{"role": "user", "content": "hi"}]


def client(provider: FakeProvider) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=provider.url, api_key="k", max_retries=0)


def written(events: list[ReplyEvent]) -> bytes:
    writer = anthropic.Writer()
    return SSE_HEAD + b"".join(writer.write(event) for event in events)


def assert_hello(found: Message) -> None:
    thought, text, *calls = found.content
    assert (thought.type, text.type) == ("thinking", "text")
    assert thought.type == "thinking"
    assert text.type == "text"
    assert (thought.thinking, thought.signature, text.text) == ("hm", "tier-cockpit.gemini.sig", "Hello")
    assert [(call.id, call.name, call.input) for call in calls if call.type == "tool_use"] == [
        ("call_a", "f", {"x": 1}),
        ("call_b", "g", {}),
    ]
    assert found.stop_reason == "tool_use"
    assert (found.usage.input_tokens, found.usage.cache_read_input_tokens) == (20, 10)
    assert found.usage.output_tokens == 7


async def test_a_whole_answer() -> None:
    body = anthropic.write_answer(fit_reply(HELLO, "anthropic"))
    async with fake_provider(json_answer(200, body)) as provider:
        found = await client(provider).messages.create(model="m", max_tokens=9, messages=ASK)
    assert_hello(found)


async def test_a_stream_gathered_by_its_own_accumulator() -> None:
    async with (
        fake_provider(written(EVENTS)) as provider,
        client(provider).messages.stream(model="m", max_tokens=9, messages=ASK) as stream,
    ):
        assert_hello(await stream.get_final_message())


async def test_a_stream_that_breaks_raises() -> None:
    broken = [*EVENTS[:4], Broke(ApiError(ErrorKind.OVERLOADED, "too much"))]
    async with fake_provider(written(broken)) as provider:
        with pytest.raises(APIStatusError, match="too much"):
            async with client(provider).messages.stream(model="m", max_tokens=9, messages=ASK) as stream:
                await stream.get_final_message()


async def test_a_call_that_was_cut_is_never_run() -> None:
    cut = [EVENTS[0], Piece(0, ToolCall("call_a", "delete", '{"pa')), Finished(Finish.TOOL_CALLS)]
    async with fake_provider(written(cut)) as provider:
        with pytest.raises(APIStatusError, match="not whole"):
            async with client(provider).messages.stream(model="m", max_tokens=9, messages=ASK) as stream:
                await stream.get_final_message()


async def test_an_error_is_the_one_it_is() -> None:
    error = anthropic.write_error(ApiError(ErrorKind.RATE_LIMIT, "slow"))
    async with fake_provider(json_answer(*error)) as provider:
        with pytest.raises(RateLimitError, match="slow"):
            await client(provider).messages.create(model="m", max_tokens=9, messages=ASK)
