"""The Messages API as its clients and servers spell it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from router.core.dialects.anthropic import Reader, Writer, read_answer, read_request, write_request
from router.core.dialects.fields import Unreadable
from router.core.dialects.framing import SseDecoder
from router.core.dialects.reply import (
    Began,
    Broke,
    Counted,
    Finish,
    Finished,
    Piece,
    Reply,
    ReplyEvent,
    gather,
)
from router.core.message import (
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from router.core.prompt import ResponseFormat, Thinking, ToolChoice, ToolMode

HI = {"role": "user", "content": "hi"}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            Image("aGk=", None, "image/png"),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}},
            Image(None, "https://e.org/a.png"),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "f"}},
            Unknown("anthropic", {"type": "image", "source": {"type": "file", "file_id": "f"}}),
        ),
        (
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "hi"},
                "title": "a",
            },
            Document("aGk=", None, "text/plain", "a"),
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
                "citations": {"enabled": True},
            },
            Document("aGk=", None, "application/pdf", extra={"citations": {"enabled": True}}),
        ),
        (
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            Reasoning("hm", Opaque("anthropic", "sig")),
        ),
        (
            {"type": "thinking", "thinking": "hm", "signature": "tier-cockpit.gemini.sig"},
            Reasoning("hm", Opaque("gemini", "sig")),
        ),
        (
            {"type": "redacted_thinking", "data": "x"},
            Reasoning("", Opaque("anthropic", "x"), {"redacted": True}),
        ),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {"ä": 1}}, ToolCall("t", "f", '{"ä": 1}')),
        (
            {"type": "tool_result", "tool_use_id": "t", "content": "no", "is_error": True},
            ToolResult("t", "no", failed=True),
        ),
        (
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
            ToolResult("t", (Text("a"), Text("b"))),
        ),
        (SEARCH, Unknown("anthropic", SEARCH)),
    ],
)
def test_a_block_is_read_and_written_as_it_was(block: Mapping[str, object], expected: Part) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "see"}, block]}
    prompt = read_request({"messages": [message]})
    assert prompt.messages[0].content == (Text("see"), expected)
    assert write_request(prompt)["messages"] == [message]


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"tool_choice": {"type": "any"}}, "tool_choice", ToolChoice(ToolMode.ANY)),
        ({"tool_choice": {"type": "tool", "name": "f"}}, "tool_choice", ToolChoice(ToolMode.ONE, "f")),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, "parallel_tools", False),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            "thinking",
            Thinking(on=True, budget_tokens=2000),
        ),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            "thinking",
            Thinking(on=True, effort="high"),
        ),
        ({"thinking": {"type": "disabled"}}, "thinking", Thinking(on=False)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}},
            "extra",
            {"thinking": {"type": "adaptive", "display": "omitted"}},
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"a": 1}}}},
            "response_format",
            ResponseFormat({"a": 1}),
        ),
        ({"metadata": {"user_id": "u"}}, "user", "u"),
        ({"container": "c"}, "extra", {"container": "c"}),
    ],
)
def test_a_field_is_read_and_written_as_it_was(
    fields: Mapping[str, object], name: str, expected: object
) -> None:
    body = {"model": "m", "max_tokens": 5, "messages": [HI], "stream": False, **fields}
    prompt = read_request(body)
    assert getattr(prompt, name) == expected
    assert write_request(prompt) == body


def test_a_system_text_stands_where_it_stood() -> None:
    body = {
        "messages": [HI, {"role": "system", "content": "later"}],
        "system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
    }
    prompt = read_request(body)
    assert [(m.role, m.text) for m in prompt.messages] == [
        ("system", "a\nb"),
        ("user", "hi"),
        ("system", "later"),
    ]
    assert write_request(prompt)["system"] == body["system"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, r"messages\[0\].role"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, r"messages\[0\].content\[0\].type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_use", "id": "t"}]}]},
            r"messages\[0\].content\[0\].name",
        ),
        ({"messages": [HI], "tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"messages": [HI], "tools": [{"description": "x"}]}, r"tools\[0\].name"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(body: object, place: str) -> None:
    with pytest.raises(Unreadable, match=f"^{place} "):
        read_request(body)


def read(*events: Mapping[str, object]) -> list[ReplyEvent]:
    stream = b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)
    reader = Reader()
    return [told for event in SseDecoder().feed(stream) for told in reader.feed(event)] + reader.close()


START = {
    "type": "message_start",
    "message": {"id": "r", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
}
TOOL = {
    "type": "content_block_start",
    "index": 0,
    "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {}},
}
STOP = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}
LAST = {"type": "message_stop"}


def arguments(index: int, text: str) -> dict[str, object]:
    return {
        "type": "content_block_delta",
        "index": index,
        "delta": {"type": "input_json_delta", "partial_json": text},
    }


def test_blocks_that_take_turns_come_one_after_the_other() -> None:
    other = {**TOOL, "index": 1, "content_block": {"type": "tool_use", "id": "b", "name": "g", "input": {}}}
    told = read(
        START, TOOL, arguments(0, '{"x"'), other, arguments(1, '{"y":2}'), arguments(0, ":1}"), STOP, LAST
    )
    reply = gather(told)
    assert isinstance(reply, Reply)
    assert reply.parts == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", '{"y":2}'))
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (9, 5)


def test_a_thought_is_told_with_its_signature_and_a_search_as_what_it_is() -> None:
    block = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "thinking", "thinking": "", "signature": ""},
    }
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "sig"}},
    ]
    search = {"type": "content_block_start", "index": 1, "content_block": SEARCH}
    reply = gather(read(START, block, *deltas, search, STOP, LAST))
    assert isinstance(reply, Reply)
    assert reply.parts == (Reasoning("hm", Opaque("anthropic", "sig")), Unknown("anthropic", SEARCH))


def test_only_its_last_word_makes_a_stream_whole() -> None:
    assert isinstance(read(START, TOOL, arguments(0, "{}"), STOP)[-1], Broke)
    assert read(START, TOOL, arguments(0, "{}"), STOP, LAST)[-1] == Finished(Finish.TOOL_CALLS)
    assert [type(event) for event in read(START, {"type": "ping"}, {"type": "news"})] == [
        Began,
        Counted,
        Broke,
    ]


def test_a_whole_answer_keeps_what_only_this_dialect_knows() -> None:
    body = {
        "type": "message",
        "role": "assistant",
        "content": [SEARCH],
        "stop_reason": "pause_turn",
        "container": {"id": "c"},
    }
    reply = read_answer(body)
    assert (reply.parts, reply.finish, reply.extra) == (
        (Unknown("anthropic", SEARCH),),
        Finish.PAUSED,
        {"container": {"id": "c"}},
    )


def test_a_signature_comes_last_in_its_block_and_a_ping_after_the_start() -> None:
    writer = Writer()
    assert writer.ping().startswith(b":")
    writer.write(Began("r", "m", input_tokens=12))
    assert writer.ping() == b'event: ping\ndata: {"type":"ping"}\n\n'
    thought = writer.write(Piece(0, Reasoning("hm"))) + writer.write(
        Piece(0, Reasoning("", Opaque("anthropic", "s")))
    )
    assert b"signature_delta" not in thought
    following = writer.write(Piece(1, Text("Hi")))
    assert (
        following.index(b"signature_delta")
        < following.index(b"content_block_stop")
        < following.index(b"text_delta")
    )


def test_a_message_of_one_block_is_a_text() -> None:
    assert read_request(
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}
    ).messages == (Message("user", "hi"),)
