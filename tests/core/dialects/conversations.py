"""Conversations of every kind, generated: what a prompt of the inner form may hold."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from hypothesis import strategies as st

from router.core.dialects.parts import message_of
from router.core.dialects.reply import Began, Counted, Finish, Finished, Piece, Reply, ReplyEvent
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
    content_of,
)
from router.core.prompt import (
    Prompt,
    ResponseFormat,
    Sampling,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
)
from router.core.records.usage import Usage
from router.core.usage import UsageReading

DIALECTS = ("chat", "anthropic", "responses", "gemini", "ollama")
words = st.text(st.characters(codec="utf-8"), max_size=12)
some = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
names = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
ids = st.from_regex(r"(call|toolu)_[a-zA-Z0-9]{4}", fullmatch=True)
marks = st.none() | st.sampled_from(CacheMark)
base64s = st.binary(min_size=1, max_size=9).map(lambda raw: base64.b64encode(raw).decode())
addresses = names.map(lambda name: f"https://example.org/{name}.png")
values = st.dictionaries(
    names, st.none() | st.integers(0, 9) | words | st.lists(words, max_size=2), max_size=2
)
arguments = values.map(json.dumps) | st.just("")
schemas = st.builds(
    lambda props: {"type": "object", "properties": props},
    st.dictionaries(names, st.sampled_from([{"type": "string"}, {"type": "integer"}]), max_size=3),
)
opaques = st.builds(
    Opaque, st.sampled_from([*DIALECTS, "deepseek"]), st.from_regex(r"[A-Za-z0-9]{4,9}", fullmatch=True)
)
texts = st.builds(Text, some, marks, st.none() | opaques)
images = st.builds(
    Image, base64s, media_type=st.sampled_from(["image/png", "image/jpeg"]), mark=marks
) | st.builds(Image, url=addresses, mark=marks)
plain_files = some.map(lambda text: base64.b64encode(text.encode()).decode())
documents = (
    st.builds(Document, base64s, media_type=st.just("application/pdf"), name=st.none() | names, mark=marks)
    | st.builds(Document, plain_files, media_type=st.just("text/plain"), name=st.none() | names, mark=marks)
    | st.builds(Document, url=addresses, mark=marks)
)
unknowns = st.builds(Unknown, st.sampled_from(DIALECTS), st.just({"type": "of_one_dialect", "held": [1]}))
seen = texts | images | documents
shown = st.builds(Text, some) | st.builds(Image, base64s, media_type=st.just("image/png"))
contents = st.lists(shown, max_size=3).map(content_of)
calls = st.builds(ToolCall, ids, names, arguments, marks, st.none() | opaques)
results = st.builds(ToolResult, ids, words | contents, st.booleans(), mark=marks)
thoughts = st.builds(Reasoning, words, st.none() | opaques)


def _message(role: str, parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Message]:
    listed = st.lists(parts, max_size=4).map(lambda held: message_of(role, held))
    return listed | words.map(lambda text: Message(role, text))


messages = (
    st.sampled_from(["system", "developer"]).flatmap(lambda role: _message(role, texts))
    | _message("user", seen | results | unknowns)
    | _message("assistant", texts | calls | thoughts | st.builds(Refusal, some) | unknowns)
    | results.map(lambda result: message_of("tool", [result]))
)
tools = st.builds(Tool, names, st.none() | words, schemas, st.none() | st.booleans(), marks) | unknowns
choices = st.builds(ToolChoice, st.sampled_from([ToolMode.AUTO, ToolMode.NONE, ToolMode.ANY])) | names.map(
    lambda name: ToolChoice(ToolMode.ONE, name)
)
shares = st.floats(0, 1, allow_subnormal=False).map(lambda share: round(share, 3))
samplings = st.builds(
    Sampling,
    st.none() | shares.map(lambda share: share * 2),
    st.none() | shares,
    st.none() | st.integers(1, 99),
    st.none() | shares,
    st.none() | shares,
    st.none() | st.integers(0, 999),
)
formats = st.builds(ResponseFormat) | st.builds(
    ResponseFormat, schemas, names, st.none() | words, st.none() | st.booleans()
)
thinkings = (
    st.builds(Thinking, st.just(True), effort=st.sampled_from(["low", "medium", "high"]))
    | st.builds(Thinking, st.just(True), st.integers(1024, 9999))
    | st.just(Thinking(on=False))
    | st.just(Thinking(on=True))
)
prompts = st.builds(
    Prompt,
    st.lists(messages, min_size=1, max_size=6).map(tuple),
    model=names,
    dialect=st.sampled_from([*DIALECTS, ""]),
    stream=st.booleans(),
    max_tokens=st.none() | st.integers(1, 9999),
    tools=st.lists(tools, max_size=3, unique_by=lambda tool: getattr(tool, "name", "")).map(tuple),
    tool_choice=st.none() | choices,
    parallel_tools=st.none() | st.booleans(),
    sampling=st.just(Sampling()) | samplings,
    stop=st.lists(some, max_size=6).map(tuple),
    response_format=st.none() | formats,
    thinking=st.none() | thinkings,
    metadata=st.none() | st.dictionaries(names, words, min_size=1, max_size=2),
    user=st.none() | names,
)
usages = st.tuples(*[st.integers(0, 500)] * 5).map(
    lambda n: Usage(n[0] + n[1] + n[2] + 1, n[1], n[2], None, n[3] + n[4], n[4])
)
said_texts = st.builds(Text, some)
said_parts = (
    said_texts
    | st.builds(Refusal, some)
    | st.builds(Reasoning, some, st.none() | opaques)
    | st.builds(ToolCall, st.uuids().map(lambda u: f"call_{u.hex[:12]}"), names, values.map(json.dumps))
)
replies = st.builds(
    Reply,
    st.lists(said_parts, max_size=5).map(tuple),
    st.sampled_from(Finish),
    usages,
    ids,
    names,
    st.integers(1, 2**31),
    dialect=st.sampled_from(DIALECTS),
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[Reply, list[ReplyEvent]]:
    """Return an answer and the events by which it may come."""
    reply = draw(replies)
    events: list[ReplyEvent] = [Began(reply.id, reply.model, reply.created)]
    for place, part in enumerate(reply.parts):
        events += [Piece(place, piece) for piece in _cut(draw, part)]
        if draw(st.booleans()):
            events.append(Counted(UsageReading(Usage(input_tokens=reply.usage.input_tokens))))
    events += [Counted(UsageReading(reply.usage)), Finished(reply.finish or Finish.STOP, reply.stop_sequence)]
    return reply, events


def _cut(draw: st.DrawFn, part: Part) -> list[Part]:
    match part:
        case ToolCall():
            first, *more = _split(draw, part.arguments)
            return [replace(part, arguments=first), *(ToolCall("", "", piece) for piece in more)]
        case Reasoning():
            pieces = [Reasoning(piece) for piece in _split(draw, part.text)]
            return [*pieces, *([Reasoning("", part.opaque)] if part.opaque else [])]
        case Text() | Refusal():
            return [replace(part, text=piece) for piece in _split(draw, part.text)]
        case _:
            return [part]


def _split(draw: st.DrawFn, text: str) -> list[str]:
    at = draw(st.lists(st.integers(0, len(text)), max_size=3).map(sorted))
    return [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]
