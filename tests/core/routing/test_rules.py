"""The list of rules: the first that fits, and what is not known fits nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.routing.rules import RuleCase, first_fit
from router.core.settings.tasks import RoutingRule, RuleCondition

FULL = RuleCase("extract", "ja", urgent=False, accuracy=97.0, repeated_prefix=True, requests_today=10_001)


@pytest.mark.parametrize(
    "when",
    [
        RuleCondition(),
        RuleCondition(tasks=("chat", "extract")),
        RuleCondition(language="ja"),
        RuleCondition(urgent=False),
        RuleCondition(accuracy_over=95.0),
        RuleCondition(repeated_prefix=True),
        RuleCondition(requests_per_day_over=10_000),
        RuleCondition(tasks=("extract",), language="ja", urgent=False),
    ],
)
def test_a_rule_fits_when_all_that_it_says_holds(when: RuleCondition) -> None:
    assert first_fit([RoutingRule(when)], FULL, routed=True) == (1, RoutingRule(when))


@pytest.mark.parametrize(
    "when",
    [
        RuleCondition(tasks=("chat",)),
        RuleCondition(language="en"),
        RuleCondition(urgent=True),
        RuleCondition(accuracy_over=97.0),
        RuleCondition(repeated_prefix=False),
        RuleCondition(requests_per_day_over=10_001),
        RuleCondition(tasks=("extract",), language="en"),
    ],
)
def test_one_thing_that_does_not_hold_is_enough_not_to_fit(when: RuleCondition) -> None:
    assert first_fit([RoutingRule(when)], FULL, routed=True) is None


@given(
    st.builds(
        RuleCondition,
        tasks=st.sampled_from([(), ("a",)]),
        language=st.sampled_from([None, "en"]),
        urgent=st.sampled_from([None, True, False]),
        accuracy_over=st.sampled_from([None, 0.0]),
        repeated_prefix=st.sampled_from([None, True, False]),
        requests_per_day_over=st.sampled_from([None, 1]),
    )
)
def test_of_a_request_that_nothing_is_known_of_only_a_rule_without_conditions_fits(
    when: RuleCondition,
) -> None:
    assert (first_fit([RoutingRule(when)], RuleCase(), routed=False) is not None) == (when == RuleCondition())


def test_the_first_that_fits_applies() -> None:
    rules = [
        RoutingRule(RuleCondition(language="en")),
        RoutingRule(min_tier="T1"),
        RoutingRule(max_tier="T0"),
    ]
    assert first_fit(rules, FULL, routed=False) == (2, rules[1])


def test_a_rule_that_sends_elsewhere_is_passed_over_when_the_caller_named_a_route() -> None:
    rules = [RoutingRule(route="skill/code"), RoutingRule(min_tier="T1")]
    assert first_fit(rules, FULL, routed=True) == (2, rules[1])
    assert first_fit(rules, FULL, routed=False) == (1, rules[0])
