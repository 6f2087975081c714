"""Streams of Chat Completions as the many servers of this dialect send them."""

from __future__ import annotations

import json

import pytest

from router.core.dialects.chat import Reader, Writer, read_answer
from router.core.dialects.framing import SseDecoder
from router.core.dialects.reader import made_id
from router.core.dialects.reply import (
    Began,
    Broke,
    Finish,
    Finished,
    Piece,
    Reply,
    ReplyEvent,
    gather,
)
from router.core.message import Opaque, Part, Reasoning, Text, ToolCall

A, B = ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", '{"y":2}')


def call(
    index: int | None, call_id: str | None, name: str | None, arguments: str | None
) -> dict[str, object]:
    function = {"name": name, "arguments": arguments}
    made: dict[str, object] = {
        "function": {key: value for key, value in function.items() if value is not None}
    }
    return made | ({} if index is None else {"index": index}) | ({} if call_id is None else {"id": call_id})


def read(*deltas: dict[str, object], reason: str = "tool_calls") -> list[ReplyEvent]:
    chunks = [{"id": "r", "model": "m", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"id": "r", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    stream = (
        b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    )
    reader = Reader()
    return [told for event in SseDecoder().feed(stream) for told in reader.feed(event)]


def parts(*deltas: dict[str, object]) -> tuple[Part, ...]:
    reply = gather(read(*deltas))
    assert isinstance(reply, Reply)
    return reply.parts


@pytest.mark.parametrize(
    "deltas",
    [
        [[call(0, "a", "f", '{"x":1}')], [call(1, "b", "g", '{"y":2}')]],
        [[call(0, "a", "f", '{"x":1}'), call(1, "b", "g", '{"y":2}')]],
        [
            [call(0, "a", "f", "")],
            [call(0, None, None, '{"x":1}')],
            [call(1, "b", "g", "")],
            [call(1, None, None, '{"y":2}')],
        ],
        [
            [call(0, "a", "f", '{"x"')],
            [call(0, "a", "f", ":1}")],
            [call(1, "b", "g", '{"y"')],
            [call(1, "b", "g", ":2}")],
        ],
        [[call(0, "a", "f", '{"x":1}')], [call(0, "b", "g", '{"y":2}')]],  # a new id at a known index
        [[call(None, "a", "f", '{"x":1}')], [call(None, "b", "g", '{"y":2}')]],
        [[call(None, "a", "f", "")], [call(None, None, None, '{"x":1}')], [call(None, "b", "g", '{"y":2}')]],
        [[call(3, "a", "f", '{"x":1}')], [call(7, "b", "g", '{"y":2}')]],
        [
            [call(0, "a", None, None)],
            [call(0, None, "f", None)],
            [call(0, None, None, '{"x":1}')],
            [call(1, "b", "g", '{"y":2}')],
        ],
        # taking turns
        [
            [call(0, "a", "f", "")],
            [call(1, "b", "g", "")],
            [call(0, None, None, '{"x":1}')],
            [call(1, None, None, '{"y":2}')],
        ],
        [
            [call(0, "a", "f", '{"x"')],
            [call(1, "b", "g", '{"y"')],
            [call(0, None, None, ":1}"), call(1, None, None, ":2}")],
        ],
    ],
)
def test_two_calls_are_two_calls_however_they_come(deltas: list[list[dict[str, object]]]) -> None:
    told: list[dict[str, object]] = [{"tool_calls": calls} for calls in deltas]
    assert parts(*told) == (A, B)


def test_text_and_a_call_in_one_chunk_are_both_told_text_first() -> None:
    assert parts({"content": "Look:", "tool_calls": [call(0, "a", "f", '{"x":1}')]}) == (Text("Look:"), A)
    assert parts({"content": "Look", "tool_calls": []}, {"content": ":", "tool_calls": []}) == (
        Text("Look:"),
    )


def test_text_between_the_pieces_of_a_call_waits_for_its_end() -> None:
    told = parts(
        {"tool_calls": [call(0, "a", "f", '{"x"')]},
        {"content": "so"},
        {"tool_calls": [call(0, None, None, ":1}")]},
    )
    assert told == (A, Text("so"))


def test_a_call_is_handed_on_as_it_comes_and_its_id_is_made_where_none_came() -> None:
    events = read({"tool_calls": [call(0, None, "f", '{"x"')]}, {"tool_calls": [call(0, None, None, ":1}")]})
    made = made_id("r", 0, "f")
    assert events[1:3] == [Piece(0, ToolCall(made, "f", '{"x"')), Piece(0, ToolCall("", "", ":1}"))]
    assert read({"tool_calls": [call(0, None, "f", "{}")]})[1] == Piece(0, ToolCall(made, "f", "{}"))


def test_who_calls_tools_waits_for_them_whatever_word_stands_there() -> None:
    assert read({"tool_calls": [call(0, "a", "f", "{}")]}, reason="stop")[-1] == Finished(Finish.TOOL_CALLS)
    assert read({"content": "x"}, reason="eos")[-1] == Finished(Finish.STOP)
    assert read({"content": "x"}, reason="length")[-1] == Finished(Finish.LENGTH)


def test_thoughts_and_gemini_s_state_are_told() -> None:
    state = {"extra_content": {"google": {"thought_signature": "sig"}}}
    told = parts(
        {"reasoning": "hm", "reasoning_content": "hm"}, {"tool_calls": [call(0, "a", "f", '{"x":1}') | state]}
    )
    assert told == (Reasoning("hm"), ToolCall("a", "f", '{"x":1}', opaque=Opaque("gemini", "sig")))


def test_arguments_behind_the_finish_reason_still_count() -> None:
    first = {"index": 0, "delta": {"tool_calls": [call(0, "a", "f", '{"x"')]}, "finish_reason": "tool_calls"}
    second = {"index": 0, "delta": {"tool_calls": [call(0, None, None, ":1}")]}}
    stream = b"".join(b"data: " + json.dumps({"choices": [c]}).encode() + b"\n\n" for c in (first, second))
    reader = Reader()
    told = [said for event in SseDecoder().feed(stream) for said in reader.feed(event)] + reader.close()
    reply = gather(told)
    assert isinstance(reply, Reply)
    assert reply.parts == (A,)


def test_the_first_word_is_told_before_the_stream_goes_on() -> None:
    writer = Writer()
    assert b'"role":"assistant"' in writer.write(Began("r", "m", 1))
    assert b'"content":"Hi"' in writer.write(Piece(0, Text("Hi")))
    assert writer.ping().startswith(b":")


def test_a_whole_answer_of_several_shapes_is_read() -> None:
    body = {
        "id": "r",
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    }
    assert read_answer(body) == Reply((Text("Hi"),), Finish.STOP, id="r", model="m", dialect="chat")
    assert read_answer({"choices": []}).finish is None


def test_nothing_follows_a_stream_that_broke() -> None:
    chunks = (
        {"choices": [{"delta": {"content": "x"}}]},
        {"error": {"message": "full"}},
        {"choices": [{"delta": {"content": "y"}, "finish_reason": "stop"}]},
    )
    stream = (
        b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    )
    reader = Reader()
    told = [said for event in SseDecoder().feed(stream) for said in reader.feed(event)] + reader.close()
    assert [type(event) for event in told] == [Began, Piece, Broke]
