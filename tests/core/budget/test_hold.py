"""What a running answer has cost so far, and what has to be held for it to go on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.budget.hold import LEAST_BYTES, NEVER, extended, more, next_look
from router.core.cost.cost import cost
from router.core.cost.estimate import estimate, input_size
from router.core.cost.settling import (
    BYTES_PER_TOKEN,
    MOST_BYTES_PER_TOKEN,
    AnswerSoFar,
    output_tokens,
    so_far_nano,
)
from router.core.message import Message
from router.core.records.admission import Hold
from router.core.settings.deployments import Deployment
from router.core.usage import Usage, UsageReading
from tests.configs import price, small_config

PAID = small_config().deployments["paid"]  # 1,000 and 2,000 nano-dollars a token
MESSAGES = (Message("user", "What is the capital of France?"),)
NOW = 1_795_348_800_000


def so_far(received: int, reading: UsageReading | None = None, deployment: Deployment = PAID) -> int | None:
    return so_far_nano(
        AnswerSoFar(deployment, estimate(input_size(MESSAGES), PAID, 100), received, NOW, reading)
    )


def test_input_is_what_is_expected_until_the_wire_counts_it_and_output_what_came() -> None:
    expected = estimate(input_size(MESSAGES), PAID, 100).input_expected_tokens
    assert so_far(10 * BYTES_PER_TOKEN) == expected * 1_000 + 10 * 2_000
    counted = UsageReading(Usage(input_tokens=500, output_tokens=1))
    assert so_far(10 * BYTES_PER_TOKEN, counted) == 500 * 1_000 + 10 * 2_000
    hidden = UsageReading(Usage(input_tokens=500, output_tokens=90))
    assert so_far(10 * BYTES_PER_TOKEN, hidden) == 500 * 1_000 + 90 * 2_000


def test_a_cache_write_that_the_stream_s_head_tells_of_is_in_it_at_its_own_rate() -> None:
    writing = replace(
        PAID,
        price=replace(
            price(),
            table=replace(
                price().table, rates=replace(price().table.rates, cache_write_mtok=Decimal("1.25"))
            ),
        ),
    )
    told = UsageReading(Usage(input_tokens=1_000, cache_write_tokens=800, output_tokens=1))
    assert so_far(0, told, writing) == 200 * 1_000 + 800 * 1_250 + 1 * 2_000


def test_nothing_is_known_of_it_without_a_price() -> None:
    assert so_far(1_000, None, replace(PAID, price=None)) is None


@given(st.integers(0, 10**6), st.integers(1, 10_000))
def test_an_answer_is_believed_to_keep_to_its_max_tokens_until_no_text_could(came: int, asked: int) -> None:
    tokens = output_tokens(came, asked)
    assert came // MOST_BYTES_PER_TOKEN <= tokens <= -(-came // BYTES_PER_TOKEN)
    assert (tokens <= asked) is (came // MOST_BYTES_PER_TOKEN <= asked)


@given(st.integers(0, 3_000), st.integers(0, 100))
def test_an_answer_that_keeps_to_what_it_was_asked_for_never_needs_more(came: int, out: int) -> None:
    made = estimate(input_size(MESSAGES), PAID, 1_000)
    honest = UsageReading(Usage(input_tokens=made.input_bound_tokens, output_tokens=out))
    assert made.bound_nano is not None
    bill = cost(replace(honest, usage=replace(honest.usage, output_tokens=1_000)), PAID.price, NOW).nano
    spent = so_far_nano(AnswerSoFar(PAID, made, came, NOW, honest))
    assert bill is not None
    assert spent is not None
    assert spent <= bill <= made.bound_nano
    assert extended(Hold(made.bound_nano), spent) == Hold(made.bound_nano)


@pytest.mark.parametrize(
    ("hold", "so_far", "limit", "wanted"),
    [
        (Hold(100, 40), 40, None, Hold(100, 40)),
        (Hold(100, 40), 80, None, Hold(100, 100)),
        (Hold(100, 40), 120, None, Hold(150, 150)),
        (Hold(100), 120, None, Hold(150)),
        (Hold(None, 40), 120, 10, Hold(None, 150)),
        (Hold(100), 120, 130, Hold(130)),
        (Hold(100), 130, 130, Hold(130)),
        (Hold(100), 131, 130, None),
        (Hold(100), 100, 90, Hold(100)),
    ],
)
def test_a_hold_grows_by_a_quarter_of_what_was_spent_within_the_call_s_limit(
    hold: Hold, so_far: int, limit: int | None, wanted: Hold | None
) -> None:
    assert extended(hold, so_far, limit) == wanted


def test_more_is_what_each_part_gains() -> None:
    assert more(Hold(100, 40), Hold(150, 150)) == Hold(50, 110)
    assert more(Hold(None, 40), Hold(None, 50)) == Hold(0, 10)


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_nothing_is_missed_between_two_looks_but_a_little(held: int, spent: int, came: int) -> None:
    hold = Hold(held, None)
    look = next_look(hold, spent, came, Decimal(2))
    gained = output_tokens(look - came, None) * 2_000
    assert look >= came + LEAST_BYTES
    assert look == came + LEAST_BYTES or spent + gained <= held


def test_what_nothing_counts_is_never_looked_at() -> None:
    assert next_look(Hold(), 5, 5, Decimal(2)) == next_look(Hold(9), 5, 5, None) == NEVER
