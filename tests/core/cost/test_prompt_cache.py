"""Which parts of a prompt are marked for a provider's prompt cache, and what marked ones will cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.cost import cost
from router.core.cost.estimate import Cached, estimate, input_size
from router.core.cost.experience import UNSEEN
from router.core.cost.price_config import price_from_config
from router.core.cost.prompt_cache import NO_WISH, Wish, cached, marked, watches_prefixes, wish
from router.core.message import CacheMark, Message
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.tasks import RoutingRule, RuleCondition
from router.core.usage import Usage, UsageReading
from tests.configs import small_config

PRICE = price_from_config(
    {"input_mtok": "3", "output_mtok": "15", "cache_read_mtok": "0.30", "cache_write_mtok": "3.75"}
)
_paid = small_config().deployments["paid"]
SONNET = replace(
    _paid, provider=replace(_paid.provider, wire=Wire.ANTHROPIC), model="claude-sonnet-4-5", price=PRICE
)
HAIKU = replace(SONNET, model="claude-haiku-4-5")
LONG = Message("system", "You answer briefly and name your sources. " * 200)  # some 2,000 tokens
SHORT = Message("system", "Be brief.")
ASK, SAID, AGAIN = Message("user", "Why?"), Message("assistant", "Because."), Message("user", "Really?")
REPEATED, CONTINUED = Wish(repeated=True), Wish(continued=True)
NOW = 1_795_348_800_000


def marks(*messages: Message, at: Wish, deployment: object = SONNET) -> list[CacheMark | None]:
    assert isinstance(deployment, type(SONNET))
    return [message.mark for message in marked(messages, deployment, at, UNSEEN)]


def test_a_system_prompt_that_comes_again_is_marked_and_the_question_is_not() -> None:
    assert marks(LONG, ASK, at=REPEATED) == [CacheMark.FIVE_MINUTES, None]
    assert marks(LONG, ASK, at=NO_WISH) == [None, None]


def test_a_conversation_is_marked_at_its_end_and_behind_its_system_prompt() -> None:
    five = CacheMark.FIVE_MINUTES
    assert marks(LONG, ASK, SAID, AGAIN, at=CONTINUED) == [five, None, None, five]
    assert marks(LONG, ASK, SAID, AGAIN, at=REPEATED) == [five, None, five, None]


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (SONNET, CacheMark.FIVE_MINUTES),
        (HAIKU, None),  # it caches from 4,096 tokens on
        (replace(SONNET, provider=replace(SONNET.provider, wire=Wire.OPENAI)), None),
    ],
)
def test_what_a_model_would_not_cache_is_not_marked(deployment: object, expected: CacheMark | None) -> None:
    assert marks(LONG, ASK, at=REPEATED, deployment=deployment)[0] is expected
    assert marks(SHORT, ASK, at=REPEATED) == [None, None]


def test_what_a_caller_has_marked_stays_as_it_is_and_nothing_is_added() -> None:
    mine = (replace(LONG, mark=CacheMark.HOUR), ASK, SAID, AGAIN)
    assert marked(mine, SONNET, CONTINUED, UNSEEN) == mine


roles = st.sampled_from(["system", "user", "assistant"])
turns = st.builds(Message, roles, st.sampled_from(["", " ", "word " * 3_000]))


@given(st.lists(turns, min_size=1, max_size=8).map(tuple), st.builds(Wish, st.booleans(), st.booleans()))
def test_no_prompt_ever_has_more_than_four_marks_none_on_nothing_and_its_words_stay(
    messages: tuple[Message, ...], at: Wish
) -> None:
    made = marked(messages, SONNET, at, UNSEEN)
    assert [(m.role, m.content) for m in made] == [(m.role, m.content) for m in messages]
    assert sum(m.mark is not None for m in made) <= 4
    assert all(m.text.strip() for m in made if m.mark)


@pytest.mark.parametrize(
    ("ruled", "auto", "repeated", "session", "expected"),
    [
        (False, True, True, False, REPEATED),
        (True, False, False, False, REPEATED),
        (False, False, True, True, NO_WISH),
        (False, True, False, True, CONTINUED),
        (False, True, False, False, NO_WISH),
    ],
)
def test_marks_are_wished_for_by_a_rule_or_under_auto_where_something_comes_again(
    ruled: bool, auto: bool, repeated: bool, session: bool, expected: Wish
) -> None:
    talk = (LONG, ASK, SAID, AGAIN)
    assert wish(talk, ruled=ruled, auto=auto, repeated=repeated, session=session) == expected


def test_a_first_turn_is_no_conversation_yet() -> None:
    assert wish((LONG, ASK), ruled=False, auto=True, repeated=False, session=True) == NO_WISH


def test_what_was_sent_is_remembered_only_where_something_is_decided_by_it() -> None:
    assert not watches_prefixes(Policy())
    assert watches_prefixes(Policy(cache_prompts=True))
    assert watches_prefixes(
        Policy(rules=(RoutingRule(RuleCondition(repeated_prefix=True), cache_prefix=True),))
    )


def test_a_cold_prefix_is_expected_to_be_written_and_a_warm_one_to_be_read() -> None:
    messages = marked((LONG, ASK), SONNET, REPEATED, UNSEEN)
    prefix, whole = input_size((LONG,)).probable, input_size((LONG, ASK)).probable
    cold, warm = cached(messages, UNSEEN, 0), cached(messages, UNSEEN, 10**6)
    assert (cold, warm) == (Cached(0, prefix), Cached(prefix, 0))
    half = cached(messages, UNSEEN, prefix // 2)
    assert (half.read_tokens, half.written_tokens) == (prefix // 2, prefix - prefix // 2)
    assert cached((LONG, ASK), UNSEEN, 10**6) == Cached()
    for part in (cold, warm, half):
        made = estimate(input_size(messages), SONNET, 100, cached=part)
        usage = Usage(whole, part.read_tokens, part.written_tokens, None, 100)
        assert made.expected_nano == cost(UsageReading(usage), PRICE, NOW).nano
    costs = [estimate(input_size(messages), SONNET, 100, cached=part) for part in (warm, Cached(), cold)]
    expected = [made.expected_nano or 0 for made in costs]
    assert expected == sorted(expected)
    assert len({made.bound_nano for made in costs}) == 1  # what a cache may save never lowers the bound


def test_a_mark_for_an_hour_is_written_and_bounded_at_the_hour_s_rate() -> None:
    hour = (replace(LONG, mark=CacheMark.HOUR), ASK)
    plain, dear = estimate(input_size((LONG, ASK)), SONNET, 100), estimate(input_size(hour), SONNET, 100)
    assert plain.bound_nano == plain.input_bound_tokens * 3_750 + 100 * 15_000
    assert dear.bound_nano == dear.input_bound_tokens * 6_000 + 100 * 15_000
    part = cached(hour, UNSEEN, 0)
    made = estimate(input_size(hour), SONNET, 100, cached=part)
    usage = Usage(input_size(hour).probable, 0, part.written_tokens, part.written_tokens, 100)
    assert made.expected_nano == cost(UsageReading(usage), PRICE, NOW).nano
    assert Decimal(made.expected_nano or 0) <= Decimal(made.bound_nano or 0)
