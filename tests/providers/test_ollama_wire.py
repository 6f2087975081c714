"""The ollama wire: what is asked and what is made of the answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.core.exchange import End, Exchange
from router.core.model import Message
from router.core.usage import Usage
from router.engine.ports import Content, UpstreamEvent, UsageReport
from router.providers.ollama_wire import OllamaDialect
from router.providers.reading import Reading
from tests.providers.calls import KEY, a_call, ending, pieces, usage

DIALECT = OllamaDialect()


def read(body: bytes, *, stream: bool = True, status: int = 200) -> list[UpstreamEvent]:
    reading = Reading(a_call(stream=stream), DIALECT.decoder(), DIALECT.reader())
    reading.head(status, {})
    events: list[UpstreamEvent] = []
    for at in range(0, len(body), 5):
        events += reading.feed(body[at : at + 5])
    return events + reading.finish(End.EOF)


def lines(*each: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in each)


def line(**message: object) -> dict[str, object]:
    return {"model": "qwen3", "message": {"role": "assistant", **message}, "done": False}


LAST = {**line(content=""), "done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}


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
    events = read(lines(line(thinking="hm"), line(content="Hel"), line(content="lo"), LAST))
    assert pieces(events) == [("reasoning", "hm"), ("text", "Hel"), ("text", "lo")]
    assert [event.raw for event in events if isinstance(event, Content)][1] == lines(line(content="Hel"))
    assert usage(events) == Usage(input_tokens=11, output_tokens=7)
    assert [event.model_served for event in events if isinstance(event, UsageReport)] == ["qwen3"]
    assert ending(events) == Exchange(
        "fake",
        streamed=True,
        status=200,
        content_seen=True,
        finish_reason="stop",
        output_tokens=7,
        usage_seen=True,
    )


def test_a_tool_call_is_content() -> None:
    events = read(lines(line(content="", tool_calls=[{"function": {"name": "f", "arguments": {}}}]), LAST))
    assert pieces(events) == [("tool", "")]
    assert ending(events).content_seen


def test_an_error_after_the_first_token_is_found() -> None:
    exchange = ending(read(lines(line(content="Hel"), {"error": "llama runner exited"})))
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
    exchange = ending(read(lines(line(content="Hel")) + b'{"model":'))
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
