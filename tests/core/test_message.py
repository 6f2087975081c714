"""Messages of parts: what each reader of a conversation makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.checks.response_cache import may_stand_in
from router.core.classify.last_ask import last_ask
from router.core.cost.estimate import IMAGE_TOKENS, TOKENS_A_PART, input_size
from router.core.fingerprint import prompt_fingerprint
from router.core.message import (
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    content_of,
)
from router.core.request import Request
from router.core.settings.secret import Secret

KEY = Secret("k" * 32)
CALL = ToolCall("c1", "read", '{"path": "a.py"}')
RESULT = ToolResult("c1", (Text("def f(): pass"), Image(data="aGk=", media_type="image/png")))


def test_one_text_and_nothing_else_is_a_plain_string() -> None:
    assert content_of([Text("hi")]) == "hi"
    assert content_of([Text("hi", mark=CacheMark.HOUR)]) == (Text("hi", CacheMark.HOUR),)
    assert content_of([Text("hi"), CALL]) == (Text("hi"), CALL)
    assert Message("user", "hi").parts == (Text("hi"),)


def test_what_is_said_leaves_out_thoughts_calls_and_results() -> None:
    turn = Message("assistant", (Reasoning("hm"), Text("One"), CALL, RESULT, Text("two")))
    assert turn.text == "One\ntwo"
    assert turn.followed_by("three").text == "One\ntwo\nthree"
    assert Message("user", "One").followed_by("two").content == "One\n\ntwo"


def test_the_ask_is_what_the_person_said_and_not_what_a_tool_answered() -> None:
    talk = (
        Message("user", (Text("<system-reminder>be good</system-reminder>"), Text("Fix the parser"))),
        Message("assistant", (CALL,)),
        Message("user", (RESULT,)),
    )
    assert last_ask(talk) == "Fix the parser"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CALL, replace(CALL, arguments="{}")),
        (RESULT, replace(RESULT, failed=True)),
        (Reasoning("a", Opaque("m", "1")), Reasoning("b", Opaque("m", "1"))),
        (Text("a"), Text("b")),
    ],
)
def test_parts_that_differ_make_other_fingerprints(one: Part, other: Part) -> None:
    prints = {prompt_fingerprint([Message("user", (Text("x"), part))], KEY) for part in (one, other)}
    assert len(prints) == 2


def test_a_mark_that_moves_leaves_the_fingerprint_as_it_is() -> None:
    plain, marked = (
        [Message("user", (Text("x", mark=mark), CALL), mark)] for mark in (None, CacheMark.FIVE_MINUTES)
    )
    assert prompt_fingerprint(plain, KEY) == prompt_fingerprint(marked, KEY)


@pytest.mark.parametrize(
    ("part", "most"),
    [
        (Image(data="A" * 100_000), IMAGE_TOKENS),
        (Document(data="A" * 400), 400),
        (ToolCall("1", "read", "x" * 95), 100),
        (ToolResult("1", "x" * 100), 100),
        (ToolResult("1", (Text("x" * 100), Image(data="AA"))), 100 + IMAGE_TOKENS + 2 * TOKENS_A_PART),
        (Reasoning("x" * 100), 100),
    ],
)
def test_every_part_counts_in_the_size_of_an_input(part: Part, most: int) -> None:
    empty = input_size([Message("user", ())])
    sized = input_size([Message("user", (part,))])
    assert sized.most - empty.most == most + TOKENS_A_PART
    assert sized.probable > empty.probable


def test_no_kept_answer_stands_in_for_a_tool_s_turn_of_either_shape() -> None:
    assert may_stand_in(Request((Message("user", "x"),)))
    for turn in (Message("tool", "x"), Message("user", (RESULT,))):
        assert not may_stand_in(Request((Message("user", "x"), turn)))
