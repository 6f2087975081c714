"""What a model is asked: the messages, the tools it may call, and how it is to answer.

Every dialect is read into this and written out of it. What the engine is asked beside it (routes, tasks,
limits on money) is `request.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from router.core.message import CacheMark, Extra, Message, Unknown


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may wish to be run."""

    name: str
    description: str | None = None
    parameters: Mapping[str, object] | None = None
    """The JSON schema of its arguments; None for none."""
    strict: bool | None = None
    mark: CacheMark | None = field(default=None, repr=False)
    extra: Extra = None


class ToolMode(StrEnum):
    """Whether a model may, must or must not call a tool."""

    AUTO = "auto"
    NONE = "none"
    ANY = "any"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Which tool is to be called; None in its place leaves it to the dialect's default."""

    mode: ToolMode = ToolMode.AUTO
    name: str | None = None
    """The tool's, where it is to be one."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next word is drawn; None leaves it to the model."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """The answer is to be JSON."""

    schema: Mapping[str, object] | None = None
    """None: any JSON will do."""
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class Thinking:
    """Whether and how much the model is to think before it answers."""

    on: bool | None = None
    """None leaves it to the model."""
    budget_tokens: int | None = None
    effort: str | None = None
    """`low`, `medium`, `high` and what a dialect has beside them."""


PLAIN_SAMPLING = Sampling()
AnyTool: TypeAlias = Tool | Unknown


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model is asked in one call."""

    messages: tuple[Message, ...]
    model: str = ""
    dialect: str = ""
    """The dialect it came in: only that one knows what `extra` means, here and below."""
    stream: bool = False
    max_tokens: int | None = None
    tools: tuple[AnyTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    sampling: Sampling = PLAIN_SAMPLING
    stop: tuple[str, ...] = ()
    response_format: ResponseFormat | None = None
    thinking: Thinking | None = None
    metadata: Mapping[str, object] | None = None
    user: str | None = None
    """Who asks, as the client names them."""
    extra: Extra = None
