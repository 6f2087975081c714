"""The list of rules: the first that fits, and what is not known fits nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.choosing.rules import Case, Rule, When, first_fit

FULL = Case("extract", "ja", urgent=False, accuracy=97.0, repeated_prefix=True, requests_today=10_001)


@pytest.mark.parametrize(
    "when",
    [
        When(),
        When(tasks=("chat", "extract")),
        When(language="ja"),
        When(urgent=False),
        When(accuracy_over=95.0),
        When(repeated_prefix=True),
        When(requests_per_day_over=10_000),
        When(tasks=("extract",), language="ja", urgent=False),
    ],
)
def test_a_rule_fits_when_all_that_it_says_holds(when: When) -> None:
    assert first_fit([Rule(when)], FULL, routed=True) == (1, Rule(when))


@pytest.mark.parametrize(
    "when",
    [
        When(tasks=("chat",)),
        When(language="en"),
        When(urgent=True),
        When(accuracy_over=97.0),
        When(repeated_prefix=False),
        When(requests_per_day_over=10_001),
        When(tasks=("extract",), language="en"),
    ],
)
def test_one_thing_that_does_not_hold_is_enough_not_to_fit(when: When) -> None:
    assert first_fit([Rule(when)], FULL, routed=True) is None


@given(
    st.builds(
        When,
        tasks=st.sampled_from([(), ("a",)]),
        language=st.sampled_from([None, "en"]),
        urgent=st.sampled_from([None, True, False]),
        accuracy_over=st.sampled_from([None, 0.0]),
        repeated_prefix=st.sampled_from([None, True, False]),
        requests_per_day_over=st.sampled_from([None, 1]),
    )
)
def test_of_a_request_that_nothing_is_known_of_only_a_rule_without_conditions_fits(when: When) -> None:
    assert (first_fit([Rule(when)], Case(), routed=False) is not None) == (when == When())


def test_the_first_that_fits_applies() -> None:
    rules = [Rule(When(language="en")), Rule(min_tier="T1"), Rule(max_tier="T0")]
    assert first_fit(rules, FULL, routed=False) == (2, rules[1])


def test_a_rule_that_sends_elsewhere_is_passed_over_when_the_caller_named_a_route() -> None:
    rules = [Rule(route="skill/code"), Rule(min_tier="T1")]
    assert first_fit(rules, FULL, routed=True) == (2, rules[1])
    assert first_fit(rules, FULL, routed=False) == (1, rules[0])
