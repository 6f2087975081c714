"""What is said: messages of parts, whoever speaks and whatever dialect they came in.

A message that is one text and nothing else holds a `str`, which is most of them and costs nothing; any other
holds its parts. What only one dialect knows stays beside what it belongs to as `extra`, and only that dialect
writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

Extra: TypeAlias = Mapping[str, object] | None
"""Fields that only one dialect knows, as it spelled them; None for none."""


class CacheMark(StrEnum):
    """A breakpoint of a provider's prompt cache, by how long what stands before it is kept."""

    FIVE_MINUTES = "5m"
    HOUR = "1h"


@dataclass(frozen=True, slots=True)
class Opaque:
    """What a model's maker wants back with the next turn and nobody else can read: a signature, a cipher."""

    maker: str
    """Whose it is: a dialect's or a vendor's name. Anybody else refuses it."""
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Words for or from a model."""

    text: str
    mark: CacheMark | None = field(default=None, repr=False)
    """Everything up to its end is to be cached by the provider, where its wire has such marks."""
    opaque: Opaque | None = None
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Words by which a model declines, where its dialect tells them from an answer."""

    text: str
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, by its bytes or by where it lies."""

    data: str | None = field(default=None, repr=False)
    """Its bytes in base64."""
    url: str | None = None
    media_type: str | None = None
    """`image/png`; None where only its address is known."""
    mark: CacheMark | None = field(default=None, repr=False)
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file to be read, by its bytes or by where it lies."""

    data: str | None = field(default=None, repr=False)
    """Its bytes in base64."""
    url: str | None = None
    media_type: str | None = None
    name: str | None = None
    mark: CacheMark | None = field(default=None, repr=False)
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish that a tool be run."""

    id: str
    name: str
    arguments: str
    """JSON as the model wrote it; empty for none."""
    mark: CacheMark | None = field(default=None, repr=False)
    opaque: Opaque | None = None
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before it answered."""

    text: str
    """Empty where it is not shown."""
    opaque: Opaque | None = None
    extra: Extra = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part or a tool that only one dialect knows, as it stood there."""

    dialect: str
    value: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered."""

    call_id: str
    content: str | tuple[Part, ...]
    failed: bool = False
    name: str | None = None
    """The tool's, where the dialect says it again."""
    mark: CacheMark | None = field(default=None, repr=False)
    extra: Extra = None

    @property
    def text(self) -> str:
        """Its words alone, text by text in lines of their own."""
        return words_of(self.content)


Part: TypeAlias = Text | Refusal | Image | Document | ToolCall | ToolResult | Reasoning | Unknown


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `developer`, `user`, `assistant` or `tool`."""
    content: str | tuple[Part, ...]
    mark: CacheMark | None = field(default=None, repr=False)
    """Everything up to its end is to be cached; a part's own mark stands inside it, never at its end."""
    extra: Extra = None

    @property
    def text(self) -> str:
        """What is said in it, text by text in lines of their own; no thoughts, no calls, no results."""
        return words_of(self.content)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its parts, the one text of a plain message too."""
        return (Text(self.content),) if isinstance(self.content, str) else self.content

    def followed_by(self, text: str) -> Message:
        """Return the message with `text` below what it says."""
        if isinstance(self.content, str):
            return replace(self, content=f"{self.content}\n\n{text}")
        return replace(self, content=(*self.content, Text(text)))


def words_of(content: str | tuple[Part, ...]) -> str:
    """Return the texts of a content, each in lines of its own."""
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content if isinstance(part, Text | Refusal))


def content_of(parts: Iterable[Part]) -> str | tuple[Part, ...]:
    """Return parts as a message holds them: one text and nothing else is a `str`."""
    held = tuple(parts)
    match held:
        case (Text(text=text, mark=None, opaque=None, extra=None),):
            return text
        case _:
            return held
