"""The openai wire: what is asked and what is made of the answers, the relatives' habits included."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange, StreamEnd
from router.core.message import Message
from router.core.records.diagnosis import FailureClass, LedgerOutcome
from router.core.records.usage import Usage
from router.engine.ports import Answering, Content, UpstreamEvent, UsageReport
from router.providers.openai_wire import OpenAiDialect
from router.providers.reading import AnswerReading
from tests.providers.calls import KEY, a_call, ending, pieces, usage

DIALECT = OpenAiDialect()


def read(
    body: bytes, *, stream: bool = True, status: int = 200, end: StreamEnd = StreamEnd.EOF, cut: int = 7
) -> list[UpstreamEvent]:
    """Feed `body` in small pieces, as a network may."""
    reading = AnswerReading(a_call(stream=stream), DIALECT.decoder(), DIALECT.reader())
    events: list[UpstreamEvent] = [reading.head(status, {"x-request-id": "req-1", "set-cookie": "c"})]
    for at in range(0, len(body), cut):
        events += reading.feed(body[at : at + cut])
        if reading.stopped:
            break
    return events + reading.finish(reading.stopped or end)


def sse(*chunks: object) -> bytes:
    lines = [chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join(lines).encode()


def delta(finish_reason: str | None = None, /, **fields: object) -> dict[str, object]:
    choices = [{"index": 0, "delta": fields, "finish_reason": finish_reason}]
    return {"id": "c", "model": "m-2026", "choices": choices}


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
DONE = "data: [DONE]\n\n"


def test_a_call_is_put_as_a_chat_completions_request() -> None:
    call = a_call(
        "http://127.0.0.1:9/v1", messages=(Message("system", "Be brief"), Message("user", "Grüß \ud800"))
    )
    request = DIALECT.request(call)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/v1/chat/completions")
    assert dict(request.headers)["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.body) == {
        "model": "some-model",
        "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Grüß ?"}],
        "stream": True,
        "max_tokens": 64,
        "stream_options": {"include_usage": True},
    }
    assert KEY not in repr(request)


@pytest.mark.parametrize(
    ("vendor", "fields"),
    [
        ("openrouter", {"reasoning": {"max_tokens": 2048}}),
        ("google", {"extra_body": {"google": {"thinking_config": {"thinking_budget": 2048}}}}),
        ("deepseek", {}),
        ("openai", {}),
    ],
)
def test_a_thinking_budget_is_put_as_each_provider_reads_it_or_not_at_all(
    vendor: str, fields: dict[str, object]
) -> None:
    plain = a_call(vendor=vendor)
    body = json.loads(DIALECT.request(replace(plain, thinking_tokens=2048)).body)
    assert body == json.loads(DIALECT.request(plain).body) | fields


@pytest.mark.parametrize(
    ("vendor", "limit", "stream_options"),
    [
        ("openai", "max_completion_tokens", True),
        ("xai", "max_completion_tokens", True),
        ("groq", "max_completion_tokens", True),
        ("mistral", "max_tokens", False),
        ("deepseek", "max_tokens", True),
        ("google", "max_tokens", True),
        ("nobody-we-know", "max_tokens", True),
    ],
)
def test_each_provider_is_asked_with_the_fields_it_takes(
    vendor: str, limit: str, *, stream_options: bool
) -> None:
    body = json.loads(DIALECT.request(a_call(vendor=vendor)).body)
    assert body[limit] == 64
    assert ("stream_options" in body) is stream_options
    assert len({"max_tokens", "max_completion_tokens"} & body.keys()) == 1


def test_a_call_without_a_stream_or_a_limit_asks_for_neither() -> None:
    body = json.loads(DIALECT.request(a_call(stream=False, max_tokens=None)).body)
    assert body["stream"] is False
    assert body.keys() == {"model", "messages", "stream"}


def test_a_stream_is_read_to_its_content_usage_and_end() -> None:
    last = {"id": "c", "model": "m-2026", "service_tier": "default", "choices": [], "usage": USAGE}
    chunks = (
        delta(role="assistant", content=""),
        delta(content="Hel"),
        delta(content="lo"),
        delta("stop"),
        last,
    )
    events = read(sse(": PROCESSING\n\n", *chunks, DONE))
    assert pieces(events) == [("text", "Hel"), ("text", "lo")]
    assert usage(events) == Usage(input_tokens=9, output_tokens=4)
    [report] = [event for event in events if isinstance(event, UsageReport)]
    assert (report.model_served, report.reading.service_tier) == ("m-2026", "default")
    assert ending(events) == Exchange(
        "fake",
        streamed=True,
        status=200,
        done=True,
        headers={"x-request-id": "req-1"},
        content_seen=True,
        finish_reason="stop",
        output_tokens=4,
        usage_seen=True,
    )


def test_the_raw_bytes_of_a_chunk_go_with_its_first_piece_only() -> None:
    chunk = delta(reasoning_content="hm", content="Yes")
    [first, second] = [event for event in read(sse(chunk, delta("stop"))) if isinstance(event, Content)]
    assert (first, second) == (Content("hm", "reasoning", sse(chunk)), Content("Yes", "text", b""))


TOOL = {"index": 0, "id": "t", "type": "function", "function": {"name": "f", "arguments": '{"a"'}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"content": "x"}, [("text", "x")]),
        ({"reasoning_content": "why"}, [("reasoning", "why")]),
        ({"reasoning": "why"}, [("reasoning", "why")]),
        ({"reasoning": "why", "reasoning_content": "why"}, [("reasoning", "why")]),
        ({"refusal": "I can't"}, [("refusal", "I can't")]),
        ({"tool_calls": [TOOL]}, [("tool", '{"a"')]),
        ({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}, [("tool", "")]),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [("tool", "{}")]),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "why"}]},
                    {"type": "text", "text": "x"},
                ]
            },
            [("reasoning", "why"), ("text", "x")],
        ),
        ({"role": "assistant", "content": ""}, []),
        ({"role": "assistant", "content": None}, []),
        ({"tool_calls": []}, []),
        ({"tool_calls": None, "content": 7}, []),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_what_counts_as_content_and_of_which_kind(
    fields: dict[str, object], expected: list[tuple[str, str]], *, stream: bool
) -> None:
    message = {"choices": [{"message": fields, "finish_reason": "stop"}]}
    events = read(sse(delta(**fields)) if stream else json.dumps(message).encode(), stream=stream)
    assert pieces(events) == expected
    assert ending(events).content_seen is bool(expected)


def test_usage_in_every_chunk_is_cumulative_and_the_last_one_wins() -> None:
    chunks = [
        {**delta(content="x"), "usage": {"prompt_tokens": 9, "completion_tokens": n}} for n in (1, 2, 3)
    ]
    assert usage(read(sse(*chunks, delta("stop")))) == Usage(input_tokens=9, output_tokens=3)


def test_groq_puts_usage_in_a_place_of_its_own() -> None:
    chunks = ({**delta(content="x"), "x_groq": {"id": "r"}}, {**delta("stop"), "x_groq": {"usage": USAGE}})
    events = read(sse(*chunks, DONE))
    assert usage(events) == Usage(input_tokens=9, output_tokens=4)
    assert ending(events).usage_seen


def test_a_reported_cost_is_read_without_a_float() -> None:
    chunk = (
        sse(delta(content="x"), delta("stop"))
        + b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.000123456}}\n\n'
    )
    [report] = [event for event in read(chunk) if isinstance(event, UsageReport)]
    assert report.reading.reported_cost_nano == 123_456


ERROR: dict[str, object] = {"message": "Overloaded", "code": 503}


@pytest.mark.parametrize(
    ("tail", "error"),
    [
        (sse({"error": ERROR}), ERROR),
        (sse([{"error": ERROR}]), ERROR),
        (sse({"error": "Overloaded"}), "Overloaded"),
        (sse({**delta("error"), "error": ERROR}), ERROR),
        (
            sse({"error": ERROR, "error_type": "provider_overloaded"}),
            {"error_type": "provider_overloaded", **ERROR},
        ),
        (b'event: error\ndata: {"error": {"message": "Overloaded", "code": 503}}\n\n', ERROR),
        (b'event: error\ndata: {"message": "Overloaded", "code": 503}\n\n', ERROR),
    ],
)
def test_an_error_inside_a_stream_is_found(tail: bytes, error: object) -> None:
    exchange = ending(read(sse(delta(content="Hel")) + tail))
    assert (exchange.error, exchange.content_seen, exchange.parsed) == (error, True, True)
    assert exchange.finish_reason in {None, "error"}
    assert exchange.text == ""


def test_a_stream_that_ends_without_a_finish_reason_never_said_it_was_whole() -> None:
    exchange = ending(read(sse(delta(content="Hel"), delta(content=""))))
    assert (exchange.finish_reason, exchange.end, exchange.content_seen) == (None, StreamEnd.EOF, True)


def test_a_stream_cut_inside_a_chunk_is_cut_and_not_unreadable() -> None:
    exchange = ending(read(sse(delta(content="Hel")) + b'data: {"choices": [{"del'))
    assert (exchange.finish_reason, exchange.parsed) == (None, True)


def test_a_last_chunk_without_its_blank_line_still_counts() -> None:
    assert (
        ending(
            read(sse(delta(content="Hel")) + b'data: {"choices": [{"finish_reason": "stop"}]}')
        ).finish_reason
        == "stop"
    )


def test_a_stream_that_is_one_unfinished_event_is_read() -> None:
    exchange = ending(read(b'data: {"choices": [{"finish_reason": "stop"}]}'))
    assert (exchange.finish_reason, exchange.parsed) == ("stop", True)


def test_a_chunk_that_is_no_json_is_no_answer() -> None:
    assert not ending(read(sse(delta(content="Hel")) + b"data: {oops\n\n")).parsed


@pytest.mark.parametrize("stream", [True, False])
def test_a_body_in_one_piece_is_read_whether_or_not_a_stream_was_asked_for(*, stream: bool) -> None:
    body = {
        "model": "m",
        "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
    events = read(b"\n\n\n" + json.dumps(body, indent=1).encode(), stream=stream)
    assert pieces(events) == [("text", "Hello")]
    assert usage(events) == Usage(input_tokens=9, output_tokens=4)
    assert ending(events).finish_reason == "stop"


@pytest.mark.parametrize(
    ("body", "error", "parsed"),
    [
        (b"<html>Sign in</html>", None, False),
        (b"", None, False),
        (b"\n\n\n", None, False),
        (b'{"choices": []}', None, False),
        (b'{"hello": "world"}', None, False),
        (b"[]", None, False),
        (b"[" * 100_000, None, False),
        (b'{"error": {"message": "No credits", "code": 402}}', {"message": "No credits", "code": 402}, True),
        (b'[{"error": {"code": 429}}]', {"code": 429}, True),
    ],
    ids=["html", "empty", "blank", "no choices", "other json", "list", "deep", "error", "gemini"],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_200_that_is_no_answer_is_seen_for_what_it_is(
    body: bytes, error: object, *, parsed: bool, stream: bool
) -> None:
    exchange = ending(read(body, stream=stream, cut=4096))
    assert (exchange.error, exchange.parsed, exchange.content_seen) == (error, parsed, False)
    assert exchange.text == body.decode()[: 16 * 1024]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error": {"code": "insufficient_quota"}}', {"code": "insufficient_quota"}),
        (b'[{"error": {"status": "UNAVAILABLE"}}]', {"status": "UNAVAILABLE"}),
        (b'{"error": "model not found"}', "model not found"),
        (b'{"detail": "Unprocessable"}', {"detail": "Unprocessable"}),
        (b"upstream connect error", None),
        (b"", None),
    ],
)
def test_an_error_body_is_unwrapped_and_kept(body: bytes, error: object) -> None:
    exchange = ending(read(body, status=500))
    assert (exchange.status, exchange.error, exchange.text) == (500, error, body.decode())


def test_a_long_error_body_is_read_and_kept_in_part() -> None:
    exchange = ending(read(b"x" * 200_000, status=502, cut=1000))
    assert (exchange.end, len(exchange.text)) == (StreamEnd.EOF, 16 * 1024)


def test_a_body_without_an_end_is_given_up() -> None:
    exchange = ending(read(b" " * (9 * 1024 * 1024), stream=False, cut=65_536))
    assert exchange.end is StreamEnd.TOO_LONG


def test_a_line_without_an_end_is_given_up() -> None:
    exchange = ending(read(sse(delta(content="x")) + b"[" * (9 * 1024 * 1024), cut=65_536))
    assert (exchange.end, exchange.content_seen) == (StreamEnd.TOO_LONG, True)


def test_a_broken_connection_after_the_last_word_does_not_matter() -> None:
    assert (
        ending(read(sse(delta(content="x"), delta("stop"), DONE), end=StreamEnd.RESET)).end is StreamEnd.EOF
    )


@pytest.mark.parametrize("status", [200, 401])
def test_a_key_that_the_server_echoes_is_shown_nowhere_and_changes_no_judgement(status: int) -> None:
    body = json.dumps({"error": {"message": f"bad key {KEY}", "tried": [f"Bearer {KEY}"]}}).encode()
    events = read(body, status=status)
    assert KEY not in repr(events)
    assert KEY not in classify(ending(events), 0).evidence


def test_the_request_id_is_told_with_the_head() -> None:
    assert read(b"")[0] == Answering(200, "req-1")


def test_text_after_the_last_word_and_second_choices_are_no_part_of_the_answer() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "another"}}]}
    events = read(sse(delta(content="one"), other, delta("stop"), DONE, delta(content="late")))
    assert pieces(events) == [("text", "one")]


@pytest.mark.parametrize("last", ["delta", "message"])
def test_a_last_chunk_that_says_all_of_it_again_does_not_double_the_answer(last: str) -> None:
    again = {"choices": [{"index": 0, last: {"content": "one two"}, "finish_reason": "stop"}]}
    events = read(sse(delta(content="one "), delta(content="two"), again, DONE))
    assert pieces(events) == [("text", "one "), ("text", "two")]


def test_a_finish_reason_in_every_chunk_makes_no_cut_answer_whole() -> None:
    chunks = [delta("stop", content=word) for word in ("one", "two")]
    cut = ending(read(sse(*chunks), end=StreamEnd.HANG))
    assert cut.finish_reason is None
    assert classify(cut, 0).failure_class is FailureClass.TRANSIENT
    assert classify(ending(read(sse(*chunks))), 0).failure_class is FailureClass.OK


def test_events_parted_by_one_newline_are_events() -> None:
    text = sse(delta(content="one"), delta(content="two"), delta("stop"), DONE).replace(b"\n\n", b"\n")
    assert pieces(read(text)) == [("text", "one"), ("text", "two")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, FailureClass.BILLING),
        ({"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, FailureClass.QUOTA_UNTIL_TIME),
        ({"base_resp": {"status_code": 1004, "status_msg": "no such key"}}, FailureClass.AUTH),
        ({"code": 1302, "msg": "too many at once", "success": False}, FailureClass.QUOTA_UNTIL_TIME),
        ({"code": "1113", "message": "in arrears"}, FailureClass.BILLING),
        ({"success": False, "errors": [{"code": 7009, "message": "capacity"}]}, FailureClass.TRANSIENT),
        ({"error_code": 336501, "error_msg": "rpm limit reached"}, FailureClass.QUOTA_UNTIL_TIME),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_an_error_inside_a_200_is_read_wherever_it_stands_and_is_void(
    body: dict[str, object], expected: FailureClass, streamed: bool
) -> None:
    text = sse(body) if streamed else json.dumps(body).encode()
    found = classify(ending(read(text, stream=streamed)), 0)
    assert (found.failure_class, found.ledger) == (expected, LedgerOutcome.VOID)


def test_an_answer_with_a_status_beside_it_is_an_answer() -> None:
    body = {
        **delta(content="hi"),
        "base_resp": {"status_code": 0, "status_msg": ""},
        "code": 200,
        "msg": "ok",
    }
    assert pieces(read(sse(body, delta("stop"), DONE))) == [("text", "hi")]
