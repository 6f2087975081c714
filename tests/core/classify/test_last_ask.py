"""What counts as a person's words in what coding tools send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.classify.last_ask import HARNESS_TAGS, is_go_ahead, last_ask, without_harness
from router.core.message import Message

REMINDER = """<system-reminder>
As you answer the user's questions, you can use the following context:
# currentDate
Today's date is 2026-01-01.

      IMPORTANT: this context may or may not be relevant to your tasks.
</system-reminder>

"""


def user(text: str) -> Message:
    return Message("user", text)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (REMINDER + "say hi", "say hi"),
        (REMINDER * 3 + "Please write the file hello.txt", "Please write the file hello.txt"),
        ("fix the test\n" + REMINDER, "fix the test"),
        (REMINDER, ""),
        ("<tool_result>42 files</tool_result>", ""),
        ("Summarize <document id='1'>\nlong text\n</document>", "Summarize"),
        ("<command-name>/review</command-name><command-args>the parser</command-args>", "the parser"),
        ("<environment_context>\n<cwd>/src</cwd>\n</environment_context>\nadd a flag", "add a flag"),
        ("[Request interrupted by user]\nuse async instead", "use async instead"),
        ("what does <file> mean in this template?", "what does <file> mean in this template?"),
        ("is <b>bold</b> fine?", "is <b>bold</b> fine?"),
        ("<system-reminder>cut off in the middle", "<system-reminder>cut off in the middle"),
        ("<system-reminder><file>x</file></system-reminder>go", "go"),
    ],
)
def test_what_a_tool_put_around_an_ask_is_left_out(text: str, asked: str) -> None:
    assert without_harness(text) == asked


def test_tool_results_and_notes_of_the_harness_after_an_ask_leave_it_the_last_one() -> None:
    session = (
        Message("system", "You are a coding agent."),
        user(REMINDER + "Rename the module"),
        Message("system", "Available agent types for the Agent tool: Explore"),
        Message("assistant", "Calling a tool."),
        Message("tool", "File created successfully"),
        user(REMINDER),
    )
    assert last_ask(session) == "Rename the module"


@pytest.mark.parametrize(
    "words",
    [
        "yes",
        "ok, go ahead",
        "continue",
        "Yes please!",
        "weiter",
        "はい、続けてください",
        "继续",
        "да, продолжай",
    ],
)
def test_after_a_go_ahead_the_ask_before_it_counts(words: str) -> None:
    assert is_go_ahead(words)
    assert (
        last_ask((user("Design the cache"), Message("assistant", "Shall I?"), user(words)))
        == "Design the cache"
    )


def test_a_go_ahead_alone_is_all_there_is() -> None:
    assert last_ask((user("yes"),)) == "yes"


@pytest.mark.parametrize("words", ["yes, but use Redis", "go on a diet plan for me", "try catch in Java"])
def test_a_go_ahead_with_an_ask_in_it_is_an_ask(words: str) -> None:
    assert not is_go_ahead(words)


@given(
    st.sampled_from(sorted(HARNESS_TAGS)),
    st.text(alphabet="abc <>/\n", max_size=40),
    st.text("xyz ", max_size=20),
)
def test_no_closed_element_of_the_harness_survives(tag: str, inside: str, ask: str) -> None:
    assert without_harness(f"<{tag}>{inside}</{tag}>{ask}") == ask.strip()


@given(st.text(max_size=200))
def test_text_without_elements_and_marks_is_only_stripped(text: str) -> None:
    plain = text.replace("<", "").replace("[", "")
    assert without_harness(plain) == plain.strip()
