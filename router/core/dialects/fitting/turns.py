"""Rules for turns: whose they are, in which order they stand, what stands in which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from router.core.dialects.fitting.walk import each_message
from router.core.dialects.parts import marked_parts, message_of, message_with
from router.core.message import (
    Document,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    content_of,
)
from router.core.prompt import Prompt

SYSTEM = ("system", "developer")


def results_apart(prompt: Prompt, _: str) -> Prompt:
    """Give each tool's result a turn of its own, and what a user said beside them the turn after."""

    def apart(message: Message) -> Iterable[Message]:
        if isinstance(message.content, str) or (message.role == "tool" and len(message.content) == 1):
            return (message,)
        parts = marked_parts(message)
        results = [part for part in parts if isinstance(part, ToolResult)]
        rest = [part for part in parts if not isinstance(part, ToolResult)]
        if not results:
            return (message,)
        turns = [message_of("tool", [result]) for result in results]
        return [*turns, message_of("user", rest, message.extra)] if rest else turns

    return each_message(prompt, apart)


def results_of_text(prompt: Prompt, _: str) -> Prompt:
    """Leave a result its texts, and show its pictures and documents in a user's turn after all results."""
    turns: list[Message] = []
    shown: list[Part] = []
    changed = False
    for message in prompt.messages:
        if message.role != "tool" and shown:
            turns.append(message_of("user", shown))
            shown = []
        match message.content:
            case (ToolResult(content=tuple(inner)) as result,) if not inner or not _all_text(inner):
                changed = True
                words = [part for part in inner if isinstance(part, Text)]
                if seen := [part for part in inner if isinstance(part, Image | Document)]:
                    shown += [Text(f"What the tool showed ({result.call_id}):"), *seen]
                words = words or [Text("(it is shown below)" if seen else "")]
                turns.append(message_with(message, [replace(result, content=content_of(words))]))
            case _:
                turns.append(message)
    if shown:
        turns.append(message_of("user", shown))
    return replace(prompt, messages=tuple(turns)) if changed else prompt


def _all_text(parts: tuple[Part, ...]) -> bool:
    return all(isinstance(part, Text) for part in parts)


def results_as_one_text(prompt: Prompt, _: str) -> Prompt:
    """Join the texts of a result, where it can be one string only."""

    def joined(message: Message) -> Iterable[Message]:
        match message.content:
            case (ToolResult(content=tuple()) as result,):
                return (message_with(message, [replace(result, content=result.text)]),)
            case _:
                return (message,)

    return each_message(prompt, joined)


def results_in_user_turns(prompt: Prompt, _: str) -> Prompt:
    """Make a tool's turn a user's."""
    return each_message(prompt, lambda m: (replace(m, role="user") if m.role == "tool" else m,))


def neighbours_as_one_turn(prompt: Prompt, dialect: str) -> Prompt:
    """Join turns of one side that follow each other, results first; the dialect's own clients know better."""
    if prompt.dialect == dialect:
        return prompt
    turns: list[Message] = []
    for message in prompt.messages:
        if turns and turns[-1].role == message.role:
            parts = [*marked_parts(turns[-1]), *marked_parts(message)]
            turns[-1] = message_of(message.role, parts, turns[-1].extra)
        else:
            turns.append(message)
    joined = prompt if len(turns) == len(prompt.messages) else replace(prompt, messages=tuple(turns))
    return each_message(joined, _results_first)


def _results_first(message: Message) -> Iterable[Message]:
    parts = marked_parts(message)
    put = sorted(parts, key=lambda part: not isinstance(part, ToolResult))
    return (message,) if message.role != "user" or list(parts) == put else (message_with(message, put),)


def one_system_text_in_front(prompt: Prompt, _: str) -> Prompt:
    """Join the system texts before the first turn; that is where the dialect has a place for them."""
    leading = 0
    while leading < len(prompt.messages) and prompt.messages[leading].role in SYSTEM:
        leading += 1
    if leading == 0 or (leading == 1 and prompt.messages[0].role == "system"):
        return prompt
    parts = [part for message in prompt.messages[:leading] for part in marked_parts(message)]
    front = message_of("system", parts, prompt.messages[0].extra)
    return replace(prompt, messages=(front, *prompt.messages[leading:]))


def somebody_asks(prompt: Prompt, _: str) -> Prompt:
    """Make a system text a user's turn where nothing else is said, for the dialect wants one."""
    if any(message.role not in SYSTEM for message in prompt.messages):
        return prompt
    return each_message(prompt, lambda m: (replace(m, role="user"),))


def later_system_texts_as_reminders(prompt: Prompt, dialect: str) -> Prompt:
    """Make a later system text a user's turn that says what it is; in front it would cost the whole cache.

    A client that speaks the dialect knows whether its model takes one there.
    """

    def reminding(message: Message) -> Message:
        if message.role not in SYSTEM or (message.role == "system" and prompt.dialect == dialect):
            return message
        if isinstance(message.content, str):
            words = f"<system-reminder>\n{message.content}\n</system-reminder>"
            return replace(message, role="user", content=words)
        around = [Text("<system-reminder>"), *marked_parts(message), Text("</system-reminder>")]
        return message_of("user", around, message.extra)

    first, *rest = prompt.messages or (Message("user", ""),)
    turns = (
        (first, *map(reminding, rest)) if first.role == "system" else tuple(map(reminding, prompt.messages))
    )
    same = all(one is other for one, other in zip(turns, prompt.messages, strict=False))
    return prompt if same else replace(prompt, messages=turns)


def developers_as_system(prompt: Prompt, _: str) -> Prompt:
    """Call a developer's text the system's, where the dialect knows no developer."""
    return each_message(prompt, lambda m: (replace(m, role="system") if m.role == "developer" else m,))


def thoughts_words_calls(prompt: Prompt, _: str) -> Prompt:
    """Put an assistant's thoughts first and together, then its words, what it declined, and its calls."""

    def ordered(message: Message) -> Iterable[Message]:
        if message.role != "assistant" or isinstance(message.content, str):
            return (message,)
        parts = message.content
        thoughts = [part for part in parts if isinstance(part, Reasoning)]
        refusals = [part for part in parts if isinstance(part, Refusal)]
        calls = [part for part in parts if isinstance(part, ToolCall)]
        said = [part for part in parts if not isinstance(part, Reasoning | Refusal | ToolCall)]
        if len(thoughts) > 1:
            thoughts = [Reasoning("\n\n".join(part.text for part in thoughts))]
        if len(refusals) > 1:
            refusals = [Refusal("\n\n".join(part.text for part in refusals))]
        if thoughts or refusals or calls:
            said = [part for part in said if part != Text("")]
        put = (*thoughts, *said, *refusals, *calls)
        return (message,) if put == parts else (message_with(message, put),)

    return each_message(prompt, ordered)


def words_as_one_text(prompt: Prompt, _: str) -> Prompt:
    """Join an answer's texts, where the dialect's answers have one."""

    def joined(message: Message) -> Iterable[Message]:
        texts = [part for part in message.parts if isinstance(part, Text)]
        if isinstance(message.content, str) or (len(texts) < 2 and all(part.text for part in texts)):
            return (message,)
        text = "".join(part.text for part in texts)
        rest = [part for part in message.content if not isinstance(part, Text)]
        at = next(n for n, part in enumerate(message.content) if isinstance(part, Text))
        words = [Text(text)] if text else []
        return (replace(message, content=(*rest[:at], *words, *rest[at:])),)

    return each_message(prompt, joined)


def no_empty_turns(prompt: Prompt, _: str) -> Prompt:
    """Leave out a turn of which nothing is left."""
    kept = tuple(message for message in prompt.messages if message.content != ())
    return prompt if len(kept) == len(prompt.messages) else replace(prompt, messages=kept)
