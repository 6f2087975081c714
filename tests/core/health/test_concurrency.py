"""How many calls at once a deployment bears: halved by trouble, one more for each while that is well."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.health.concurrency import (
    HEALTHY_MS,
    LATE_FLOOR,
    UNBOUND,
    UNLIMITED,
    ConcurrencyLimit,
    ConcurrencySample,
    adjusted,
)

NOW = 1_795_348_800_000
FINE = ConcurrencySample(NOW - 500, running=8, status=200, first_content_s=0.3, answered=True)
BUSY = ConcurrencySample(NOW - 500, running=8, status=429, first_content_s=None, answered=False)
SLOW_S = 2.0


def after(pace: ConcurrencyLimit, sample: ConcurrencySample, now_ms: int = NOW) -> ConcurrencyLimit:
    return adjusted(pace, sample, now_ms, SLOW_S)


@pytest.mark.parametrize("status", [429, 503, 529])
def test_an_overloaded_server_gets_half_of_what_ran(status: int) -> None:
    assert after(UNLIMITED, replace(BUSY, status=status)) == ConcurrencyLimit(4, NOW)


@pytest.mark.parametrize("status", [200, 400, 401, 500, None])
def test_other_answers_bind_nothing(status: int | None) -> None:
    assert after(UNLIMITED, replace(BUSY, status=status)) == UNLIMITED


def test_calls_that_were_under_way_together_halve_once() -> None:
    once = after(UNLIMITED, BUSY)
    assert after(once, replace(BUSY, running=7)) == once
    again = replace(BUSY, started_ms=NOW + 1, running=4)
    assert after(once, again, NOW + 2) == ConcurrencyLimit(2, NOW + 2)


def test_one_call_at_a_time_is_always_allowed() -> None:
    assert after(ConcurrencyLimit(1, NOW - 10_000), replace(BUSY, running=2)).parallel == 1


def test_what_a_lone_call_suffers_is_not_put_down_to_how_many_run() -> None:
    assert after(UNLIMITED, replace(BUSY, running=1)) == UNLIMITED


def test_answers_that_begin_late_slow_many_calls_down_but_never_a_handful() -> None:
    late = replace(FINE, first_content_s=2.1, running=20)
    assert after(UNLIMITED, late) == ConcurrencyLimit(10, NOW)
    assert after(UNLIMITED, replace(late, running=6)) == ConcurrencyLimit(LATE_FLOOR, NOW)
    assert after(UNLIMITED, replace(late, running=LATE_FLOOR)) == UNLIMITED
    assert after(UNLIMITED, replace(late, first_content_s=2.0)) == UNLIMITED
    assert after(ConcurrencyLimit(3, NOW - 600), replace(late, running=9)).parallel == 3


def test_a_healthy_while_allows_one_more() -> None:
    bound = ConcurrencyLimit(4, NOW - HEALTHY_MS + 1)
    assert after(bound, FINE) == bound
    assert after(bound, FINE, NOW + 1) == ConcurrencyLimit(5, NOW + 1)
    assert after(bound, replace(FINE, answered=False), NOW + 1) == bound


def test_a_clock_that_was_set_back_keeps_no_bound_where_it_is() -> None:
    tomorrow = ConcurrencyLimit(4, NOW + 86_400_000)
    assert after(tomorrow, FINE) == ConcurrencyLimit(5, NOW)
    assert after(tomorrow, BUSY) == ConcurrencyLimit(2, NOW)


def test_a_bound_that_has_grown_large_is_none() -> None:
    assert after(ConcurrencyLimit(UNBOUND - 1, 0), FINE) == UNLIMITED


samples = st.builds(
    ConcurrencySample,
    started_ms=st.integers(NOW - 60_000, NOW),
    running=st.integers(1, 200),
    status=st.sampled_from([200, 429, 500, 503, None]),
    first_content_s=st.none() | st.floats(0, 60),
    answered=st.booleans(),
)


@given(st.lists(st.tuples(samples, st.integers(0, 30_000)), max_size=40))
def test_a_bound_is_one_at_least_and_moves_up_by_one_at_most(
    history: list[tuple[ConcurrencySample, int]],
) -> None:
    pace, now = UNLIMITED, NOW
    for sample, passed_ms in history:
        now, before = now + passed_ms, pace
        pace = after(pace, sample, now)
        if pace.parallel is not None:
            assert 1 <= pace.parallel < UNBOUND
            assert before.parallel is None or pace.parallel <= before.parallel + 1
