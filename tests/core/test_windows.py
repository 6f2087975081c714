from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.records.spend import Window
from router.core.windows import HOUR_MS, calendar_days, local_date, rolling_hours, span

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY_MS = 24 * HOUR_MS

ZONES = """UTC Europe/Amsterdam America/New_York Asia/Kolkata Asia/Kathmandu Australia/Lord_Howe Pacific/Apia
    Africa/Cairo America/Havana Asia/Beirut America/Santiago Pacific/Chatham"""
zones = st.sampled_from([ZoneInfo(name) for name in ZONES.split()])
moments = st.integers(ms := 1_420_070_400_000, ms + 20 * 365 * DAY_MS)  # 2015 to 2034


def at(text: str, zone: ZoneInfo = AMSTERDAM) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@given(moments, zones, st.integers(1, 40), st.integers(0, 40))
def test_days_follow_each_other_without_a_gap_or_an_overlap(
    now_ms: int, zone: ZoneInfo, count: int, back: int
) -> None:
    days = calendar_days(now_ms, zone, count, back=back)
    assert len(days) == count
    assert all(earlier.end == later.start for earlier, later in pairwise(days))
    assert all(22 * HOUR_MS <= day.end - day.start <= 26 * HOUR_MS for day in days)


@given(moments, zones, st.integers(1, 10))
def test_today_is_the_last_day_and_holds_the_present_moment(now_ms: int, zone: ZoneInfo, count: int) -> None:
    today = calendar_days(now_ms, zone, count)[-1]
    assert today.start <= now_ms < today.end
    assert local_date(today.start, zone) == local_date(now_ms, zone)
    assert local_date(today.start - 1, zone) < local_date(now_ms, zone) < local_date(today.end, zone)


@given(moments, zones, st.integers(1, 14))
def test_the_days_before_end_where_the_days_begin(now_ms: int, zone: ZoneInfo, count: int) -> None:
    days, before = calendar_days(now_ms, zone, count), calendar_days(now_ms, zone, count, back=count)
    assert span(before).end == span(days).start


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25), ("2026-10-25T02:30", 25), ("2026-11-22T12:00", 24)],
)
def test_a_day_is_as_long_as_the_clock_change_makes_it(now: str, hours: int) -> None:
    (day,) = calendar_days(at(now), AMSTERDAM, 1)
    assert day == Window(at(now[:10] + "T00:00"), day.start + hours * HOUR_MS)


def test_a_day_whose_midnight_is_skipped_begins_at_the_change() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # 2026-04-24: 00:00 becomes 01:00
    (day,) = calendar_days(at("2026-04-24T12:00", cairo), cairo, 1)
    assert datetime.fromtimestamp(day.start / 1000, UTC) == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert day.end - day.start == 23 * HOUR_MS


@given(moments, st.integers(1, 24 * 31))
def test_a_rolling_window_is_whole_hours_and_holds_the_present_moment(now_ms: int, count: int) -> None:
    window = rolling_hours(now_ms, count)
    assert window.start % HOUR_MS == window.end % HOUR_MS == 0
    assert window.end - window.start == count * HOUR_MS
    assert window.start <= now_ms < window.end <= now_ms + HOUR_MS


def test_a_period_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        calendar_days(0, UTC, 0)
    with pytest.raises(ValueError, match="at least one hour"):
        rolling_hours(0, 0)
    with pytest.raises(ValueError, match="no window"):
        span([])
