"""What becomes of a prompt in a dialect that cannot carry all of it: mapped or dropped, by a named rule.

Reading and writing lose nothing; whatever has to change is changed here, before it is written, so that it can
be told. A rule gives the same prompt back where it has nothing to do. `RULES` says which hold where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from router.core.dialects.fields import Unreadable
from router.core.dialects.parts import marked_parts, message_of, message_with
from router.core.dialects.reply import Reply
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
    Unknown,
    content_of,
)
from router.core.prompt import Prompt, Thinking, Tool

Rule: TypeAlias = Callable[[Prompt, str], Prompt]
"""A prompt and the dialect it goes to; the function's name is the rule's."""
PartRule: TypeAlias = Callable[[Part], Part | None]

OPENAI = frozenset({"chat", "responses"})
"""Dialects of one house: what one of them says of sampling and metadata the other means as well."""
REFUSED = ("n", "logprobs", "top_logprobs", "audio", "prediction", "modalities")
"""Fields of chat completions that change what an answer is; left out, the caller would get another thing."""
MOST_STOPS = {"chat": 4, "gemini": 5}


def fit(prompt: Prompt, dialect: str) -> tuple[Prompt, tuple[str, ...]]:
    """Return the prompt as a dialect can carry it, and the names of the rules that changed it.

    Raises Unreadable where it asks for what the dialect has nothing like.
    """
    told: list[str] = []
    for rule in RULES[dialect]:
        fitted = rule(prompt, dialect)
        if fitted is not prompt:
            told.append(rule.__name__.replace("_", "-"))
            prompt = fitted
    return replace(prompt, dialect=dialect), tuple(told)


def fit_reply(reply: Reply, dialect: str) -> Reply:
    """Return an answer as a dialect can carry it."""
    said = Prompt((Message("assistant", reply.parts),), dialect=reply.dialect)
    for rule in REPLY_RULES[dialect]:
        said = rule(said, dialect)
    parts = tuple(part for message in said.messages for part in message.parts)
    extra = reply.extra if reply.dialect == dialect else None
    return replace(reply, parts=parts, dialect=dialect, extra=extra)


def own_fields_only(prompt: Prompt, dialect: str) -> Prompt:
    """Drop what only the dialect knows that the prompt came in."""
    if prompt.dialect == dialect:
        return prompt
    for field in REFUSED:
        if prompt.dialect == "chat" and (prompt.extra or {}).get(field) not in (None, False, 1, ["text"]):
            raise Unreadable(field, f"means nothing in {dialect}, the dialect of the model that would answer")
    tools = tuple(
        replace(tool, extra=None) if isinstance(tool, Tool) and tool.extra else tool for tool in prompt.tools
    )
    if tools != prompt.tools:
        prompt = replace(prompt, tools=tools)
    if prompt.extra is not None:
        prompt = replace(prompt, extra=None)
    if any(message.extra for message in prompt.messages):
        prompt = replace(prompt, messages=tuple(replace(m, extra=None) for m in prompt.messages))
    return _each_part(prompt, _without_extra)


def _without_extra(part: Part) -> Part:
    return part if isinstance(part, Unknown) or part.extra is None else replace(part, extra=None)


def known_parts_only(prompt: Prompt, dialect: str) -> Prompt:
    """Drop parts and tools that only another dialect knows: its own server's tools, files by their number."""
    tools = tuple(tool for tool in prompt.tools if isinstance(tool, Tool) or tool.dialect == dialect)
    if len(tools) != len(prompt.tools):
        prompt = replace(prompt, tools=tools)
    return _each_part(prompt, lambda part: None if _is_foreign(part, dialect) else part)


def _is_foreign(part: Part, dialect: str) -> bool:
    return isinstance(part, Unknown) and part.dialect != dialect


def no_choice_without_tools(prompt: Prompt, _: str) -> Prompt:
    """Drop what is said of the choice among tools where there is none to choose."""
    if prompt.tools or (prompt.tool_choice is None and prompt.parallel_tools is None):
        return prompt
    return replace(prompt, tool_choice=None, parallel_tools=None)


def state_of_its_maker_only(prompt: Prompt, dialect: str) -> Prompt:
    """Drop the state of other makers, which is refused; chat completions carry Gemini's, beside a call."""
    maker = "gemini" if dialect == "chat" else dialect

    def bare(part: Part) -> Part:
        if not isinstance(part, Text | ToolCall | Reasoning) or part.opaque is None:
            return part
        carried = part.opaque.maker == maker and (dialect != "chat" or isinstance(part, ToolCall))
        return part if carried else replace(part, opaque=None)

    return _each_part(prompt, bare)


def no_marks_of_others(prompt: Prompt, dialect: str) -> Prompt:
    """Drop cache marks where only a client that speaks this dialect can know that they are taken."""
    if prompt.dialect == dialect:
        return prompt
    if any(isinstance(tool, Tool) and tool.mark for tool in prompt.tools):
        tools = tuple(replace(tool, mark=None) if isinstance(tool, Tool) else tool for tool in prompt.tools)
        prompt = replace(prompt, tools=tools)
    if any(message.mark for message in prompt.messages):
        prompt = replace(prompt, messages=tuple(replace(m, mark=None) for m in prompt.messages))
    return _each_part(prompt, _without_mark)


def _without_mark(part: Part) -> Part:
    if isinstance(part, Text | Image | Document | ToolCall | ToolResult) and part.mark:
        return replace(part, mark=None)
    return part


def failed_results_say_so(prompt: Prompt, _: str) -> Prompt:
    """Put "Error: " before a failed tool's words where nothing else tells that it failed."""

    def said(part: Part) -> Part:
        if not isinstance(part, ToolResult) or not part.failed:
            return part
        words = content_of((Text("Error: "), *_parts(part))) if isinstance(part.content, tuple) else None
        return replace(part, failed=False, content=words or f"Error: {part.content}")

    return _each_part(prompt, said)


def _parts(result: ToolResult) -> tuple[Part, ...]:
    return (Text(result.content),) if isinstance(result.content, str) else result.content


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

    return _each_message(prompt, apart)


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
            case (ToolResult(content=tuple(inner)) as result,) if any(
                not isinstance(part, Text) for part in inner
            ):
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


def documents_by_bytes(prompt: Prompt, _: str) -> Prompt:
    """Name a document that is known by its address alone, for the model cannot be given it."""

    def named(part: Part) -> Part:
        if isinstance(part, Document) and part.data is None:
            return Text(f"(a document: {part.url})", part.mark)
        return part

    return _each_part(prompt, named)


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

    return _each_message(prompt, ordered)


def words_as_one_text(prompt: Prompt, _: str) -> Prompt:
    """Join an answer's texts, where the dialect's answers have one."""

    def joined(message: Message) -> Iterable[Message]:
        texts = [part for part in message.parts if isinstance(part, Text)]
        if isinstance(message.content, str) or (len(texts) < 2 and all(part.text for part in texts)):
            return (message,)
        text = "".join(part.text for part in texts)
        rest = [part for part in message.content if not isinstance(part, Text)]
        at = next(n for n, part in enumerate(message.content) if isinstance(part, Text))
        before = sum(not isinstance(part, Text) for part in message.content[:at])
        words = [Text(text)] if text else []
        return (replace(message, content=(*rest[:before], *words, *rest[before:])),)

    return _each_message(prompt, joined)


def thinking_of_its_house(prompt: Prompt, dialect: str) -> Prompt:
    """Drop how much is to be thought where another house said it: models that cannot think refuse it."""
    if prompt.thinking is None or _of_one_house(prompt, dialect):
        return prompt
    return replace(prompt, thinking=None)


def thinking_as_effort(prompt: Prompt, _: str) -> Prompt:
    """Say how much is to be thought in a word, where a number of tokens cannot be said."""
    asked = prompt.thinking
    if asked is None or (asked.effort is not None and asked.budget_tokens is None):
        return prompt
    effort = asked.effort or ("none" if asked.on is False else _effort(asked.budget_tokens))
    return replace(prompt, thinking=None if effort is None else Thinking(on=effort != "none", effort=effort))


EFFORTS = ((4_096, "low"), (16_384, "medium"))
"""The word for a budget of at most so many tokens; for a larger one it is `high`."""


def _effort(budget: int | None) -> str | None:
    return None if budget is None else next((word for most, word in EFFORTS if budget <= most), "high")


def labels_of_its_house(prompt: Prompt, dialect: str) -> Prompt:
    """Drop metadata and who asks where another house's client said it: it is no business of this one."""
    if _of_one_house(prompt, dialect) or (prompt.metadata is None and prompt.user is None):
        return prompt
    return replace(prompt, metadata=None, user=None)


def _of_one_house(prompt: Prompt, dialect: str) -> bool:
    return prompt.dialect == dialect or {prompt.dialect, dialect} <= OPENAI


def no_top_k(prompt: Prompt, dialect: str) -> Prompt:
    """Drop `top_k`, an unknown argument to OpenAI, unless a client that speaks the dialect said it."""
    if prompt.sampling.top_k is None or prompt.dialect == dialect:
        return prompt
    return replace(prompt, sampling=replace(prompt.sampling, top_k=None))


def few_stops(prompt: Prompt, dialect: str) -> Prompt:
    """Keep as many stop sequences as are taken, the first ones."""
    most = MOST_STOPS[dialect]
    return prompt if len(prompt.stop) <= most else replace(prompt, stop=prompt.stop[:most])


def no_empty_turns(prompt: Prompt, _: str) -> Prompt:
    """Leave out a turn of which nothing is left."""
    kept = tuple(message for message in prompt.messages if message.content != ())
    return prompt if len(kept) == len(prompt.messages) else replace(prompt, messages=kept)


def _each_message(prompt: Prompt, change: Callable[[Message], Iterable[Message]]) -> Prompt:
    """Return the prompt with each message's successors in its place; the same one where all are the same."""
    turns = [turn for message in prompt.messages for turn in change(message)]
    same = len(turns) == len(prompt.messages) and all(map(_is, turns, prompt.messages))
    return prompt if same else replace(prompt, messages=tuple(turns))


def _is(one: object, other: object) -> bool:
    return one is other


def _each_part(prompt: Prompt, change: PartRule) -> Prompt:
    """Return the prompt with each part changed, those inside results too; None leaves one out."""

    def changed(message: Message) -> Iterable[Message]:
        if isinstance(message.content, str):
            return (message,)
        parts = _changed(message.content, change)
        return (message,) if parts is message.content else (message_with(message, parts),)

    return _each_message(prompt, changed)


def _changed(parts: tuple[Part, ...], change: PartRule) -> tuple[Part, ...]:
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


RULES: Mapping[str, tuple[Rule, ...]] = {
    "chat": (
        own_fields_only,
        known_parts_only,
        no_choice_without_tools,
        state_of_its_maker_only,
        no_marks_of_others,
        failed_results_say_so,
        results_apart,
        results_of_text,
        documents_by_bytes,
        thoughts_words_calls,
        thinking_of_its_house,
        thinking_as_effort,
        labels_of_its_house,
        no_top_k,
        few_stops,
        no_empty_turns,
    ),
}
"""In the order in which they are applied."""
REPLY_RULES: Mapping[str, tuple[Rule, ...]] = {
    "chat": (
        own_fields_only,
        known_parts_only,
        state_of_its_maker_only,
        words_as_one_text,
        thoughts_words_calls,
    ),
}
"""The same for what is answered. State of another maker is kept where it can be sealed."""
