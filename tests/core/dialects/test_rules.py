"""What becomes of what a dialect cannot carry, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from router.core.dialects.fields import Unreadable
from router.core.dialects.fitting import RULES, fit, name_of
from router.core.dialects.fitting.parts import plain_id
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
from router.core.prompt import Prompt, ResponseFormat, Sampling, Thinking, Tool, ToolChoice, ToolMode
from tests.core.dialects.conversations import prompts

FIVE = CacheMark.FIVE_MINUTES
HI = Message("user", "hi")
PLAIN = plain_id("functions.f:0")
TOOL = Tool("f", parameters={"type": "object", "properties": {}})
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
    (
        "sampling-it-knows",
        "chat",
        asked(sampling=Sampling(temperature=0.5, top_k=4)),
        asked(sampling=Sampling(0.5)),
    ),
    ("few-stops", "chat", asked(stop=("a", "b", "c", "d", "e")), asked(stop=("a", "b", "c", "d"))),
    ("no-empty-turns", "chat", Prompt((Message("user", ()), HI)), Prompt((HI,))),
    (
        "parallel-calls-with-the-choice",
        "anthropic",
        asked(tools=(TOOL,), parallel_tools=False),
        asked(tools=(TOOL,), tool_choice=ToolChoice(), parallel_tools=False),
    ),
    (
        "state-of-its-maker-only",
        "anthropic",
        said(Text("4", opaque=Opaque("gemini", "s")), role="assistant"),
        Prompt((Message("assistant", "4"),)),
    ),
    (
        "signed-thoughts-only",
        "anthropic",
        said(Reasoning("2+2"), Reasoning("x", Opaque("gemini", "s")), Text("4"), role="assistant"),
        Prompt((Message("assistant", "4"),)),
    ),
    (
        "refusals-as-text",
        "anthropic",
        said(Refusal("no"), role="assistant"),
        Prompt((Message("assistant", "no"),)),
    ),
    (
        "no-marks-inside-results",
        "anthropic",
        said(ToolResult("c", (Text("a", FIVE), PNG))),
        said(ToolResult("c", (Text("a"), PNG))),
    ),
    (
        "documents-it-reads",
        "anthropic",
        said(Text("see"), Document("aGk=", media_type="text/csv", name="a.csv")),
        said(Text("see"), Text("(a document: a.csv)")),
    ),
    (
        "arguments-as-objects",
        "anthropic",
        said(ToolCall("c", "f", ""), ToolCall("d", "f", "[1"), role="assistant"),
        said(ToolCall("c", "f", "{}"), ToolCall("d", "f", '{"arguments": "[1"}'), role="assistant"),
    ),
    (
        "plain-call-ids",
        "anthropic",
        Prompt(
            (
                Message("assistant", (ToolCall("functions.f:0", "f", "{}"),)),
                Message("user", (ToolResult("functions.f:0", "1"),)),
            )
        ),
        Prompt(
            (Message("assistant", (ToolCall(PLAIN, "f", "{}"),)), Message("user", (ToolResult(PLAIN, "1"),)))
        ),
    ),
    ("no-names-of-calls", "anthropic", said(ToolResult("c", "1", name="f")), said(ToolResult("c", "1"))),
    ("no-empty-texts", "anthropic", Prompt((Message("assistant", ""), HI)), Prompt((HI,))),
    (
        "results-in-user-turns",
        "anthropic",
        Prompt((Message("tool", (ToolResult("c", "1"),)),)),
        said(ToolResult("c", "1")),
    ),
    (
        "one-system-text-in-front",
        "anthropic",
        Prompt((Message("system", "a"), Message("developer", "b"), HI)),
        Prompt((Message("system", (Text("a"), Text("b"))), HI)),
    ),
    (
        "later-system-texts-as-reminders",
        "anthropic",
        Prompt((HI, Message("assistant", "yes?"), Message("system", "be brief"))),
        Prompt(
            (
                HI,
                Message("assistant", "yes?"),
                Message("user", "<system-reminder>\nbe brief\n</system-reminder>"),
            )
        ),
    ),
    ("somebody-asks", "anthropic", Prompt((Message("system", "a"),)), Prompt((Message("user", "a"),))),
    (
        "neighbours-as-one-turn",
        "anthropic",
        Prompt((HI, Message("tool", (ToolResult("c", "1"),)), Message("tool", (ToolResult("d", "2"),)))),
        said(ToolResult("c", "1"), ToolResult("d", "2"), Text("hi")),
    ),
    (
        "strictness-of-its-house",
        "anthropic",
        asked(dialect="chat", tools=(Tool("f", parameters={"a": 1}, strict=True),)),
        asked(tools=(Tool("f", parameters={"a": 1}),)),
    ),
    ("a-schema-for-every-tool", "anthropic", asked(tools=(Tool("f"),)), asked(tools=(TOOL,))),
    (
        "sampling-it-knows",
        "anthropic",
        asked(dialect="chat", sampling=Sampling(0.5, seed=4, frequency_penalty=0.1)),
        asked(sampling=Sampling(0.5)),
    ),
    (
        "temperature-up-to-one",
        "anthropic",
        asked(dialect="chat", sampling=Sampling(1.5)),
        asked(sampling=Sampling(1.0)),
    ),
    ("stops-with-letters", "anthropic", asked(stop=("\n\n", "END")), asked(stop=("END",))),
    ("a-limit-always", "anthropic", asked(), asked(max_tokens=4096)),
    (
        "thinking-where-it-may",
        "anthropic",
        asked(
            tools=(TOOL,),
            tool_choice=ToolChoice(ToolMode.ANY),
            thinking=Thinking(on=True, budget_tokens=2000),
        ),
        asked(tools=(TOOL,), tool_choice=ToolChoice(ToolMode.ANY), thinking=Thinking(on=False)),
    ),
    (
        "thinking-where-it-may",
        "anthropic",
        replace(
            said(ToolCall("c", "f", "{}"), role="assistant"), thinking=Thinking(on=True, budget_tokens=2000)
        ),
        replace(said(ToolCall("c", "f", "{}"), role="assistant"), thinking=Thinking(on=False)),
    ),
    ("a-schema-or-no-form", "anthropic", asked(response_format=ResponseFormat()), asked()),
    (
        "a-schema-or-no-form",
        "anthropic",
        asked(response_format=ResponseFormat({"a": 1}, "n", "d", strict=True)),
        asked(response_format=ResponseFormat({"a": 1})),
    ),
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
    assert fitted.response_format == after.response_format
    assert after.parallel_tools == fitted.parallel_tools
    assert after.max_tokens in (None, fitted.max_tokens)
    assert (fitted.metadata, fitted.user) == (after.metadata, after.user)


def test_every_rule_has_an_example() -> None:
    assert {name_of(rule) for rules in RULES.values() for rule in rules} == {case[0] for case in CASES}


@given(prompts)
def test_the_words_of_people_and_of_answers_pass_into_every_dialect(prompt: Prompt) -> None:
    for dialect in RULES:
        fitted, _ = fit(prompt, dialect)
        whole = "\n".join(repr(message.parts) for message in fitted.messages)
        for message in prompt.messages:
            for part in message.parts:
                if isinstance(part, Text):
                    assert repr(part.text)[1:-1] in whole or not part.text


@pytest.mark.parametrize(
    "field", [{"n": 2}, {"logprobs": True}, {"audio": {"voice": "x"}}, {"modalities": ["audio"]}]
)
def test_what_would_make_another_answer_is_refused_by_name(field: dict[str, object]) -> None:
    prompt = Prompt((HI,), dialect="chat", extra=field)
    assert fit(prompt, "chat") == (prompt, ())
    with pytest.raises(Unreadable, match=next(iter(field))):
        fit(prompt, "anthropic")
