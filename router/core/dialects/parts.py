"""What several dialects spell alike inside a message: cache marks, bytes in an address, a maker's own state.

State that one maker's model wants back and another's refuses travels through any dialect: sealed, with its
maker's name before it, in the place where the dialect keeps its own. So a client hands it back unread, and no
table has to be kept of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.core.dialects.error_bodies import parse_json
from router.core.dialects.fields import Fields
from router.core.message import (
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Text,
    ToolCall,
    ToolResult,
    content_of,
)

_DATA_URL = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)
_SEALED = re.compile(r"tier-cockpit\.([^.]+)\.(.*)", re.DOTALL)
_MARKED = (Text, Image, Document, ToolCall, ToolResult)
"""The kinds of parts that a cache mark may stand on."""


def read_mark(fields: Fields) -> CacheMark | None:
    """Take `cache_control`; a life that nobody knows is the usual one."""
    control = fields.table("cache_control")
    if not control:
        return None
    return CacheMark.HOUR if control.get("ttl") == "1h" else CacheMark.FIVE_MINUTES


def write_mark(mark: CacheMark | None) -> dict[str, object]:
    """Return `cache_control` for a mark; nothing for none."""
    match mark:
        case None:
            return {}
        case CacheMark.FIVE_MINUTES:
            return {"cache_control": {"type": "ephemeral"}}
        case CacheMark.HOUR:
            return {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def message_of(role: str, parts: Sequence[Part], extra: Mapping[str, object] | None = None) -> Message:
    """Return a message of parts; a mark on its last part is the message's own."""
    if parts and isinstance(last := parts[-1], _MARKED) and last.mark is not None:
        return Message(role, content_of((*parts[:-1], replace(last, mark=None))), last.mark, extra)
    return Message(role, content_of(parts), None, extra)


def message_with(message: Message, parts: Sequence[Part], role: str | None = None) -> Message:
    """Return a message with other parts; its mark stands at the end of what can bear one."""
    held = replace(message, content=tuple(parts))
    return message_of(role or message.role, marked_parts(held), message.extra)


def marked_parts(message: Message) -> tuple[Part, ...]:
    """Return a message's parts with its own mark on the last of them that can bear one."""
    parts = message.parts
    if message.mark is None:
        return parts
    for place in reversed(range(len(parts))):
        if isinstance(part := parts[place], _MARKED):
            return (*parts[:place], replace(part, mark=message.mark), *parts[place + 1 :])
    return parts


CUSTOM = "custom"
"""Marks, in `extra`, a tool or a call whose argument is one text and no JSON."""
ONE_TEXT: Mapping[str, object] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}
"""What such a tool's argument is to a dialect that has none of the kind."""


def from_one_text(text: str) -> str:
    """Return the arguments, as JSON, of a call whose argument is one text."""
    return json.dumps({"input": text}, ensure_ascii=False)


def to_one_text(arguments: str) -> str:
    """Return the one text in a call's arguments; what a model wrote otherwise, as it stands."""
    found = parse_json(arguments)
    text = found.get("input") if isinstance(found, dict) else None
    return text if isinstance(text, str) else arguments


def read_data_url(url: str) -> tuple[str, str] | None:
    """Return media type and base64 of a `data:` address; None for any other."""
    found = _DATA_URL.fullmatch(url)
    return (found[1], found[2]) if found else None


def write_data_url(part: Image | Document, otherwise: str) -> str:
    """Return the address of a part that has bytes, or its own; `otherwise` is the type nobody named."""
    if part.data is None:
        return part.url or ""
    return f"data:{part.media_type or otherwise};base64,{part.data}"


def seal(opaque: Opaque | None, own: str) -> str | None:
    """Return a maker's state as a dialect carries it; `own` is the maker whose state it carries bare."""
    if opaque is None:
        return None
    return opaque.state if opaque.maker == own else f"tier-cockpit.{opaque.maker}.{opaque.state}"


def unseal(state: str | None, own: str) -> Opaque | None:
    """Return the state that `seal` wrote, or that `own` made; None for none."""
    if not state:
        return None
    found = _SEALED.fullmatch(state)
    return Opaque(found[1], found[2]) if found else Opaque(own, state)
