"""Messages requests, read and written.

`Unreadable` is raised by readers alone. What is written has to be something this dialect carries: `fit` of
`fitting` makes it so.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

from router.core.dialects.fields import Fields, Unreadable, given
from router.core.dialects.fitting.parts import read_arguments, write_arguments
from router.core.dialects.parts import marked_parts, message_of, read_mark, seal, unseal, write_mark
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
    content_of,
)
from router.core.prompt import (
    AnyTool,
    Prompt,
    ResponseFormat,
    Sampling,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
)

NAME = "anthropic"
REDACTED = {"redacted": True}
"""Marks, in `extra`, a thought of which nothing is shown."""
_ROLES = ("user", "assistant", "system")
_MODES = {"auto": ToolMode.AUTO, "any": ToolMode.ANY, "tool": ToolMode.ONE, "none": ToolMode.NONE}
_WORDS = {mode: word for word, mode in _MODES.items()}


def read_request(body: object) -> Prompt:
    """Return what a request asks."""
    fields = Fields(body)
    system = _read_system(fields)
    messages = tuple(_read_message(message) for message in fields.each("messages"))
    if not messages:
        raise Unreadable("messages", "must hold at least one message")
    choice, parallel = _read_choice(fields)
    thinking, shape = _read_thinking(fields)
    metadata = Fields(fields.table("metadata") or {}, "metadata")
    stops = fields.items("stop_sequences")
    return Prompt(
        (*system, *messages),
        model=fields.text("model") or "",
        dialect=NAME,
        stream=fields.flag("stream") or False,
        max_tokens=fields.whole("max_tokens"),
        tools=tuple(_read_tool(tool) for tool in fields.each("tools")),
        tool_choice=choice,
        parallel_tools=parallel,
        sampling=Sampling(
            temperature=fields.number("temperature"),
            top_p=fields.number("top_p"),
            top_k=fields.whole("top_k"),
        ),
        stop=tuple(word for word in stops if isinstance(word, str)),
        response_format=shape,
        thinking=thinking,
        user=metadata.text("user_id"),
        metadata=metadata.rest(),
        extra=fields.rest(),
    )


def write_request(prompt: Prompt) -> dict[str, object]:
    """Return the body that asks a prompt."""
    first, *rest = prompt.messages
    system = first if first.role == "system" else None
    drawn, asked, shape = prompt.sampling, prompt.thinking, prompt.response_format
    labels = {**(prompt.metadata or {}), **given(user_id=prompt.user)}
    form = None if shape is None else {"type": "json_schema", "schema": shape.schema}
    config = given(effort=asked.effort if asked else None, format=form)
    return given(
        model=prompt.model,
        max_tokens=prompt.max_tokens,
        system=_write_content(system) if system else None,
        messages=[_write_message(message) for message in (rest if system else prompt.messages)],
        stream=prompt.stream,
        tools=tuple(_write_tool(tool) for tool in prompt.tools),
        tool_choice=_write_choice(prompt.tool_choice, prompt.parallel_tools),
        temperature=drawn.temperature,
        top_p=drawn.top_p,
        top_k=drawn.top_k,
        stop_sequences=prompt.stop,
        thinking=_write_thinking(asked),
        output_config=config or None,
        metadata=labels or None,
    ) | dict(prompt.extra or {})


def _read_system(fields: Fields) -> tuple[Message, ...]:
    match fields.take("system"):
        case None | "" | []:
            return ()
        case str(text):
            return (Message("system", text),)
        case blocks:
            fields.keep("system", blocks)
            return (message_of("system", [read_block(block) for block in fields.each("system")]),)


def _read_message(fields: Fields) -> Message:
    role = fields.must("role")
    if role not in _ROLES:
        raise Unreadable(fields.at("role"), f"is {role!r}, and must be one of {', '.join(_ROLES)}")
    return message_of(role, _read_content(fields), fields.rest())


def _read_content(fields: Fields) -> list[Part]:
    """Take `content`: nothing, a text or blocks."""
    match fields.take("content"):
        case None:
            return []
        case str(text):
            return [Text(text)]
        case content:
            fields.keep("content", content)
            return [read_block(block) for block in fields.each("content")]


def read_block(fields: Fields) -> Part:
    """Return the part that a block of a message or an answer is."""
    kind = fields.must("type")
    match kind:
        case "text":
            return Text(fields.must("text"), read_mark(fields), extra=fields.rest())
        case "image" | "document":
            return _read_media(kind, fields)
        case "tool_use":
            call_id, name = fields.must("id"), fields.must("name")
            arguments = write_arguments(fields.table("input"))
            return ToolCall(call_id, name, arguments, read_mark(fields), extra=fields.rest())
        case "tool_result":
            call_id, failed = fields.must("tool_use_id"), fields.flag("is_error") or False
            content = content_of(_read_content(fields))
            return ToolResult(call_id, content, failed, mark=read_mark(fields), extra=fields.rest())
        case "thinking":
            thought, state = fields.text("thinking") or "", fields.text("signature")
            return Reasoning(thought, unseal(state, NAME), fields.rest())
        case "redacted_thinking":
            return Reasoning("", Opaque(NAME, fields.text("data") or ""), REDACTED)
        case _:
            return Unknown(NAME, {"type": kind, **(fields.rest() or {})})


def _read_media(kind: str, fields: Fields) -> Part:
    made = Image if kind == "image" else Document
    source = fields.inner("source")
    way = source.text("type")
    if way not in ("base64", "text", "url"):
        return Unknown(
            NAME,
            {"type": kind, "source": given(type=way) | dict(source.rest() or {}), **(fields.rest() or {})},
        )
    media_type = source.text("media_type")
    data = source.text("data")
    if way == "text":
        data = base64.b64encode((data or "").encode(errors="replace")).decode()
    part = made(data, source.text("url"), media_type, mark=read_mark(fields))
    if isinstance(part, Document):
        part = replace(part, name=fields.text("title"))
    return replace(part, extra=fields.rest())


def _read_tool(fields: Fields) -> AnyTool:
    kind = fields.text("type")
    if kind not in (None, "custom"):
        return Unknown(NAME, {"type": kind, **(fields.rest() or {})})
    return Tool(
        fields.must("name"),
        fields.text("description"),
        fields.table("input_schema"),
        fields.flag("strict"),
        read_mark(fields),
        fields.rest(),
    )


def _read_choice(fields: Fields) -> tuple[ToolChoice | None, bool | None]:
    choice = fields.inner("tool_choice")
    kind, single = choice.text("type"), choice.flag("disable_parallel_tool_use")
    if kind is None:
        return None, None
    if kind not in _MODES:
        raise Unreadable("tool_choice.type", f"is {kind!r}, and must be one of {', '.join(_MODES)}")
    return ToolChoice(_MODES[kind], choice.text("name")), None if single is None else not single


def _read_thinking(fields: Fields) -> tuple[Thinking | None, ResponseFormat | None]:
    """Take how to think and the answer's form; what else stands beside them stays, whole, as it was."""
    thinking, config = fields.table("thinking") or {}, fields.table("output_config") or {}
    kind, budget = thinking.get("type"), thinking.get("budget_tokens")
    if thinking.keys() - {"type", "budget_tokens"}:
        fields.keep("thinking", thinking)
    effort, form = config.get("effort"), config.get("format")
    schema = form.get("schema") if isinstance(form, dict) and form.keys() <= {"type", "schema"} else None
    if config.keys() - {"effort", "format"} or (form is not None and not isinstance(schema, dict)):
        fields.keep("output_config", config)
    on = None if kind is None else kind != "disabled"
    asked = Thinking(
        on, budget if isinstance(budget, int) else None, effort if isinstance(effort, str) else None
    )
    shape = ResponseFormat(schema) if isinstance(schema, dict) else None
    return None if asked == Thinking() else asked, shape


def _write_message(message: Message) -> dict[str, object]:
    return {"role": message.role, "content": _write_content(message), **(message.extra or {})}


def _write_content(message: Message) -> object:
    if isinstance(message.content, str) and message.mark is None:
        return message.content
    return [write_block(part) for part in marked_parts(message)]


def write_block(part: Part) -> dict[str, object]:
    """Return the block that a part is in a message or an answer."""
    match part:
        case Text():
            return {"type": "text", "text": part.text, **write_mark(part.mark), **(part.extra or {})}
        case Image():
            return {"type": "image", "source": _source(part), **write_mark(part.mark), **(part.extra or {})}
        case Document():
            named = given(title=part.name)
            return {
                "type": "document",
                "source": _source(part),
                **named,
                **write_mark(part.mark),
                **(part.extra or {}),
            }
        case ToolCall():
            called = {"type": "tool_use", "id": part.id, "name": part.name}
            arguments = read_arguments(part.arguments)
            return {**called, "input": arguments, **write_mark(part.mark), **(part.extra or {})}
        case ToolResult():
            failed = {"is_error": True} if part.failed else {}
            content = part.content if isinstance(part.content, str) else [*map(write_block, part.content)]
            said = {"type": "tool_result", "tool_use_id": part.call_id, "content": content}
            return {**said, **failed, **write_mark(part.mark), **(part.extra or {})}
        case Reasoning(opaque=Opaque(state=data), extra=extra) if extra == REDACTED:
            return {"type": "redacted_thinking", "data": data}
        case Reasoning():
            state = seal(part.opaque, NAME) or ""
            return {"type": "thinking", "thinking": part.text, "signature": state, **(part.extra or {})}
        case Unknown():
            return dict(part.value)
        case _:
            raise TypeError(f"messages have no block for {type(part).__name__}")


def _source(part: Image | Document) -> dict[str, object]:
    if part.data is None:
        return {"type": "url", "url": part.url or ""}
    if part.media_type == "text/plain":
        text = base64.b64decode(part.data).decode(errors="replace")
        return {"type": "text", "media_type": "text/plain", "data": text}
    otherwise = "image/png" if isinstance(part, Image) else "application/pdf"
    return {"type": "base64", "media_type": part.media_type or otherwise, "data": part.data}


def _write_tool(tool: AnyTool) -> dict[str, object]:
    if isinstance(tool, Unknown):
        return dict(tool.value)
    told = given(
        name=tool.name, description=tool.description, input_schema=tool.parameters, strict=tool.strict
    )
    return {**told, **write_mark(tool.mark), **(tool.extra or {})}


def _write_choice(choice: ToolChoice | None, parallel: bool | None) -> Mapping[str, object] | None:
    if choice is None:
        return None
    single = None if parallel is None else not parallel
    return given(type=_WORDS[choice.mode], name=choice.name, disable_parallel_tool_use=single)


def _write_thinking(asked: Thinking | None) -> Mapping[str, object] | None:
    if asked is None or asked.on is None:
        return None
    if not asked.on:
        return {"type": "disabled"}
    if asked.budget_tokens is None:
        return {"type": "adaptive"}
    return {"type": "enabled", "budget_tokens": asked.budget_tokens}
