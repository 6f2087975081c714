"""Rules for the parts of messages, one by one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace

from router.core.dialects.error_bodies import parse_json
from router.core.dialects.fields import Unreadable
from router.core.dialects.fitting.walk import each_part, each_tool
from router.core.message import (
    Document,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
    content_of,
)
from router.core.prompt import Prompt, Tool

REFUSED = ("n", "logprobs", "top_logprobs", "audio", "prediction", "modalities")
"""Fields of chat completions that change what an answer is; left out, the caller would get another thing."""
STATE: Mapping[str, tuple[str, tuple[type[Part], ...]]] = {
    "chat": ("gemini", (ToolCall,)),  # on Google's own surface of it, beside a call
    "anthropic": ("anthropic", (Reasoning,)),
    "responses": ("responses", (Reasoning,)),
    "gemini": ("gemini", (Text, ToolCall, Reasoning)),
    "ollama": ("", ()),
}
"""Whose state a dialect carries, and beside which parts."""
_PLAIN_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def own_fields_only(prompt: Prompt, dialect: str) -> Prompt:
    """Drop what only the dialect knows that the prompt came in."""
    if prompt.dialect == dialect:
        return prompt
    for field in REFUSED:
        asked = (prompt.extra or {}).get(field)
        if prompt.dialect == "chat" and asked and (asked is True or asked not in (1, ["text"])):
            raise Unreadable(field, f"means nothing in {dialect}, the dialect of the model that would answer")
    prompt = each_tool(prompt, lambda tool: replace(tool, extra=None) if tool.extra else tool)
    if prompt.extra is not None:
        prompt = replace(prompt, extra=None)
    if any(message.extra for message in prompt.messages):
        prompt = replace(prompt, messages=tuple(replace(m, extra=None) for m in prompt.messages))
    return each_part(prompt, _without_extra)


def _without_extra(part: Part) -> Part:
    return part if isinstance(part, Unknown) or part.extra is None else replace(part, extra=None)


def known_parts_only(prompt: Prompt, dialect: str) -> Prompt:
    """Drop parts and tools that only another dialect knows: its own server's tools, files by their number."""
    tools = tuple(tool for tool in prompt.tools if isinstance(tool, Tool) or tool.dialect == dialect)
    if len(tools) != len(prompt.tools):
        prompt = replace(prompt, tools=tools)
    return each_part(prompt, lambda part: None if _is_foreign(part, dialect) else part)


def _is_foreign(part: Part, dialect: str) -> bool:
    return isinstance(part, Unknown) and part.dialect != dialect


def state_of_its_maker_only(prompt: Prompt, dialect: str) -> Prompt:
    """Drop the state of other makers, which is refused, and what a dialect has no place for."""
    maker, _ = STATE[dialect]
    prompt = state_in_its_place(prompt, dialect)

    def own(part: Part) -> Part:
        if not isinstance(part, Text | ToolCall | Reasoning) or part.opaque is None:
            return part
        return part if part.opaque.maker == maker else replace(part, opaque=None)

    return each_part(prompt, own)


def state_in_its_place(prompt: Prompt, dialect: str) -> Prompt:
    """Drop a maker's state where the dialect has no place to carry any."""
    maker, places = STATE[dialect]

    def carried(part: Part) -> Part:
        if not isinstance(part, Text | ToolCall | Reasoning) or part.opaque is None:
            return part
        sealable = dialect != "chat" or part.opaque.maker == maker
        return part if isinstance(part, places) and sealable else replace(part, opaque=None)

    return each_part(prompt, carried)


def no_marks_of_others(prompt: Prompt, dialect: str) -> Prompt:
    """Drop cache marks where only a client that speaks the dialect can know that they are taken."""
    return prompt if prompt.dialect == dialect else no_marks(prompt, dialect)


def no_marks(prompt: Prompt, _: str) -> Prompt:
    """Drop cache marks where the dialect has none."""
    prompt = each_tool(prompt, lambda tool: replace(tool, mark=None) if tool.mark else tool)
    if any(message.mark for message in prompt.messages):
        prompt = replace(prompt, messages=tuple(replace(m, mark=None) for m in prompt.messages))
    return each_part(prompt, _without_mark)


def _without_mark(part: Part) -> Part:
    if isinstance(part, Text | Image | Document | ToolCall | ToolResult) and part.mark:
        return replace(part, mark=None)
    return part


def no_marks_inside_results(prompt: Prompt, _: str) -> Prompt:
    """Let a cache mark stand on a result alone, and on nothing in it."""

    def bare(part: Part) -> Part:
        if not isinstance(part, ToolResult) or isinstance(part.content, str):
            return part
        inner = tuple(map(_without_mark, part.content))
        same = all(one is other for one, other in zip(inner, part.content, strict=True))
        return part if same else replace(part, content=inner)

    return each_part(prompt, bare)


def failed_results_say_so(prompt: Prompt, _: str) -> Prompt:
    """Put "Error: " before a failed tool's words where nothing else tells that it failed."""

    def said(part: Part) -> Part:
        if not isinstance(part, ToolResult) or not part.failed:
            return part
        if isinstance(part.content, str):
            return replace(part, failed=False, content=f"Error: {part.content}")
        return replace(part, failed=False, content=content_of((Text("Error: "), *part.content)))

    return each_part(prompt, said)


def documents_by_bytes(prompt: Prompt, _: str) -> Prompt:
    """Name a document that is known by its address alone, for the model cannot be given it."""

    def named(part: Part) -> Part:
        if isinstance(part, Document) and part.data is None:
            return Text(f"(a document: {part.url})", part.mark)
        return part

    return each_part(prompt, named)


def no_documents(prompt: Prompt, dialect: str) -> Prompt:
    """Name a document where models read none."""

    def named(part: Part) -> Part:
        return (
            Text(f"(a document: {part.name or part.media_type})", part.mark)
            if isinstance(part, Document)
            else part
        )

    return each_part(documents_by_bytes(prompt, dialect), named)


def documents_it_reads(prompt: Prompt, _: str) -> Prompt:
    """Name a document that is neither a PDF nor text."""

    def named(part: Part) -> Part:
        readable = not isinstance(part, Document) or part.data is None
        if readable or not isinstance(part, Document) or part.media_type in ("application/pdf", "text/plain"):
            return part
        return Text(f"(a document: {part.name or part.media_type})", part.mark)

    return each_part(prompt, named)


def pictures_by_bytes(prompt: Prompt, _: str) -> Prompt:
    """Name a picture that is known by its address alone, where a model is given bytes only."""

    def named(part: Part) -> Part:
        if isinstance(part, Image) and part.data is None:
            return Text(f"(a picture: {part.url})", part.mark)
        return part

    return each_part(prompt, named)


def refusals_as_text(prompt: Prompt, _: str) -> Prompt:
    """Say what was declined in plain words, where nothing tells them from others."""
    return each_part(prompt, lambda part: Text(part.text) if isinstance(part, Refusal) else part)


def signed_thoughts_only(prompt: Prompt, _: str) -> Prompt:
    """Drop thoughts that their maker did not sign: they are refused."""
    return each_part(
        prompt, lambda part: None if isinstance(part, Reasoning) and part.opaque is None else part
    )


def shown_thoughts_only(prompt: Prompt, _: str) -> Prompt:
    """Drop thoughts of which nothing is left."""
    return each_part(
        prompt,
        lambda part: None if isinstance(part, Reasoning) and not (part.text or part.opaque) else part,
    )


def no_empty_texts(prompt: Prompt, _: str) -> Prompt:
    """Drop texts that say nothing, which are refused, and turns of nothing else."""
    if len(kept := tuple(m for m in prompt.messages if m.content != "")) != len(prompt.messages):
        prompt = replace(prompt, messages=kept)
    return each_part(prompt, lambda part: None if isinstance(part, Text) and not part.text else part)


def arguments_as_objects(prompt: Prompt, _: str) -> Prompt:
    """Make a call's arguments the object they stand for; what is none goes under `arguments`."""

    def made(part: Part) -> Part:
        if not isinstance(part, ToolCall):
            return part
        arguments = write_arguments(read_arguments(part.arguments))
        return part if arguments == part.arguments else replace(part, arguments=arguments)

    return each_part(prompt, made)


def read_arguments(arguments: str) -> Mapping[str, object]:
    """Return a call's arguments as an object."""
    if not arguments.strip():
        return {}
    try:
        found = json.loads(arguments)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"arguments": arguments}


def write_arguments(arguments: object) -> str:
    """Return arguments as the text of the inner form."""
    return json.dumps(arguments or {}, ensure_ascii=False)


def is_whole(arguments: str) -> bool:
    """Whether a call's arguments are an object, or nothing."""
    return not arguments.strip() or isinstance(parse_json(arguments), dict)


def plain_call_ids(prompt: Prompt, _: str) -> Prompt:
    """Put a plain id in the place of one with other letters: the same wherever it stands, and always."""

    def plain(part: Part) -> Part:
        match part:
            case ToolCall(id=call_id) if (made := plain_id(call_id)) != call_id:
                return replace(part, id=made)
            case ToolResult(call_id=call_id) if (made := plain_id(call_id)) != call_id:
                return replace(part, call_id=made)
            case _:
                return part

    return each_part(prompt, plain)


def plain_id(call_id: str) -> str:
    """Return a call's id where it is plain, else one made of it."""
    if _PLAIN_ID.fullmatch(call_id):
        return call_id
    return "toolu_" + hashlib.sha256(call_id.encode(errors="surrogatepass")).hexdigest()[:24]


def names_of_calls(prompt: Prompt, _: str) -> Prompt:
    """Say with each result which tool it comes from, where that is how it is told."""
    names = {
        part.id: part.name
        for message in prompt.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    }

    def named(part: Part) -> Part:
        if not isinstance(part, ToolResult) or part.name is not None:
            return part
        return replace(part, name=names.get(part.call_id, part.call_id))

    return each_part(prompt, named)


def no_names_of_calls(prompt: Prompt, _: str) -> Prompt:
    """Leave out a result's tool where its id is enough."""

    def nameless(part: Part) -> Part:
        return replace(part, name=None) if isinstance(part, ToolResult) and part.name else part

    return each_part(prompt, nameless)
