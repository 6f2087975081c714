"""Which answers may stand in for their like, and which requests are alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.checks.response_cache import is_worth_keeping, may_stand_in
from router.core.fingerprint import request_fingerprint
from router.core.message import Message
from router.core.request import Request
from router.core.settings.deployments import Need
from router.core.settings.secret import Secret

ASK = Request((Message("system", "Be brief."), Message("user", "Capital of France?")))
KEY = Secret("k")


@pytest.mark.parametrize(
    ("text", "kinds", "finish_reason"),
    [
        ("", {"text"}, "stop"),
        (" \n", {"text"}, "stop"),
        ("Paris", {"text"}, "length"),
        ("Paris", {"text"}, None),
        ("Paris", {"text", "tool"}, "stop"),
        ("No.", {"refusal"}, "stop"),
        ("Paris", {"text"}, "content_filter"),
    ],
)
def test_an_answer_that_is_cut_empty_refused_or_a_tool_s_is_not_kept(
    text: str, kinds: set[str], finish_reason: str | None
) -> None:
    assert not is_worth_keeping(text, kinds, finish_reason)


@pytest.mark.parametrize("finish_reason", ["stop", "end_turn"])
def test_a_whole_answer_is_kept_also_when_it_was_reasoned_about(finish_reason: str) -> None:
    assert is_worth_keeping("Paris", {"text", "reasoning"}, finish_reason)


def test_pictures_and_tools_are_never_answered_from_before_and_json_may_be() -> None:
    assert may_stand_in(replace(ASK, needs=frozenset({Need.JSON})))
    assert not may_stand_in(replace(ASK, needs=frozenset({Need.TOOLS})))
    assert not may_stand_in(replace(ASK, needs=frozenset({Need.VISION, Need.JSON})))
    assert not may_stand_in(replace(ASK, messages=(*ASK.messages, Message("tool", "42"))))


@pytest.mark.parametrize(
    "other",
    [
        replace(ASK, messages=ASK.messages[1:]),
        replace(ASK, messages=(ASK.messages[0], Message("user", "Capital of France? "))),
        replace(ASK, max_tokens=10),
        replace(ASK, thinking_tokens=2000),
        replace(ASK, needs=frozenset({Need.JSON})),
    ],
)
def test_whatever_an_answer_depends_on_makes_another_request(other: Request) -> None:
    assert request_fingerprint(other, "auto", KEY) != request_fingerprint(ASK, "auto", KEY)


def test_route_and_key_make_another_fingerprint_and_session_and_tags_do_not() -> None:
    mine = request_fingerprint(ASK, "auto", KEY)
    assert request_fingerprint(ASK, "skill/code", KEY) != mine
    assert request_fingerprint(ASK, "auto", Secret("other")) != mine
    assert request_fingerprint(replace(ASK, session="s", tags=(("k", "v"),)), "auto", KEY) == mine
