"""The retry budget of all requests: what it costs, what it earns, and that an outage does not multiply."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.records.diagnosis import Diagnosis, FailureClass
from router.core.retry.retry_budget import MOST, TRICKLE_A_SECOND, RetryBudget

DOWN = classify(Exchange("x", status=503), 0)
LIMITED = classify(Exchange("x", status=429), 0)
OK = replace(LIMITED, failure_class=FailureClass.OK)


def after(budget: RetryBudget, *ends: Diagnosis, at_s: float = 0.0) -> RetryBudget:
    for end in ends:
        budget = budget.after(end, at_s)
    return budget


def test_a_new_budget_allows() -> None:
    assert RetryBudget().allows(0)


def test_with_half_of_it_lost_nobody_tries_again_until_time_has_passed() -> None:
    spent = after(RetryBudget(), *[DOWN] * int(MOST / 2))
    assert after(RetryBudget(), *[DOWN] * int(MOST / 2 - 1)).allows(0)
    assert not spent.allows(0)
    assert spent.allows(1 / TRICKLE_A_SECOND)


def test_ten_successes_make_good_for_one_failure() -> None:
    assert DOWN.counts_toward_breaker
    half = after(RetryBudget(), *[DOWN] * int(MOST / 2))
    successes = [OK] * 11
    assert after(half, *successes).allows(0)
    assert not after(half, *successes, DOWN, DOWN).allows(0)


def test_a_limit_that_was_told_costs_nothing() -> None:
    assert not LIMITED.counts_toward_breaker
    assert after(RetryBudget(), *[LIMITED] * 100) == RetryBudget()


@given(st.lists(st.tuples(st.sampled_from([DOWN, LIMITED, OK]), st.floats(0, 5)), max_size=60))
def test_tokens_stay_within_their_bounds(ends: list[tuple[Diagnosis, float]]) -> None:
    budget, now = RetryBudget(), 0.0
    for end, pause in ends:
        now += pause
        budget = budget.after(end, now)
        assert 0 <= budget.tokens <= MOST


def test_in_a_full_outage_a_thousand_requests_make_few_further_attempts() -> None:
    budget, retried = RetryBudget(), 0
    for request in range(1000):
        now = request * 0.01  # a hundred a second
        budget = budget.after(DOWN, now)
        if budget.allows(now):
            retried += 1
            budget = budget.after(DOWN, now)
    assert retried <= 0.1 * 1000
