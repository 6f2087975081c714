"""Checks of an answer: what each kind passes and fails, and what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.config.patterns import compile_pattern
from router.core.checks.judge import MAX_DETAIL, CommandResult, Draft, judge, unfenced
from router.core.json_schema.schema import read_schema
from router.core.pattern import MAX_CHARACTERS
from router.core.settings.checks import Check, CheckCommand, CheckKind

SCHEMA = read_schema({"type": "object", "required": ["city"]}, compile_pattern)
CHECKS = {
    "empty": Check("empty", CheckKind.EMPTY),
    "cut": Check("cut", CheckKind.CUT),
    "refusal": Check("refusal", CheckKind.REFUSAL),
    "json": Check("json", CheckKind.JSON),
    "schema": Check("schema", CheckKind.JSON_SCHEMA, schema=SCHEMA),
    "regex": Check("regex", CheckKind.REGEX, pattern=compile_pattern(r"^\d{4}-\d{2}$")),
    "short": Check("short", CheckKind.MIN_LENGTH, length=5),
    "long": Check("long", CheckKind.MAX_LENGTH, length=5),
    "command": Check("command", CheckKind.COMMAND, command=CheckCommand(("ruff", "check", "-"), 20)),
}


@pytest.mark.parametrize(
    ("check", "text", "why"),
    [
        ("empty", "x", None),
        ("empty", "", "the answer is empty"),
        ("empty", " \n\t", "the answer is empty"),
        ("json", '{"a": [1, null]}', None),
        ("json", '```json\n{"a": 1}\n```', None),
        ("json", "```\n[]\n```\n", None),
        ("json", "Here it is: {}", "the answer is not JSON: Expecting value in line 1, column 1"),
        ("json", '{"a": 1', "the answer is not JSON: Expecting ',' delimiter in line 1, column 8"),
        ("json", "", "the answer is not JSON: Expecting value in line 1, column 1"),
        ("json", "[NaN]", "the answer is not JSON that can be read"),
        ("json", "[" * 100_000, "the answer is not JSON that can be read"),
        ("json", "1" * 5_000, "the answer is not JSON that can be read"),
        ("json", "```\n{}\n```\n```\n{}\n```", "the answer is not JSON: Expecting value in line 1, column 1"),
        ("schema", '{"city": "Paris"}', None),
        ("schema", '```json\n{"city": "Paris"}\n```', None),
        ("schema", "{}", 'the answer does not fit the JSON schema: $ lacks "city"'),
        ("schema", "Paris", "the answer is not JSON: Expecting value in line 1, column 1"),
        ("regex", "2026-11", None),
        ("regex", "2026-11\n", None),
        ("regex", "in 2026-11", r"the answer does not match ^\d{4}-\d{2}$"),
        ("short", "12345", None),
        ("short", " 1234 ", "the answer has fewer than 5 characters"),
        ("long", " 12345 ", None),
        ("long", "123456", "the answer has more than 5 characters"),
    ],
)  # fmt: skip
def test_a_text_passes_or_fails_and_the_words_say_why(check: str, text: str, why: str | None) -> None:
    verdict = judge(CHECKS[check], Draft(text, "stop"))
    assert (verdict.passed, verdict.why, verdict.check) == (why is None, why or "passed", check)


@pytest.mark.parametrize(
    ("finish", "passed"),
    [("stop", True), ("end_turn", True), ("length", False), ("MAX_TOKENS", False), (None, False)],
)
def test_an_answer_is_cut_when_its_finish_says_so(finish: str | None, passed: bool) -> None:
    assert judge(CHECKS["cut"], Draft("Paris", finish)).passed is passed


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I can’t assist with that request.",
        "Sorry, I cannot comply.",
        "As an AI language model, I cannot provide that.",
        "Unfortunately, I am unable to assist with this.",
        "**I can't discuss that.**",
        "I must respectfully decline.",
        "Es tut mir leid, aber ich kann dir dabei nicht helfen.",
        "Leider kann ich Ihnen bei dieser Anfrage nicht weiterhelfen.",
        "Het spijt me, maar ik kan je daar niet mee helpen.",
        "Je suis désolé, mais je ne peux pas vous aider avec cela.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Mi dispiace, ma non posso aiutarti con questo.",
        "Desculpe, mas não posso ajudar com isso.",
        "申し訳ありませんが、そのリクエストにはお答えできません。",
        "抱歉,我无法提供帮助。",
        "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    ],
)
def test_a_refusal_is_known_in_the_language_it_comes_in(text: str) -> None:
    assert not judge(CHECKS["refusal"], Draft(text, "stop")).passed


@pytest.mark.parametrize(
    "text",
    [
        "Paris.",
        "",
        "I can't help but notice that your loop never ends.",
        "I cannot find any errors in your code.",
        "Sorry, I was wrong: the answer is 42.",
        "Unfortunately the file does not exist.",
        'The sign says: "I can\'t help with that."',
        "I'm sorry for the confusion. The capital is Paris.",
        "Leider ist das nicht richtig: es ist Paris.",
        "申し訳ありませんが、会議は中止です。",
        "I'm sorry, but I can't help with that. " + "However, this is what is known. " * 20,
    ],
)
def test_a_good_answer_is_not_taken_for_a_refusal(text: str) -> None:
    assert judge(CHECKS["refusal"], Draft(text, "stop")).passed


@pytest.mark.parametrize(
    "draft",
    [
        Draft("", "refusal"),
        Draft("Some of it", "content_filter"),
        Draft("No.", "stop", frozenset({"refusal"})),
        Draft("", "SAFETY"),
    ],
)
def test_a_provider_that_says_it_refused_is_believed(draft: Draft) -> None:
    assert not judge(CHECKS["refusal"], draft).passed


@pytest.mark.parametrize(
    ("ran", "passed", "judged", "why"),
    [
        (CommandResult(0), True, True, "passed"),
        (CommandResult(1, "E501"), False, True, "ruff ended with 1"),
        (CommandResult(-9), False, True, "ruff ended with -9"),
        (CommandResult(None), False, True, "ruff had not ended after 20 s"),
        (CommandResult(None, not_started="no such file"), True, False, "not judged: ruff: no such file"),
        (None, True, False, "not judged: ruff: it was not run"),
    ],
)
def test_a_commands_exit_code_is_the_verdict_and_one_that_never_ran_has_none(
    ran: CommandResult | None, passed: bool, judged: bool, why: str
) -> None:
    verdict = judge(CHECKS["command"], Draft("x = 1", "stop"), ran)
    assert (verdict.passed, verdict.judged, verdict.why) == (passed, judged, why)


def test_what_a_command_wrote_goes_along_capped_and_is_not_in_the_words() -> None:
    verdict = judge(CHECKS["command"], Draft("x", "stop"), CommandResult(1, "secret of the answer" * 1000))
    assert len(verdict.detail) == MAX_DETAIL
    assert "secret" not in verdict.why


def test_a_text_too_long_for_a_pattern_is_not_judged_rather_than_failed() -> None:
    verdict = judge(CHECKS["regex"], Draft("x" * (MAX_CHARACTERS + 1), "stop"))
    assert (verdict.passed, verdict.judged) == (True, False)


def test_a_pattern_that_would_explode_elsewhere_is_judged_at_once() -> None:
    check = Check("regex", CheckKind.REGEX, pattern=compile_pattern("(a+)+$"))
    assert not judge(check, Draft("a" * (MAX_CHARACTERS - 1) + "b", "stop")).passed


@given(st.text(alphabet=st.characters(exclude_characters="`")))
def test_one_fenced_block_is_unwrapped_and_any_other_text_is_only_stripped(text: str) -> None:
    assert unfenced(f"```json\n{text}\n```") == text.strip()
    assert unfenced(text) == text.strip()
    assert unfenced(f"See:\n```\n{text}\n```") == f"See:\n```\n{text}\n```"


@given(st.sampled_from(sorted(CHECKS)), st.text(), st.none() | st.text(max_size=12))
def test_any_answer_gets_a_verdict_that_does_not_quote_it(name: str, text: str, finish: str | None) -> None:
    marked = f"{text}\nMARKED"
    assert "MARKED" not in judge(CHECKS[name], Draft(marked, finish)).why
