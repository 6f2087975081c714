"""Rules for what is said beside the messages: tools, sampling, thinking, the answer's form, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from router.core.dialects.fitting.walk import each_tool, of_one_house
from router.core.message import Reasoning, ToolCall
from router.core.prompt import Prompt, Sampling, Thinking, ToolChoice, ToolMode

MOST_STOPS = {"chat": 4, "gemini": 5, "responses": 0}
SAMPLING: Mapping[str, frozenset[str]] = {
    "chat": frozenset({"temperature", "top_p", "frequency_penalty", "presence_penalty", "seed"}),
    "anthropic": frozenset({"temperature", "top_p", "top_k"}),
    "responses": frozenset({"temperature", "top_p"}),
    "gemini": frozenset(field.name for field in fields(Sampling)),
    "ollama": frozenset(field.name for field in fields(Sampling)),
}
"""What each dialect can say of sampling; a client that speaks it may say more."""
SCHEMALESS = {"type": "object", "properties": {}}
LIMIT = 4096
"""Tokens of an answer that nobody limits, where the dialect demands a limit."""
EFFORTS = ((4_096, "low"), (16_384, "medium"))
"""The word for a budget of at most so many tokens; for a larger one it is `high`."""


def no_choice_without_tools(prompt: Prompt, _: str) -> Prompt:
    """Drop what is said of the choice among tools where there is none to choose."""
    if prompt.tools or (prompt.tool_choice is None and prompt.parallel_tools is None):
        return prompt
    return replace(prompt, tool_choice=None, parallel_tools=None)


def no_word_on_parallel_calls(prompt: Prompt, _: str) -> Prompt:
    """Drop whether several calls may come at once, where that cannot be said."""
    return prompt if prompt.parallel_tools is None else replace(prompt, parallel_tools=None)


def parallel_calls_with_the_choice(prompt: Prompt, _: str) -> Prompt:
    """Say whether several calls may come at once beside the choice, its usual one where there is none."""
    if prompt.parallel_tools is None:
        return prompt
    if prompt.tool_choice is None:
        return replace(prompt, tool_choice=ToolChoice())
    return replace(prompt, parallel_tools=None) if prompt.tool_choice.mode is ToolMode.NONE else prompt


def no_choice(prompt: Prompt, _: str) -> Prompt:
    """Drop the choice among tools where there is no word for it; with `none`, the tools."""
    if prompt.tool_choice is None:
        return prompt
    tools = () if prompt.tool_choice.mode is ToolMode.NONE else prompt.tools
    return replace(prompt, tool_choice=None, tools=tools)


def strictness_of_its_house(prompt: Prompt, dialect: str) -> Prompt:
    """Drop that arguments must match their schema, unless the client's own house said it."""
    if of_one_house(prompt, dialect):
        return prompt
    return each_tool(prompt, lambda tool: replace(tool, strict=None) if tool.strict is not None else tool)


def no_strictness(prompt: Prompt, _: str) -> Prompt:
    """Drop that arguments must match their schema, where that cannot be said."""
    return each_tool(prompt, lambda tool: replace(tool, strict=None) if tool.strict is not None else tool)


def a_schema_for_every_tool(prompt: Prompt, _: str) -> Prompt:
    """Give a tool without parameters the schema of none."""
    return each_tool(
        prompt, lambda tool: replace(tool, parameters=SCHEMALESS) if tool.parameters is None else tool
    )


def sampling_it_knows(prompt: Prompt, dialect: str) -> Prompt:
    """Drop what cannot be said of sampling, or is an unknown argument."""
    drawn = prompt.sampling
    if prompt.dialect == dialect:
        return prompt
    foreign = [name for name in _FIELDS - SAMPLING[dialect] if getattr(drawn, name) is not None]
    return replace(prompt, sampling=replace(drawn, **dict.fromkeys(foreign))) if foreign else prompt


_FIELDS = frozenset(field.name for field in fields(Sampling))


def temperature_up_to_one(prompt: Prompt, _: str) -> Prompt:
    """Make a temperature above 1 one, where that is the most."""
    drawn = prompt.sampling
    if drawn.temperature is None or drawn.temperature <= 1:
        return prompt
    return replace(prompt, sampling=replace(drawn, temperature=1.0))


def few_stops(prompt: Prompt, dialect: str) -> Prompt:
    """Keep as many stop sequences as are taken, the first ones."""
    most = MOST_STOPS[dialect]
    return prompt if len(prompt.stop) <= most else replace(prompt, stop=prompt.stop[:most])


def stops_with_letters(prompt: Prompt, _: str) -> Prompt:
    """Drop stop sequences of nothing but space, which are refused."""
    kept = tuple(word for word in prompt.stop if word.strip())
    return prompt if len(kept) == len(prompt.stop) else replace(prompt, stop=kept)


def a_limit_always(prompt: Prompt, _: str) -> Prompt:
    """Limit an answer that nobody limits, where a limit is demanded."""
    return replace(prompt, max_tokens=LIMIT) if prompt.max_tokens is None else prompt


def thinking_of_its_house(prompt: Prompt, dialect: str) -> Prompt:
    """Drop how much is to be thought where another house said it: models that cannot think refuse it."""
    if prompt.thinking is None or of_one_house(prompt, dialect):
        return prompt
    return replace(prompt, thinking=None)


def thinking_as_effort(prompt: Prompt, _: str) -> Prompt:
    """Say how much is to be thought in a word, where a number of tokens cannot be said."""
    asked = prompt.thinking
    if asked is None or (asked.effort is not None and asked.budget_tokens is None):
        return prompt
    effort = asked.effort or ("none" if asked.on is False else _effort(asked.budget_tokens))
    return replace(prompt, thinking=None if effort is None else Thinking(on=effort != "none", effort=effort))


def _effort(budget: int | None) -> str | None:
    return None if budget is None else next((word for most, word in EFFORTS if budget <= most), "high")


def thinking_where_it_may(prompt: Prompt, _: str) -> Prompt:
    """Turn a thinking budget off where it is refused: with a forced call, or amid calls without thoughts."""
    asked, choice = prompt.thinking, prompt.tool_choice
    if asked is None or asked.budget_tokens is None:
        return prompt
    forced = choice is not None and choice.mode in (ToolMode.ANY, ToolMode.ONE)
    said = next((m.parts for m in reversed(prompt.messages) if m.role == "assistant"), ())
    calls = any(isinstance(part, ToolCall) for part in said)
    bare = calls and not isinstance(said[0], Reasoning)
    return replace(prompt, thinking=Thinking(on=False, effort=asked.effort)) if forced or bare else prompt


def labels_of_its_house(prompt: Prompt, dialect: str) -> Prompt:
    """Drop metadata and who asks where another house's client said it: it is no business of this one."""
    return prompt if of_one_house(prompt, dialect) else no_labels(prompt, dialect)


def no_labels(prompt: Prompt, _: str) -> Prompt:
    """Drop metadata and who asks, where there is no place for them."""
    if prompt.metadata is None and prompt.user is None:
        return prompt
    return replace(prompt, metadata=None, user=None)


def a_schema_or_no_form(prompt: Prompt, _: str) -> Prompt:
    """Drop the wish for any JSON where only a schema can be asked for; of a schema, its name and notes."""
    shape = prompt.response_format
    if shape is None:
        return prompt
    if shape.schema is None:
        return replace(prompt, response_format=None)
    bare = replace(shape, name=None, description=None, strict=None)
    return prompt if bare == shape else replace(prompt, response_format=bare)


def a_bare_form(prompt: Prompt, _: str) -> Prompt:
    """Leave of a wished form its schema alone, where it has no name or notes."""
    shape = prompt.response_format
    bare = None if shape is None else replace(shape, name=None, description=None, strict=None)
    return prompt if bare == shape else replace(prompt, response_format=bare)
