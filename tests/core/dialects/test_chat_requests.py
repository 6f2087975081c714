"""Chat Completions requests as clients spell them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from router.core.dialects.chat import read_request, write_request
from router.core.dialects.fields import Unreadable
from router.core.message import (
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from router.core.prompt import ResponseFormat, Thinking, Tool, ToolChoice, ToolMode

HI = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def one(message: Mapping[str, object]) -> Message:
    return read_request({"model": "m", "messages": [message]}).messages[0]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (HI, Message("user", "hi")),
        ({"role": "user", "content": [{"type": "text", "text": "hi"}]}, Message("user", "hi")),
        ({"role": "developer", "content": "be brief"}, Message("developer", "be brief")),
        ({"role": "user", "content": "hi", "name": "Ann"}, Message("user", "hi", extra={"name": "Ann"})),
        (
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            Message("assistant", (ToolCall("c1", "look", "{}"),)),
        ),
        (
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            Message("assistant", (ToolCall("c1", "look", "{}"),)),
        ),
        (
            {"role": "assistant", "content": "no", "refusal": "I will not"},
            Message("assistant", (Text("no"), Refusal("I will not"))),
        ),
        (
            {"role": "assistant", "content": "4", "reasoning_content": "2+2"},
            Message("assistant", (Reasoning("2+2"), Text("4"))),
        ),
        (
            {"role": "assistant", "content": "4", "reasoning_content": ""},  # DeepSeek takes it so
            Message("assistant", (Reasoning(""), Text("4"))),
        ),
        (
            {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": "{}"}},
            Message("assistant", (ToolCall("look", "look", "{}"),)),
        ),
        (
            {"role": "function", "name": "look", "content": "9"},
            Message("tool", (ToolResult("look", "9", name="look"),)),
        ),
        (
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
            Message("tool", (ToolResult("c1", (Text("a"), Text("b"))),)),
        ),
        (
            {
                "role": "system",
                "content": [
                    {"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
                ],
            },
            Message("system", "s", CacheMark.HOUR),
        ),
    ],
)
def test_a_message_is_read_whatever_its_shape(message: dict[str, object], expected: Message) -> None:
    found = one(message)
    assert found == expected
    assert found.mark == expected.mark


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
            Image("aGk=", None, "image/png"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://e.org/a.png", "detail": "low"}},
            Image(None, "https://e.org/a.png", extra={"detail": "low"}),
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
            Document("aGk=", None, "application/pdf", "a.pdf"),
        ),
        (
            {"type": "file", "file": {"file_id": "f1"}},
            Unknown("chat", {"type": "file", "file": {"file_id": "f1"}}),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
            Unknown("chat", {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}),
        ),
    ],
)
def test_a_part_is_read_and_written_as_it_was(part: dict[str, object], expected: Part) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "see"}, part]}
    assert one(message).content == (Text("see"), expected)
    assert write_request(read_request({"messages": [message]}))["messages"] == [message]


def test_gemini_s_state_stands_beside_a_call_and_goes_back_there() -> None:
    call = CALL | {"extra_content": {"google": {"thought_signature": "sig"}}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    assert one(message).content == (ToolCall("c1", "look", "{}", opaque=Opaque("gemini", "sig")),)
    assert write_request(read_request({"messages": [message]}))["messages"] == [message]


def test_a_tool_of_one_text_is_a_function_to_others_and_comes_back_as_it_was() -> None:
    grammar = {"type": "text"}
    body = {
        "model": "m",
        "messages": [
            HI,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "sh", "input": "ls"}}],
            },
        ],
        "stream": False,
        "tools": [{"type": "custom", "custom": {"name": "sh", "description": "run", "format": grammar}}],
    }
    prompt = read_request(body)
    [tool] = prompt.tools
    assert isinstance(tool, Tool)
    assert tool.parameters == {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
    }
    [call] = prompt.messages[1].parts
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"input": "ls"}'
    assert write_request(prompt) == body


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_completion_tokens": 5}, "max_tokens", 5),
        ({"stop": "x"}, "stop", ("x",)),
        ({"stop": ["x", "y"]}, "stop", ("x", "y")),
        ({"stop": None}, "stop", ()),
        ({"tool_choice": "required"}, "tool_choice", ToolChoice(ToolMode.ANY)),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            "tool_choice",
            ToolChoice(ToolMode.ONE, "f"),
        ),
        ({"tool_choice": {"type": "allowed_tools"}}, "extra", {"tool_choice": {"type": "allowed_tools"}}),
        ({"response_format": {"type": "text"}}, "response_format", None),
        ({"response_format": {"type": "json_object"}}, "response_format", ResponseFormat()),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True},
                }
            },
            "response_format",
            ResponseFormat({"type": "object"}, "a", None, True),
        ),
        ({"reasoning_effort": "low"}, "thinking", Thinking(on=True, effort="low")),
        (
            {"stream_options": {"include_usage": True}, "n": 2},
            "extra",
            {"stream_options": {"include_usage": True}, "n": 2},
        ),
    ],
)
def test_a_field_means_the_same_however_it_is_spelled(
    fields: dict[str, object], name: str, expected: object
) -> None:
    assert getattr(read_request({"messages": [HI], **fields}), name) == expected


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "the body"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [HI, {"content": "x"}]}, r"messages\[1\].role"),
        ({"messages": [{"role": "robot"}]}, r"messages\[0\].role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, r"messages\[0\].tool_call_id"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, r"messages\[0\].content\[0\].text"),
        ({"messages": [{"role": "user", "content": 5}]}, r"messages\[0\].content"),
        ({"messages": [HI], "max_tokens": -1}, "max_tokens"),
        ({"messages": [HI], "stream": "yes"}, "stream"),
        ({"messages": [HI], "temperature": "hot"}, "temperature"),
        ({"messages": [HI], "stop": [1]}, "stop"),
        ({"messages": [HI], "tools": [{"type": "function"}]}, r"tools\[0\].function.name"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(body: object, place: str) -> None:
    with pytest.raises(Unreadable, match=f"^{place} "):
        read_request(body)
