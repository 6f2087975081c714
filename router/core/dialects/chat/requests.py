"""Chat Completions requests, read and written.

`Unreadable` is raised by readers alone. What is written has to be something this dialect carries: `fit` of
`fitting` makes it so.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.core.dialects.fields import Fields, Unreadable, given
from router.core.dialects.parts import (
    CUSTOM,
    ONE_TEXT,
    from_one_text,
    marked_parts,
    message_of,
    read_data_url,
    read_mark,
    to_one_text,
    write_data_url,
    write_mark,
)
from router.core.message import (
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
    AnyTool,
    Prompt,
    ResponseFormat,
    Sampling,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
)

NAME = "chat"
GEMINI = "gemini"
"""Whose state this dialect carries: Google's own surface of it puts a thought's signature beside a call."""
PDF = "application/pdf"
_ROLES = ("system", "developer", "user", "assistant", "tool")
_MODES = {"auto": ToolMode.AUTO, "none": ToolMode.NONE, "required": ToolMode.ANY}
_WORDS = {mode: word for word, mode in _MODES.items()}


def read_request(body: object) -> Prompt:
    """Return what a request asks."""
    fields = Fields(body)
    messages = tuple(_read_message(message) for message in fields.each("messages"))
    if not messages:
        raise Unreadable("messages", "must hold at least one message")
    newer, older = fields.whole("max_completion_tokens"), fields.whole("max_tokens")
    effort = fields.text("reasoning_effort")
    return Prompt(
        messages,
        model=fields.text("model") or "",
        dialect=NAME,
        stream=fields.flag("stream") or False,
        max_tokens=older if newer is None else newer,
        tools=tuple(_read_tool(tool) for tool in fields.each("tools")),
        tool_choice=_read_choice(fields),
        parallel_tools=fields.flag("parallel_tool_calls"),
        sampling=Sampling(
            temperature=fields.number("temperature"),
            top_p=fields.number("top_p"),
            top_k=fields.whole("top_k"),
            frequency_penalty=fields.number("frequency_penalty"),
            presence_penalty=fields.number("presence_penalty"),
            seed=fields.whole("seed"),
        ),
        stop=_read_stop(fields),
        response_format=_read_format(fields),
        thinking=None if effort is None else Thinking(on=effort != "none", effort=effort),
        metadata=fields.table("metadata"),
        user=fields.text("user"),
        extra=fields.rest(),
    )


def write_request(prompt: Prompt) -> dict[str, object]:
    """Return the body that asks a prompt."""
    drawn, shape, choice = prompt.sampling, prompt.response_format, prompt.tool_choice
    return given(
        model=prompt.model,
        messages=[_write_message(message) for message in prompt.messages],
        stream=prompt.stream,
        max_tokens=prompt.max_tokens,
        tools=tuple(_write_tool(tool) for tool in prompt.tools),
        tool_choice=_write_choice(choice) if choice else None,
        parallel_tool_calls=prompt.parallel_tools,
        temperature=drawn.temperature,
        top_p=drawn.top_p,
        top_k=drawn.top_k,
        frequency_penalty=drawn.frequency_penalty,
        presence_penalty=drawn.presence_penalty,
        seed=drawn.seed,
        stop=prompt.stop,
        response_format=_write_format(shape) if shape else None,
        reasoning_effort=prompt.thinking.effort if prompt.thinking else None,
        metadata=prompt.metadata,
        user=prompt.user,
    ) | dict(prompt.extra or {})


def _read_message(fields: Fields) -> Message:
    role = fields.must("role")
    if role in ("tool", "function"):
        name = fields.text("name")
        call_id = fields.text("tool_call_id") or name
        if call_id is None:
            raise Unreadable(fields.at("tool_call_id"), "is missing")
        content = _read_content(fields)
        result = message_of(role, content)
        return Message("tool", (ToolResult(call_id, result.content, name=name),), result.mark, fields.rest())
    if role not in _ROLES:
        raise Unreadable(fields.at("role"), f"is {role!r}, and must be one of {', '.join(_ROLES)}")
    if role == "assistant":
        return message_of(role, read_said(fields), fields.rest())
    return message_of(role, _read_content(fields), fields.rest())


def read_said(fields: Fields) -> list[Part]:
    """Take what a model said out of an assistant's turn or an answer's message."""
    thought = fields.text("reasoning_content")
    thought = fields.text("reasoning") or thought
    parts: list[Part] = [Reasoning(thought)] if thought is not None else []
    said = _read_content(fields)
    refusal = fields.text("refusal")
    parts += [*said, *([Refusal(refusal)] if refusal is not None else [])]
    parts += [_read_call(call) for call in fields.each("tool_calls")]
    if fields.peek("function_call") is not None:  # how calls were before there could be several
        call = fields.inner("function_call")
        parts.append(ToolCall(name := call.must("name"), name, call.text("arguments") or ""))
    if len(parts) > len(said):
        parts = [part for part in parts if part != Text("")]
    return parts


def _read_content(fields: Fields) -> list[Part]:
    """Take `content`: null, a text or parts."""
    match fields.take("content"):
        case None:
            return []
        case str(text):
            return [Text(text)]
        case content:
            fields.keep("content", content)
            return [_read_part(part) for part in fields.each("content")]


def _read_part(fields: Fields) -> Part:
    kind = fields.must("type")
    match kind:
        case "text":
            return Text(fields.must("text"), read_mark(fields), extra=fields.rest())
        case "refusal":
            return Refusal(fields.must("refusal"), fields.rest())
        case "image_url":
            mark, place = read_mark(fields), fields.inner("image_url")
            url = place.must("url")
            if (found := read_data_url(url)) is not None:
                return Image(found[1], None, found[0], mark, place.rest())
            return Image(None, url, None, mark, place.rest())
        case "file" if fields.peek("file", "file_data") is not None:
            mark, file = read_mark(fields), fields.inner("file")
            data = file.must("file_data")
            media_type, bare = read_data_url(data) or (None, data)
            return Document(bare, None, media_type, file.text("filename"), mark, file.rest())
        case _:
            return Unknown(NAME, {"type": kind, **(fields.rest() or {})})


def _read_call(fields: Fields) -> ToolCall:
    call_id, kind = fields.text("id") or "", fields.text("type")
    state = fields.peek("extra_content", "google", "thought_signature")
    opaque = Opaque(GEMINI, state) if isinstance(state, str) else None
    if opaque:
        fields.take("extra_content")
    mark = read_mark(fields)
    if kind == "custom":
        custom = fields.inner("custom")
        arguments = from_one_text(custom.text("input") or "")
        return ToolCall(call_id, custom.must("name"), arguments, mark, opaque, {CUSTOM: True})
    call = fields.inner("function")
    fields.take("index")
    return ToolCall(call_id, call.must("name"), call.text("arguments") or "", mark, opaque, fields.rest())


def _read_tool(fields: Fields) -> AnyTool:
    kind = fields.text("type") or "function"
    if kind not in ("function", "custom"):
        return Unknown(NAME, {"type": kind, **(fields.rest() or {})})
    mark, tool = read_mark(fields), fields.inner(kind)
    name, description = tool.must("name"), tool.text("description")
    if kind == "custom":
        return Tool(name, description, ONE_TEXT, None, mark, {CUSTOM: tool.rest() or {}})
    return Tool(name, description, tool.table("parameters"), tool.flag("strict"), mark, tool.rest())


def _read_choice(fields: Fields) -> ToolChoice | None:
    """Take `tool_choice`; a kind that only this dialect has stays where it is."""
    name = fields.peek("tool_choice", "function", "name")
    choice = fields.take("tool_choice")
    if isinstance(choice, str) and choice in _MODES:
        return ToolChoice(_MODES[choice])
    if isinstance(name, str):
        return ToolChoice(ToolMode.ONE, name)
    if choice is not None:
        fields.keep("tool_choice", choice)
    return None


def _read_stop(fields: Fields) -> tuple[str, ...]:
    match fields.take("stop"):
        case None:
            return ()
        case str(word):
            return (word,)
        case list(words) if all(isinstance(word, str) for word in words):
            return tuple(str(word) for word in words)
        case _:
            raise Unreadable(fields.at("stop"), "must be a string or an array of strings")


def _read_format(fields: Fields) -> ResponseFormat | None:
    whole = fields.take("response_format")
    if whole is None:
        return None
    shape = Fields(whole, fields.at("response_format"))
    match shape.text("type"):
        case "json_object":
            return ResponseFormat()
        case "json_schema":
            asked = shape.inner("json_schema")
            schema = asked.table("schema")
            return ResponseFormat(
                {} if schema is None else schema,
                asked.text("name"),
                asked.text("description"),
                asked.flag("strict"),
            )
        case "text":
            return None
        case _:
            fields.keep("response_format", whole)
            return None


def _write_message(message: Message) -> dict[str, object]:
    extra = message.extra or {}
    if isinstance(message.content, str) and message.mark is None:
        return {"role": message.role, "content": message.content, **extra}
    if message.role == "tool":
        [result] = [part for part in message.parts if isinstance(part, ToolResult)]
        words = Message("tool", result.content, message.mark)
        content = _write_content(marked_parts(words))
        name = {} if result.name is None else {"name": result.name}
        return {"role": "tool", "tool_call_id": result.call_id, "content": content, **name, **extra}
    if message.role == "assistant":
        return {"role": "assistant", **write_said(marked_parts(message)), **extra}
    return {"role": message.role, "content": _write_content(marked_parts(message)), **extra}


def write_said(parts: Sequence[Part]) -> dict[str, object]:
    """Return the fields of an assistant's turn or an answer's message."""
    thoughts = [part.text for part in parts if isinstance(part, Reasoning)]
    refusals = [part for part in parts if isinstance(part, Refusal)]
    alone = refusals[0] if len(refusals) == 1 and refusals[0].extra is None else None
    said = [part for part in parts if not isinstance(part, Reasoning | ToolCall) and part is not alone]
    return given(
        reasoning_content="\n\n".join(thoughts) if thoughts else None,
        refusal=alone.text if alone else None,
        tool_calls=tuple(_write_call(part) for part in parts if isinstance(part, ToolCall)),
    ) | {"content": _write_content(said) if said else None}


def _write_content(parts: Sequence[Part]) -> object:
    match content_of(parts):
        case str(text):
            return text
        case held:
            return [_write_part(part) for part in held]


def _write_part(part: Part) -> dict[str, object]:
    match part:
        case Text():
            return {"type": "text", "text": part.text, **write_mark(part.mark), **(part.extra or {})}
        case Refusal():
            return {"type": "refusal", "refusal": part.text, **(part.extra or {})}
        case Image():
            place = {"url": write_data_url(part, "image/png"), **(part.extra or {})}
            return {"type": "image_url", "image_url": place, **write_mark(part.mark)}
        case Document():
            data = write_data_url(part, PDF) if part.media_type else part.data
            file = given(file_data=data, filename=part.name) | dict(part.extra or {})
            return {"type": "file", "file": file, **write_mark(part.mark)}
        case Unknown():
            return dict(part.value)
        case _:
            raise TypeError(f"chat completions have no place for {type(part).__name__} in a content")


def _write_call(call: ToolCall) -> dict[str, object]:
    google: dict[str, object] = {}
    if call.opaque is not None and call.opaque.maker == GEMINI:
        google = {"extra_content": {"google": {"thought_signature": call.opaque.state}}}
    extra = dict(call.extra or {})
    if extra.pop(CUSTOM, None):
        custom = {"name": call.name, "input": to_one_text(call.arguments)}
        return {"id": call.id, "type": "custom", "custom": custom, **write_mark(call.mark), **google, **extra}
    function = {"name": call.name, "arguments": call.arguments}
    return {
        "id": call.id,
        "type": "function",
        "function": function,
        **write_mark(call.mark),
        **google,
        **extra,
    }


def _write_tool(tool: AnyTool) -> dict[str, object]:
    if isinstance(tool, Unknown):
        return dict(tool.value)
    extra = dict(tool.extra or {})
    custom = extra.pop(CUSTOM, None)
    named = given(name=tool.name, description=tool.description)
    if isinstance(custom, dict):
        return {"type": "custom", "custom": {**named, **custom}, **write_mark(tool.mark)}
    asked = given(parameters=tool.parameters, strict=tool.strict)
    return {"type": "function", "function": {**named, **asked, **extra}, **write_mark(tool.mark)}


def _write_choice(choice: ToolChoice) -> object:
    if choice.mode is ToolMode.ONE:
        return {"type": "function", "function": {"name": choice.name or ""}}
    return _WORDS[choice.mode]


def _write_format(shape: ResponseFormat) -> dict[str, object]:
    if shape.schema is None:
        return {"type": "json_object"}
    asked = given(description=shape.description, strict=shape.strict)
    return {
        "type": "json_schema",
        "json_schema": {"name": shape.name or "answer", "schema": shape.schema, **asked},
    }
