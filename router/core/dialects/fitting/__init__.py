"""What becomes of a prompt in a dialect that cannot carry all of it: mapped or dropped, by a named rule.

Reading and writing lose nothing; whatever has to change is changed here, before it is written, so that it can
be told. A rule is a function whose name is the rule's; it gives the same prompt back where it has nothing to
do. The table says which rules hold where, in the order in which they are applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.core.dialects.fitting import options, parts, turns
from router.core.dialects.fitting.walk import Rule
from router.core.dialects.reply import Reply
from router.core.message import Message
from router.core.prompt import Prompt

RULES: Mapping[str, tuple[Rule, ...]] = {
    "chat": (
        parts.own_fields_only,
        parts.known_parts_only,
        options.no_choice_without_tools,
        parts.state_of_its_maker_only,
        parts.no_marks_of_others,
        parts.failed_results_say_so,
        turns.results_apart,
        turns.results_of_text,
        parts.documents_by_bytes,
        turns.thoughts_words_calls,
        options.thinking_of_its_house,
        options.thinking_as_effort,
        options.labels_of_its_house,
        options.sampling_it_knows,
        options.few_stops,
        turns.no_empty_turns,
    ),
    "anthropic": (
        parts.own_fields_only,
        parts.known_parts_only,
        options.no_choice_without_tools,
        options.parallel_calls_with_the_choice,
        parts.state_of_its_maker_only,
        parts.signed_thoughts_only,
        parts.refusals_as_text,
        parts.no_marks_inside_results,
        parts.documents_it_reads,
        parts.arguments_as_objects,
        parts.plain_call_ids,
        parts.no_names_of_calls,
        parts.no_empty_texts,
        turns.results_in_user_turns,
        turns.one_system_text_in_front,
        turns.later_system_texts_as_reminders,
        turns.no_empty_turns,
        turns.somebody_asks,
        turns.neighbours_as_one_turn,
        options.strictness_of_its_house,
        options.a_schema_for_every_tool,
        options.sampling_it_knows,
        options.temperature_up_to_one,
        options.stops_with_letters,
        options.a_limit_always,
        options.thinking_of_its_house,
        options.thinking_where_it_may,
        options.labels_of_its_house,
        options.a_schema_or_no_form,
    ),
}
REPLY_RULES: Mapping[str, tuple[Rule, ...]] = {
    "chat": (
        parts.own_fields_only,
        parts.known_parts_only,
        parts.state_in_its_place,
        turns.words_as_one_text,
        turns.thoughts_words_calls,
    ),
    "anthropic": (
        parts.own_fields_only,
        parts.known_parts_only,
        parts.state_in_its_place,
        parts.refusals_as_text,
        parts.arguments_as_objects,
        parts.plain_call_ids,
        parts.no_empty_texts,
    ),
}
"""The same for what is answered. State of another maker is kept where it can be sealed."""


def fit(prompt: Prompt, dialect: str) -> tuple[Prompt, tuple[str, ...]]:
    """Return the prompt as a dialect can carry it, and the names of the rules that changed it.

    Raises Unreadable where it asks for what the dialect has nothing like.
    """
    told: list[str] = []
    for rule in RULES[dialect]:
        fitted = rule(prompt, dialect)
        if fitted is not prompt:
            told.append(name_of(rule))
            prompt = fitted
    return prompt if prompt.dialect == dialect else replace(prompt, dialect=dialect), tuple(told)


def fit_reply(reply: Reply, dialect: str) -> Reply:
    """Return an answer as a dialect can carry it."""
    said = Prompt((Message("assistant", reply.parts),), dialect=reply.dialect)
    for rule in REPLY_RULES[dialect]:
        said = rule(said, dialect)
    held = tuple(part for message in said.messages for part in message.parts)
    extra = reply.extra if reply.dialect == dialect else None
    return replace(reply, parts=held, dialect=dialect, extra=extra)


def name_of(rule: Rule) -> str:
    """Return a rule's name as it is told."""
    return rule.__name__.replace("_", "-")
