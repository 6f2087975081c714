"""The anthropic wire: what is asked and what is made of the answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.core.failures.exchange import Exchange, StreamEnd
from router.core.message import CacheMark, Message
from router.core.records.usage import Usage
from router.engine.ports import Content, UpstreamEvent, UsageReport
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.reading import AnswerReading
from tests.providers.calls import KEY, a_call, ending, pieces, usage

DIALECT = AnthropicDialect()


def read(body: bytes, *, stream: bool = True, end: StreamEnd = StreamEnd.EOF) -> list[UpstreamEvent]:
    reading = AnswerReading(a_call(stream=stream), DIALECT.decoder(), DIALECT.reader())
    reading.head(200, {})
    events: list[UpstreamEvent] = []
    for at in range(0, len(body), 5):
        events += reading.feed(body[at : at + 5])
    return events + reading.finish(end)


def sse(*events: dict[str, object]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def delta(kind: str, **fields: object) -> dict[str, object]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **fields}}


START: dict[str, object] = {
    "type": "message_start",
    "message": {
        "model": "claude-x",
        "content": [],
        "usage": {
            "input_tokens": 3,
            "cache_read_input_tokens": 100,
            "output_tokens": 1,
            "service_tier": "standard",
        },
    },
}
PING: dict[str, object] = {"type": "ping"}
TEXT = delta("text_delta", text="Hello")
STOPPING: dict[str, object] = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn"},
    "usage": {"output_tokens": 12},
}
STOP: dict[str, object] = {"type": "message_stop"}


def test_a_call_is_put_as_a_messages_request_with_system_turns_apart() -> None:
    messages = (Message("system", "Be brief"), Message("user", "Hi"), Message("developer", "Be kind"))
    request = DIALECT.request(a_call("http://127.0.0.1:9", messages=messages))
    assert request.url == "http://127.0.0.1:9/v1/messages"
    headers = dict(request.headers)
    assert (headers["x-api-key"], headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in headers
    assert json.loads(request.body) == {
        "model": "some-model",
        "max_tokens": 64,
        "system": "Be brief\n\nBe kind",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }


def test_a_thinking_budget_is_put_beside_the_limit_it_is_part_of() -> None:
    body = json.loads(DIALECT.request(replace(a_call(max_tokens=4096), thinking_tokens=2048)).body)
    assert (body["max_tokens"], body["thinking"]) == (4096, {"type": "enabled", "budget_tokens": 2048})


def test_a_base_url_may_end_in_v1_or_not() -> None:
    assert (
        DIALECT.request(a_call("http://h/v1")).url
        == DIALECT.request(a_call("http://h")).url
        == "http://h/v1/messages"
    )


def test_the_limit_that_the_wire_demands_is_the_callers_the_deployments_or_ours() -> None:
    call = a_call(max_tokens=None)
    roomy = replace(call, deployment=replace(call.deployment, max_output_tokens=9000))
    limits = [json.loads(DIALECT.request(each).body)["max_tokens"] for each in (a_call(), roomy, call)]
    assert limits == [64, 9000, 4096]


def test_a_stream_is_read_to_its_content_usage_and_end() -> None:
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    events = read(sse(START, PING, block, TEXT, PING, {"type": "unheard_of"}, STOPPING, STOP))
    assert pieces(events) == [("text", "Hello")]
    assert [event.raw for event in events if isinstance(event, Content)] == [sse(TEXT)]
    assert usage(events) == Usage(input_tokens=103, cache_read_tokens=100, output_tokens=12)
    reports = [event for event in events if isinstance(event, UsageReport)]
    assert [report.model_served for report in reports] == ["claude-x"] * len(reports)
    assert reports[-1].reading.service_tier == "standard"
    assert ending(events) == Exchange(
        "fake",
        streamed=True,
        status=200,
        done=True,
        content_seen=True,
        finish_reason="end_turn",
        output_tokens=12,
        usage_seen=True,
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (delta("thinking_delta", thinking="hm"), [("reasoning", "hm")]),
        (delta("input_json_delta", partial_json='{"a"'), [("tool", '{"a"')]),
        (delta("input_json_delta", partial_json=""), []),
        (delta("signature_delta", signature="x"), []),
        (delta("text_delta", text=""), []),
        ({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f"}}, [("tool", "")]),
        ({"type": "content_block_start", "content_block": None}, []),
        (PING, []),
    ],
)
def test_what_counts_as_content_and_of_which_kind(
    event: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    events = read(sse(START, event))
    assert pieces(events) == expected
    assert ending(events).content_seen is bool(expected)


def test_an_answer_is_whole_only_with_its_message_stop() -> None:
    assert ending(read(sse(START, TEXT, STOPPING))).finish_reason is None
    assert ending(read(sse(START, TEXT, STOPPING, STOP))).finish_reason == "end_turn"


def test_a_refusal_is_told_as_the_wire_spells_it() -> None:
    refusal: dict[str, object] = {**STOPPING, "delta": {"stop_reason": "refusal"}}
    assert ending(read(sse(START, TEXT, refusal, STOP))).finish_reason == "refusal"


def test_an_error_inside_a_stream_is_found() -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    exchange = ending(read(sse(START, TEXT, {"type": "error", "error": error})))
    assert (exchange.error, exchange.content_seen, exchange.finish_reason) == (error, True, None)


def test_a_whole_body_is_read() -> None:
    body = {
        "type": "message",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "hm"},
            {"type": "text", "text": "Hi"},
            {"type": "tool_use"},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }
    events = read(json.dumps(body).encode(), stream=False)
    assert pieces(events) == [("reasoning", "hm"), ("text", "Hi"), ("tool", "")]
    assert usage(events) == Usage(input_tokens=3, output_tokens=5)
    assert ending(events).finish_reason == "tool_use"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"content": "text"}'])
def test_a_200_that_is_no_answer_is_seen_for_what_it_is(body: bytes) -> None:
    exchange = ending(read(body, stream=False))
    assert (exchange.parsed, exchange.text) == (False, body.decode())


def test_an_event_that_is_no_json_is_no_answer_but_a_cut_one_is_only_cut() -> None:
    assert not ending(read(b"event: message_start\ndata: {oops\n\n")).parsed
    assert ending(read(sse(START) + b"event: content_block_delta\ndata: {oops")).parsed


def test_breakpoints_of_the_prompt_cache_become_blocks_and_everything_else_stays_a_string() -> None:
    call = a_call()
    marked = replace(
        call,
        messages=(
            Message("system", "Be brief."),
            Message("system", "Name your sources.", CacheMark.HOUR),
            Message("user", "Why?", CacheMark.FIVE_MINUTES),
            Message("assistant", "Because."),
        ),
    )
    body = json.loads(DIALECT.request(marked).body)
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert body["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Name your sources.", **hour},
    ]
    five = {"type": "text", "text": "Why?", "cache_control": {"type": "ephemeral"}}
    assert body["messages"] == [
        {"role": "user", "content": [five]},
        {"role": "assistant", "content": "Because."},
    ]
