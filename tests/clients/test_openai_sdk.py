"""What we write is what the openai SDK reads: whole answers, streams and errors, over HTTP."""

from __future__ import annotations

import pytest
from openai import APIError, AsyncOpenAI, RateLimitError
from openai.types.chat import ChatCompletionMessageParam

from router.core.dialects import chat
from router.core.dialects.reply import (
    ApiError,
    Broke,
    ErrorKind,
    ReplyEvent,
)
from tests.clients.samples import EVENTS, HELLO, json_answer
from tests.fake_provider import SSE_HEAD, FakeProvider, fake_provider

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hi"}]


def client(provider: FakeProvider) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="k", max_retries=0)


def written(events: list[ReplyEvent]) -> bytes:
    writer = chat.Writer()
    return SSE_HEAD + b"".join(writer.write(event) for event in events)


async def test_a_whole_answer() -> None:
    async with fake_provider(json_answer(200, chat.write_answer(HELLO))) as provider:
        found = await client(provider).chat.completions.create(model="m", messages=ASK)
    type(found).model_validate(found.model_dump(), strict=True)
    [choice] = found.choices
    assert (choice.message.content, choice.finish_reason) == ("Hello", "tool_calls")
    calls = choice.message.tool_calls or []
    assert [(call.id, call.function.arguments) for call in calls if call.type == "function"] == [
        ("call_a", '{"x":1}'),
        ("call_b", "{}"),
    ]
    assert found.usage is not None
    assert (found.usage.total_tokens, found.usage.prompt_tokens) == (37, 30)


async def test_a_stream_gathered_by_its_own_accumulator() -> None:
    async with (
        fake_provider(written(EVENTS)) as provider,
        client(provider).chat.completions.stream(
            model="m", messages=ASK, stream_options={"include_usage": True}
        ) as stream,
    ):
        found = await stream.get_final_completion()
    [choice] = found.choices
    assert (choice.message.content, choice.finish_reason) == ("Hello", "tool_calls")
    assert [
        (call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()
    ] == [
        ("call_a", "f", '{"x":1}'),
        ("call_b", "g", "{}"),
    ]
    assert found.usage is not None
    assert found.usage.total_tokens == 37


async def test_a_stream_that_breaks_raises() -> None:
    broken = [*EVENTS[:4], Broke(ApiError(ErrorKind.OVERLOADED, "too much"))]
    async with fake_provider(written(broken)) as provider:
        chunks = await client(provider).chat.completions.create(model="m", messages=ASK, stream=True)
        with pytest.raises(APIError, match="too much"):
            async for _ in chunks:
                pass


async def test_an_error_is_the_one_it_is() -> None:
    async with fake_provider(
        json_answer(*chat.write_error(ApiError(ErrorKind.RATE_LIMIT, "slow")))
    ) as provider:
        with pytest.raises(RateLimitError) as caught:
            await client(provider).chat.completions.create(model="m", messages=ASK)
    assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "rate_limit_error")
