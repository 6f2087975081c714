from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.usage.transcript import DONE, Api, parse_json, parse_stream, read_body, read_stream

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "usage", "result", "response", "body", "delta", "message", "type"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(list(Api)), anything, st.lists(anything, max_size=4))
def test_no_json_makes_a_transcript_fail(api: Api, body: object, events: list[object]) -> None:
    read_body(api, body)
    found = read_stream(api, events)
    assert found.whole or found.reading.usage.output_tokens is None


@given(st.lists(st.text(max_size=30) | st.sampled_from(["data: {", "}", "data: 1", "data: [DONE]", ""])))
def test_no_line_makes_a_stream_fail_and_none_is_more_than_one_event(lines: list[str]) -> None:
    assert len(list(parse_stream(lines))) <= len(lines)


def test_comments_event_names_and_broken_lines_are_left_out() -> None:
    lines = [
        ": ping",
        "event: x",
        'data: {"a": 1}',
        "",
        "data: {broken",
        "",
        'data: {"b": 2}',
        "data: [DONE]",
    ]
    assert list(parse_stream(lines)) == [{"a": 1}, {"b": 2}, DONE]


def test_one_json_text_over_several_data_lines_is_one_event() -> None:
    assert list(parse_stream(['data: {"a":', "data: 1}", ""])) == [{"a": 1}]


def test_a_broken_line_does_not_swallow_the_next_event() -> None:
    assert list(parse_stream(["data: {broken", 'data: {"a": 1}', ""])) == [{"a": 1}]


def test_lines_of_json_alone_are_events() -> None:
    assert list(parse_stream(['{"a": 1}', '{"done": true}'])) == [{"a": 1}, {"done": True}]


def test_numbers_are_kept_exactly() -> None:
    assert parse_json("[7.4E-7, NaN]") == [Decimal("7.4E-7"), None]


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "1e999999999999999999999", "9" * 5000, ""])
def test_what_cannot_be_held_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(text)


@pytest.mark.parametrize(
    ("api", "last"),
    [
        (Api.OPENAI_CHAT, {"choices": [{"finish_reason": "stop"}], "usage": USAGE}),
        (Api.OPENAI_CHAT, {"choices": [], "usage": USAGE}),
        (Api.OPENAI_RESPONSES, {"type": "response.failed", "response": {"usage": USAGE}}),
        (Api.ANTHROPIC_MESSAGES, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        (Api.ANTHROPIC_MESSAGES, {"type": "message_stop"}),
        (Api.GEMINI_STREAM, {"candidates": [{"finishReason": "STOP"}]}),
        (Api.GEMINI_STREAM, {"promptFeedback": {"blockReason": "SAFETY"}}),
        (Api.OLLAMA_CHAT, {"done": True}),
    ],
)
def test_each_wire_says_in_its_own_way_that_an_answer_is_whole(api: Api, last: dict[str, object]) -> None:
    before = {"choices": [{"delta": {"content": "Hi"}}], "type": "content_block_delta"}
    assert read_stream(api, [before, last]).whole
    assert not read_stream(api, [before]).whole


def test_a_cut_stream_keeps_its_input_and_has_no_output_and_no_cost() -> None:
    told = {"choices": [{"delta": {}}], "usage": {**USAGE, "cost": 1}, "model": "m"}
    cut = read_stream(Api.OPENROUTER_CHAT, [told])
    assert cut.model_served == "m"
    assert (cut.reading.usage.input_tokens, cut.reading.usage.output_tokens) == (5, None)
    assert cut.reading.reported_cost_nano is None


def test_an_array_of_chunks_is_a_stream() -> None:
    counts = {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}
    chunks = [
        {"usageMetadata": counts | {"candidatesTokenCount": 1, "totalTokenCount": 6}},
        {"usageMetadata": counts, "candidates": [{"finishReason": "STOP"}], "modelVersion": "g"},
    ]
    found = read_body(Api.GEMINI_STREAM, json.loads(json.dumps(chunks)))
    assert found.whole
    assert found.reading.usage.output_tokens == 2
    assert found.model_served == "g"
