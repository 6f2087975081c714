"""What becomes of what a dialect cannot carry, rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.core.dialects.rules import RULES, fit
from router.core.message import (
    CacheMark,
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
)
from router.core.prompt import Prompt, Sampling, Thinking, Tool, ToolChoice, ToolMode
from tests.core.dialects.conversations import prompts

FIVE = CacheMark.FIVE_MINUTES
HI = Message("user", "hi")
PNG = Image("aGk=", media_type="image/png")


def said(*parts: Part, role: str = "user") -> Prompt:
    return Prompt((Message(role, parts),), dialect="anthropic")


def asked(**fields: object) -> Prompt:
    return Prompt((HI,), **{"dialect": "anthropic", **fields})  # type: ignore[arg-type]


CASES: list[tuple[str, str, Prompt, Prompt]] = [
    ("own-fields-only", "chat", asked(extra={"container": "c"}), asked()),
    (
        "own-fields-only",
        "chat",
        said(Text("a", extra={"citations": []}), PNG),
        said(Text("a"), PNG),
    ),
    (
        "known-parts-only",
        "chat",
        said(Text("a"), Unknown("anthropic", {"type": "x"}), PNG),
        said(Text("a"), PNG),
    ),
    (
        "known-parts-only",
        "chat",
        asked(tools=(Unknown("anthropic", {"type": "web_search_20250305"}), Tool("f"))),
        asked(tools=(Tool("f"),)),
    ),
    (
        "no-choice-without-tools",
        "chat",
        asked(tool_choice=ToolChoice(ToolMode.ANY), parallel_tools=True),
        asked(),
    ),
    (
        "state-of-its-maker-only",
        "chat",
        said(Reasoning("2+2", Opaque("anthropic", "sig")), Text("4"), role="assistant"),
        said(Reasoning("2+2"), Text("4"), role="assistant"),
    ),
    ("no-marks-of-others", "chat", said(Text("a", FIVE), PNG), said(Text("a"), PNG)),
    (
        "failed-results-say-so",
        "chat",
        Prompt((Message("tool", (ToolResult("c", "no file", failed=True),)),)),
        Prompt((Message("tool", (ToolResult("c", "Error: no file"),)),)),
    ),
    (
        "results-apart",
        "chat",
        said(ToolResult("a", "1"), ToolResult("b", "2"), Text("go on")),
        Prompt(
            (
                Message("tool", (ToolResult("a", "1"),)),
                Message("tool", (ToolResult("b", "2"),)),
                Message("user", "go on"),
            )
        ),
    ),
    (
        "results-of-text",
        "chat",
        Prompt(
            (
                Message("tool", (ToolResult("a", (Text("seen"), PNG)),)),
                Message("tool", (ToolResult("b", (PNG,)),)),
                HI,
            )
        ),
        Prompt(
            (
                Message("tool", (ToolResult("a", "seen"),)),
                Message("tool", (ToolResult("b", "(it is shown below)"),)),
                Message(
                    "user", (Text("What the tool showed (a):"), PNG, Text("What the tool showed (b):"), PNG)
                ),
                HI,
            )
        ),
    ),
    (
        "documents-by-bytes",
        "chat",
        said(Text("see"), Document(url="https://e.org/a.pdf")),
        said(Text("see"), Text("(a document: https://e.org/a.pdf)")),
    ),
    (
        "thoughts-words-calls",
        "chat",
        said(
            ToolCall("c", "f", "{}"),
            Text("a"),
            Refusal("no"),
            Reasoning("x"),
            Reasoning("y"),
            role="assistant",
        ),
        said(Reasoning("x\n\ny"), Text("a"), Refusal("no"), ToolCall("c", "f", "{}"), role="assistant"),
    ),
    ("thinking-of-its-house", "chat", asked(thinking=Thinking(on=True, effort="high")), asked()),
    (
        "thinking-as-effort",
        "chat",
        asked(dialect="responses", thinking=Thinking(on=True, budget_tokens=5000)),
        asked(thinking=Thinking(on=True, effort="medium")),
    ),
    ("labels-of-its-house", "chat", asked(metadata={"user_id": "{}"}, user="{}"), asked()),
    ("no-top-k", "chat", asked(sampling=Sampling(temperature=0.5, top_k=4)), asked(sampling=Sampling(0.5))),
    ("few-stops", "chat", asked(stop=("a", "b", "c", "d", "e")), asked(stop=("a", "b", "c", "d"))),
    ("no-empty-turns", "chat", Prompt((Message("user", ()), HI)), Prompt((HI,))),
]


@pytest.mark.parametrize(("rule", "dialect", "before", "after"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_a_rule_maps_or_drops_what_its_name_says(
    rule: str, dialect: str, before: Prompt, after: Prompt
) -> None:
    fitted, told = fit(before, dialect)
    assert rule in told
    assert fitted.messages == after.messages
    assert [message.mark for message in fitted.messages] == [message.mark for message in after.messages]
    assert (fitted.tools, fitted.tool_choice, fitted.stop) == (after.tools, after.tool_choice, after.stop)
    assert (fitted.sampling, fitted.thinking, fitted.extra) == (after.sampling, after.thinking, after.extra)
    assert (fitted.metadata, fitted.user) == (after.metadata, after.user)


def test_every_rule_has_an_example() -> None:
    rules = {rule.__name__.replace("_", "-") for rules in RULES.values() for rule in rules}
    assert rules == {case[0] for case in CASES}


@given(prompts)
def test_the_words_of_people_and_of_answers_pass_into_every_dialect(prompt: Prompt) -> None:
    for dialect in RULES:
        fitted, _ = fit(prompt, dialect)
        whole = "\n".join(repr(message.parts) for message in fitted.messages)
        for message in prompt.messages:
            for part in message.parts:
                if isinstance(part, Text):
                    assert repr(part.text)[1:-1] in whole or not part.text
