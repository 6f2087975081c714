"""The ollama wire: what is asked and what is made of the answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.estimate import input_size
from router.core.failures.exchange import Exchange, StreamEnd
from router.core.message import Message
from router.core.records.usage import Usage
from router.engine.ports import Content, UpstreamEvent, UsageReport
from router.providers.ollama_wire import OllamaDialect, context_size, cut_note
from router.providers.reading import AnswerReading
from tests.providers.calls import KEY, a_call, ending, pieces, usage
from tests.providers.fake_ollama import chat_line, last_line, lines

DIALECT = OllamaDialect()
LAST = last_line()
HI = (Message("user", "Hi"),)
WORDS = (Message("user", "word " * 8000),)  # about 10,000 tokens


def read(body: bytes, *, stream: bool = True, status: int = 200) -> list[UpstreamEvent]:
    reading = AnswerReading(a_call(stream=stream), DIALECT.decoder(), DIALECT.reader())
    reading.head(status, {})
    events: list[UpstreamEvent] = []
    for at in range(0, len(body), 5):
        events += reading.feed(body[at : at + 5])
    return events + reading.finish(StreamEnd.EOF)


@pytest.mark.parametrize(
    ("messages", "max_tokens", "window", "loaded", "size"),
    [
        (HI, 64, None, None, 2048),
        (HI, 4096, None, None, 8192),
        (HI, 4096, 6000, None, 6000),
        (HI, None, None, None, 8192),
        (WORDS, 64, None, None, 16384),
        (WORDS, 4096, None, None, 32768),
        (WORDS, 64, 12000, None, 12000),
        (HI, 64, None, 5000, 5000),
        (HI, 64, 4096, 5000, 2048),
        (HI, 8000, None, 5000, 8192),
    ],
)
def test_the_context_has_room_for_input_and_answer_and_few_sizes(
    messages: tuple[Message, ...], max_tokens: int | None, window: int | None, loaded: int | None, size: int
) -> None:
    call = a_call(messages=messages, max_tokens=max_tokens)
    call = replace(call, deployment=replace(call.deployment, context_window=window))
    assert context_size(call, loaded) == size


@given(st.text(max_size=5000), st.integers(1, 100_000), st.none() | st.integers(1, 200_000))
def test_a_context_always_holds_the_expected_input_and_the_answer_or_is_the_whole_window(
    text: str, max_tokens: int, window: int | None
) -> None:
    call = a_call(messages=(Message("user", text),), max_tokens=max_tokens)
    size = context_size(replace(call, deployment=replace(call.deployment, context_window=window)))
    _, expected, _ = input_size(call.messages)
    assert size == window or size >= expected + max_tokens
    assert window is None or size <= window


@pytest.mark.parametrize(("read", "noted"), [(4096, True), (9000, False), (None, False)])
def test_far_fewer_tokens_read_than_expected_are_noted(read: int | None, *, noted: bool) -> None:
    assert (cut_note(a_call(messages=WORDS), read) is not None) == noted


def test_a_short_prompt_is_never_taken_for_cut() -> None:
    assert cut_note(a_call(), 1) is None


def test_a_call_is_put_as_a_chat_request_with_the_context_it_was_given() -> None:
    call = a_call("http://127.0.0.1:9", messages=(Message("user", "Hi"),))
    request = DIALECT.request(replace(call, deployment=replace(call.deployment, context_window=8192)))
    assert request.url == "http://127.0.0.1:9/api/chat"
    assert dict(request.headers)["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.body) == {
        "model": "some-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "options": {"num_predict": 64, "num_ctx": 8192},
    }


def test_a_stream_is_read_to_its_content_usage_and_end() -> None:
    events = read(lines(chat_line(thinking="hm"), chat_line(content="Hel"), chat_line(content="lo"), LAST))
    assert pieces(events) == [("reasoning", "hm"), ("text", "Hel"), ("text", "lo")]
    assert [event.raw for event in events if isinstance(event, Content)][1] == lines(chat_line(content="Hel"))
    assert usage(events) == Usage(input_tokens=11, output_tokens=7)
    assert [event.model_served for event in events if isinstance(event, UsageReport)] == ["qwen3"]
    assert ending(events) == Exchange(
        "fake",
        streamed=True,
        status=200,
        done=True,
        content_seen=True,
        finish_reason="stop",
        output_tokens=7,
        usage_seen=True,
    )


def test_a_tool_call_is_content() -> None:
    events = read(
        lines(chat_line(content="", tool_calls=[{"function": {"name": "f", "arguments": {}}}]), LAST)
    )
    assert pieces(events) == [("tool", "")]
    assert ending(events).content_seen


def test_an_error_after_the_first_token_is_found() -> None:
    exchange = ending(read(lines(chat_line(content="Hel"), {"error": "llama runner exited"})))
    assert (exchange.error, exchange.finish_reason, exchange.content_seen) == (
        "llama runner exited",
        None,
        True,
    )


@pytest.mark.parametrize("status", [200, 500])
def test_an_error_in_place_of_an_answer_is_found(status: int) -> None:
    exchange = ending(read(b'{"error": "model requires more system memory"}', status=status))
    assert exchange.error == "model requires more system memory"


def test_a_stream_that_ends_early_never_said_it_was_whole() -> None:
    exchange = ending(read(lines(chat_line(content="Hel")) + b'{"model":'))
    assert (exchange.finish_reason, exchange.parsed) == (None, True)


def test_a_whole_body_is_read() -> None:
    events = read(json.dumps({**LAST, "message": {"content": "Hi"}}).encode(), stream=False)
    assert pieces(events) == [("text", "Hi")]
    assert usage(events) == Usage(input_tokens=11, output_tokens=7)
    assert ending(events).finish_reason == "stop"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("body", [b"<html>\n", b""])
def test_a_200_that_is_no_answer_is_seen_for_what_it_is(body: bytes, *, stream: bool) -> None:
    assert not ending(read(body, stream=stream)).parsed
