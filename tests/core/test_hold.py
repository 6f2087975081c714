"""When a running answer has to stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.hold import Extend, Stop, Within, decide, must_stop, so_far_nano
from router.core.pricing import price_from_config
from tests.configs import price


@pytest.mark.parametrize(
    ("held", "so_far", "stops"),
    [
        (100, 100, False),
        (100, 101, True),
        (100, None, False),
        (None, 10**9, False),
        (0, 0, False),
        (0, 1, False),
    ],
)
def test_an_answer_must_stop_when_it_passes_what_was_held(
    held: int | None, so_far: int | None, stops: bool
) -> None:
    assert must_stop(held, so_far) is stops


def test_an_answer_within_its_hold_goes_on() -> None:
    assert decide(100, 99, extendable=True) == Within()
    assert decide(100, 99, extendable=False) == Within()


def test_an_answer_that_may_ask_for_more_asks_for_a_quarter_of_its_hold_at_least() -> None:
    assert decide(1_000, 1_001, extendable=True) == Extend(250)
    assert decide(1_000, 1_900, extendable=True) == Extend(900)


def test_an_answer_that_may_not_ask_for_more_stops_and_says_why() -> None:
    stopped = decide(1_000, 1_500, extendable=False)
    assert isinstance(stopped, Stop)
    assert "$0.0000015" in stopped.reason
    assert "$0.000001 " in stopped.reason


@given(held=st.integers(1, 10**12), more=st.integers(1, 10**12))
def test_an_extension_always_covers_what_has_come(held: int, more: int) -> None:
    extended = decide(held, held + more, extendable=True)
    assert isinstance(extended, Extend)
    assert not must_stop(held + extended.by_nano, held + more)


def test_what_has_come_is_priced_by_its_bytes_rounded_up() -> None:
    # 1,000 tokens in at $1 and 3,001 bytes, 1,001 tokens, out at $2 per million.
    assert so_far_nano(price(), 1_000, 3_001) == 1_000 * 1_000 + 1_001 * 2_000


def test_what_has_come_at_an_unknown_price_is_unknown() -> None:
    assert so_far_nano(None, 1_000, 3_000) is None
    assert so_far_nano(price_from_config({"input_mtok": "1"}), 1_000, 3_000) is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_text_never_costs_less(tokens: int, size: int, more: int) -> None:
    before, after = (so_far_nano(price(), tokens, count) for count in (size, size + more))
    assert before is not None
    assert after is not None
    assert before <= after
