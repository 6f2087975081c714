from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.records.spend import Spend, Window
from router.core.records.usage import Usage
from router.core.reports.trends import (
    Anomaly,
    DaySpend,
    anomalies,
    cache_hit_rate,
    month_end,
    per_1k_requests,
)

DAY_MS = 24 * 3_600_000
DOLLAR = 10**9


def days(*dollars: int | None) -> list[DaySpend]:
    """One day each, the last one today; None is a day from before the ledger began."""
    return [
        DaySpend(
            date(2026, 11, 1) + timedelta(days=place),
            Window(place * DAY_MS, (place + 1) * DAY_MS),
            Spend() if cost is None else Spend(cost * DOLLAR, requests=1, attempts=1),
        )
        for place, cost in enumerate(dollars)
    ]


@pytest.mark.parametrize(
    ("spend", "unit"),
    [
        (Spend(3 * DOLLAR, requests=2_000, attempts=2_100), 1_500_000_000),
        (Spend(0, requests=5, attempts=5), 0),
        (Spend(3 * DOLLAR, 1, requests=2_000, attempts=2_000), None),
        (Spend(), None),
    ],
)
def test_a_thousand_requests_have_a_price_only_where_all_of_it_is_known(
    spend: Spend, unit: int | None
) -> None:
    assert per_1k_requests(spend) == unit


def test_the_cache_hit_rate_is_the_share_of_input_that_was_read() -> None:
    assert cache_hit_rate(Usage(input_tokens=400, cache_read_tokens=100)) == Fraction(1, 4)
    assert cache_hit_rate(Usage(input_tokens=400)) == 0
    assert cache_hit_rate(Usage()) is None


def test_a_day_far_above_the_median_of_its_weekday_is_an_anomaly() -> None:
    weeks = [10, 1, 1, 1, 1, 1, 1] * 3
    assert anomalies(days(*weeks, 13), 1) == ()
    assert anomalies(days(*weeks, 14), 1) == (Anomaly(date(2026, 11, 22), 14 * DOLLAR, 10 * DOLLAR),)
    assert anomalies(days(*weeks, 10, 14), 1)[0].usual_nano == DOLLAR  # the next day has another usual


def test_three_days_make_a_usual_and_days_before_the_first_call_are_none() -> None:
    assert anomalies(days(*[1] * 14, 9), 1) == ()
    assert anomalies(days(*[None] * 14, *[1] * 7, 9), 1) == ()
    assert len(anomalies(days(*[0] * 21, 9), 1)) == 1


@given(st.lists(st.integers(0, 100), max_size=40), st.integers(1, 40))
def test_only_the_days_asked_for_are_named_and_each_is_above_its_usual(costs: list[int], last: int) -> None:
    history = days(*costs)
    found = anomalies(history, last)
    assert {odd.day for odd in found} <= {day.day for day in history[-last:]}
    assert all(odd.cost_nano * 10 > odd.usual_nano * 13 for odd in found)


def test_the_month_ends_where_the_last_whole_week_leads() -> None:
    history = days(1, *[7] * 7, 3)
    now, end = 8 * DAY_MS + DAY_MS // 2, 12 * DAY_MS
    assert month_end(53 * DOLLAR, history, now, end) == 53 * DOLLAR + 7 * DOLLAR * 7 // 2
    assert month_end(53 * DOLLAR, history, end, end) == 53 * DOLLAR


def test_a_ledger_younger_than_a_week_has_no_forecast() -> None:
    assert month_end(DOLLAR, days(None, None, *[1] * 7), 8 * DAY_MS, 20 * DAY_MS) is None
    assert month_end(DOLLAR, days(None, 1, *[1] * 7), 8 * DAY_MS, 20 * DAY_MS) is not None
