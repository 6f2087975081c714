"""What a check is worth: said when it costs more than it saves, and not before."""

from __future__ import annotations

import pytest

from router.core.checks.check_value import check_value
from router.core.money import NANO
from router.core.records.answers import CheckStats


def stats(
    judged: int,
    passed: int,
    climbed: int = 0,
    mended: int = 0,
    *,
    below: int = 0,
    above: int = 0,
    unknown: int = 0,
) -> CheckStats:
    return CheckStats("auto", "json", judged, passed, climbed, mended, below * NANO, above * NANO, unknown)


@pytest.mark.parametrize(
    "worth_it",
    [
        stats(0, 0),
        stats(29, 0, 29, 0, below=1, above=100),  # too few to say
        stats(100, 100, below=5),  # never failed
        stats(100, 90, 10, 10, below=10, above=10),  # 20 spent, 100 straight
        stats(100, 50, 50, 50, above=50),  # below is free
        stats(100, 10, 90, 90, below=50, above=90, unknown=1),  # not everything is known
        stats(40, 35, 5, 0),  # too few climbs to say
    ],
)
def test_nothing_is_said_of_a_check_that_saves_or_of_too_few(worth_it: CheckStats) -> None:
    assert check_value(worth_it) is None


def test_a_check_that_fails_so_often_that_going_straight_up_is_cheaper_says_so_in_dollars() -> None:
    said = check_value(stats(100, 20, 80, 80, below=30, above=80))
    assert said is not None
    assert "80 of 100 answers fail" in said.why
    assert "cost $110, sent straight to the tier above about $100" in said.why
    assert said.nano == 10 * NANO


def test_a_check_that_climbing_never_mends_says_so_with_or_without_money() -> None:
    free, paid = check_value(stats(40, 20, 20, 2)), check_value(stats(40, 20, 20, 0, above=3))
    assert free is not None
    assert "climbing mended 2 of 20. " in free.why
    assert paid is not None
    assert "climbing mended 0 of 20 for $3. " in paid.why
    assert (free.nano, paid.nano) == (0, 3 * NANO)


def test_a_pass_rate_is_a_share_and_unknown_before_anything_was_judged() -> None:
    assert stats(0, 0).pass_rate is None
    assert stats(4, 3).pass_rate == 0.75
