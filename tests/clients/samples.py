"""One answer with thoughts, words and two calls: whole, and as the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping

from router.core.dialects.reply import Began, Counted, Finish, Finished, Piece, Reply, ReplyEvent
from router.core.message import Opaque, Reasoning, Text, ToolCall
from router.core.records.usage import Usage
from router.core.usage import UsageReading
from tests.fake_provider import answer

USAGE = Usage(30, 10, 0, None, 7, 2)
HELLO = Reply(
    (
        Reasoning("hm", Opaque("gemini", "sig")),
        Text("Hello"),
        ToolCall("call_a", "f", '{"x":1}'),
        ToolCall("call_b", "g", "{}"),
    ),
    Finish.TOOL_CALLS,
    USAGE,
    "r1",
    "m",
    1_700_000_000,
)
EVENTS: list[ReplyEvent] = [
    Began("r1", "m", 1_700_000_000),
    Piece(0, Reasoning("hm")),
    Piece(0, Reasoning("", Opaque("gemini", "sig"))),
    Piece(1, Text("Hel")),
    Piece(1, Text("lo")),
    Piece(2, ToolCall("call_a", "f", '{"x"')),
    Piece(2, ToolCall("", "", ":1}")),
    Piece(3, ToolCall("call_b", "g", "{}")),
    Counted(UsageReading(USAGE)),
    Finished(Finish.TOOL_CALLS),
]


def json_answer(status: int, body: Mapping[str, object]) -> bytes:
    """Return an HTTP answer with a JSON body."""
    return answer(json.dumps(body).encode(), status, "content-type: application/json")
