"""What answered calls teach: estimates that come to what the calls cost, a little above and never below."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.estimate import EXPECTED_OUTPUT_TOKENS, LEAST_LIKELY_OUTPUT, estimate, input_size
from router.core.cost.experience import ENOUGH, UNSEEN, Output, learn
from router.core.message import Message
from router.core.records.history import Answered
from tests.configs import small_config

PAID = small_config().deployments["paid"]  # 1,000 and 2,000 nano-dollars a token
WORDS = ("the", "router", "sends", "12", "{}", "straße", "日本語", "9f3a", "because", "costs")


def prompt(chance: Random) -> tuple[Message, ...]:
    text = " ".join(chance.choice(WORDS) for _ in range(chance.randint(50, 900)))
    return (Message("user", text),)


def call(messages: tuple[Message, ...], factor: float, chance: Random) -> Answered:
    """Return how a model counts that takes `factor` tokens for each one we would think of, give or take."""
    plain = estimate(input_size(messages), PAID, 1).plain_input_tokens
    counted = round(plain * factor * chance.uniform(0.9, 1.1))
    return Answered("summarize", plain, counted, round(chance.lognormvariate(5, 0.6)))


def test_the_estimates_of_new_calls_come_to_their_bill_within_five_percent_and_never_below() -> None:
    for model, factor in (("claude-like", 1.7), ("o200k-like", 0.8), ("with a hidden prompt", 2.3)):
        chance = Random(model)
        known = learn([call(prompt(chance), factor, chance) for _ in range(2_000)])
        estimated = billed = bare = 0
        for _ in range(2_000):
            messages = prompt(chance)
            made = estimate(input_size(messages), PAID, 4_096, task="summarize", known=known)
            true = call(messages, factor, chance)
            estimated += made.expected_nano or 0
            bare += estimate(input_size(messages), PAID, 4_096).expected_nano or 0
            billed += true.input_tokens * 1_000 + true.output_tokens * 2_000
        assert billed <= estimated <= billed * 1.05
        assert not billed <= bare <= billed * 1.05  # what it was without the ledger


@given(st.lists(st.tuples(st.integers(10, 5_000), st.integers(1, 9_000)), min_size=ENOUGH, max_size=60))
def test_the_input_that_was_seen_is_never_estimated_below_what_it_was(seen: list[tuple[int, int]]) -> None:
    known = learn([Answered(None, plain, counted, 1) for plain, counted in seen])
    estimated, counted = sum(known.input_tokens(plain) for plain, _ in seen), sum(n for _, n in seen)
    assert counted <= estimated <= counted * 1.025 + len(seen)


def test_too_few_calls_teach_nothing() -> None:
    few = [Answered("chat", 100, 200, 50)] * (ENOUGH - 1)
    assert learn(few) == UNSEEN
    enough = learn([*few, few[0]])
    assert (enough.calls, enough.input_tokens(100)) == (ENOUGH, 205)


def test_rows_from_before_plain_counts_were_kept_teach_of_answers_only() -> None:
    known = learn([Answered("chat", None, 200, 100)] * ENOUGH)
    assert (known.calls, known.input_tokens(100)) == (0, 100)
    assert known.output("chat") == Output(ENOUGH, 103, 100)


def test_a_task_with_enough_answers_has_its_own_length_and_another_that_of_all() -> None:
    known = learn(
        [Answered("classify", 100, 100, 10)] * ENOUGH + [Answered("chat", 100, 100, 1_000)] * (ENOUGH - 1)
    )
    assert known.output("classify") == Output(ENOUGH, 11, 10)
    whole = known.output("chat")
    assert whole == known.output(None)
    assert whole is not None
    assert (whole.calls, whole.long) == (2 * ENOUGH - 1, 1_000)


def test_the_long_answer_is_the_one_that_nineteen_in_twenty_do_not_pass() -> None:
    known = learn([Answered(None, 1, 1, length) for length in range(1, 101)])
    assert known.outputs[None].long == 95


def test_a_soft_hold_is_for_a_long_answer_and_what_is_expected_for_the_mean() -> None:
    messages = (Message("user", "hello"),)
    lengths = [100] * 90 + [2_000] * 10
    known = learn([Answered(None, 1, 1, length) for length in lengths])
    made = estimate(
        input_size(messages), PAID, 4_096, known=replace(known, calls=0, input_factor=UNSEEN.input_factor)
    )
    cost_in = made.input_expected_tokens * 1_000
    assert made.expected_nano == cost_in + 298 * 2_000  # 290 and a fortieth
    assert made.likely_nano == cost_in + 2_000 * 2_000
    short = estimate(input_size(messages), PAID, 100, known=known)
    assert short.output_expected_tokens == 100
    assert short.likely_nano == short.expected_nano == short.input_expected_tokens * 1_000 + 100 * 2_000
    unseen = estimate(input_size(messages), PAID, 4_096)
    assert unseen.output_expected_tokens == EXPECTED_OUTPUT_TOKENS
    tiny = learn([Answered(None, 1, 1, 3)] * ENOUGH)
    held = estimate(input_size(messages), PAID, 4_096, known=tiny)
    assert held.likely_nano == held.input_expected_tokens * 1_000 + LEAST_LIKELY_OUTPUT * 2_000


def test_an_input_that_took_more_tokens_than_bytes_raises_the_bound() -> None:
    known = learn([Answered(None, 10, 1_000, 1)] * ENOUGH)
    made = estimate(input_size((Message("user", "hello there"),)), PAID, 10, known=known)
    assert made.input_bound_tokens == made.input_expected_tokens > 500
    assert made.learned_from == ENOUGH
