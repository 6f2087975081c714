from __future__ import annotations

from fractions import Fraction

import pytest

from router.core.cost.reconcile import LEAST_CALLS, mismatches
from router.core.records.history import Billed


def billed(*bills: tuple[int, int]) -> Billed:
    return Billed("glm", "z-ai/glm", bills)


@pytest.mark.parametrize(
    ("reported", "factor"),
    [
        (100, None),
        (105, None),
        (106, Fraction(106, 100)),
        (95, None),
        (94, Fraction(94, 100)),
        (0, Fraction(0)),
        (1000, Fraction(10)),
    ],
)
def test_a_factor_of_more_than_a_twentieth_is_an_alarm(reported: int, factor: Fraction | None) -> None:
    found = mismatches([billed(*[(reported, 100)] * LEAST_CALLS)])
    assert [one.factor for one in found] == ([] if factor is None else [factor])


def test_fewer_calls_say_nothing() -> None:
    assert mismatches([billed(*[(200, 100)] * (LEAST_CALLS - 1))]) == ()


def test_what_half_of_the_calls_do_not_show_is_no_factor() -> None:
    assert mismatches([billed(*[(500, 100)] * 10, *[(100, 100)] * 11)]) == ()
    assert mismatches([billed(*[(500, 100)] * 11, *[(100, 100)] * 10)])


def test_the_farthest_comes_first_and_is_told_with_its_calls() -> None:
    near = Billed("near", "m", ((120, 100),) * 20)
    far = Billed("far", "m", ((20, 100),) * 30)
    found = mismatches([near, far])
    assert [one.deployment for one in found] == ["far", "near"]
    assert "far (m) is billed 0.20 times what its price says, in the median of 30 calls" in found[0].words


def test_a_bill_of_nearly_nothing_is_not_told_as_none() -> None:
    [found] = mismatches([billed(*[(1, 1000)] * 20)])
    assert "less than 0.01 times" in found.words
