"""How a rule goes over a prompt: message by message, part by part, leaving alone what it does not change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from router.core.dialects.parts import message_with
from router.core.message import Message, Part, ToolResult, content_of
from router.core.prompt import Prompt, Tool

Rule: TypeAlias = Callable[[Prompt, str], Prompt]
"""A prompt and the dialect it goes to; the same prompt back where there is nothing to do."""
OPENAI = frozenset({"chat", "responses"})
"""Dialects of one house: what one of them says beside the words the other means as well."""


def of_one_house(prompt: Prompt, dialect: str) -> bool:
    """Whether the client that asked speaks this dialect, or its sister."""
    return prompt.dialect == dialect or {prompt.dialect, dialect} <= OPENAI


def each_message(prompt: Prompt, change: Callable[[Message], Iterable[Message]]) -> Prompt:
    """Return the prompt with each message's successors in its place."""
    turns = [turn for message in prompt.messages for turn in change(message)]
    same = len(turns) == len(prompt.messages) and all(map(_is, turns, prompt.messages))
    return prompt if same else replace(prompt, messages=tuple(turns))


def each_part(prompt: Prompt, change: Callable[[Part], Part | None]) -> Prompt:
    """Return the prompt with each part changed, those inside results too; None leaves one out."""

    def changed(message: Message) -> Iterable[Message]:
        if isinstance(message.content, str):
            return (message,)
        parts = _changed(message.content, change)
        return (message,) if parts is message.content else (message_with(message, parts),)

    return each_message(prompt, changed)


def each_tool(prompt: Prompt, change: Callable[[Tool], Tool]) -> Prompt:
    """Return the prompt with each tool changed that is no dialect's own."""
    tools = tuple(change(tool) if isinstance(tool, Tool) else tool for tool in prompt.tools)
    return prompt if all(map(_is, tools, prompt.tools)) else replace(prompt, tools=tools)


def _is(one: object, other: object) -> bool:
    return one is other


def _changed(parts: tuple[Part, ...], change: Callable[[Part], Part | None]) -> tuple[Part, ...]:
    made: list[Part] = []
    for part in parts:
        after = change(part)
        if isinstance(after, ToolResult) and isinstance(after.content, tuple):
            inner = _changed(after.content, change)
            if inner is not after.content:
                after = replace(after, content=content_of(inner))
        if after is not None:
            made.append(after)
    return parts if len(made) == len(parts) and all(map(_is, made, parts)) else tuple(made)
