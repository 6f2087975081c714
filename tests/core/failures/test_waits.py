"""Where waiting times come from: every spelling, the order of the sources, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core import moments
from router.core.failures.error_body import ErrorBody, read_error
from router.core.failures.waits import DAY_S, hinted, stated

NOW_MS = 1_795_348_800_000
"""2026-11-22T12:00:00Z"""
NOTHING = ErrorBody()


def seconds(headers: Mapping[str, str], error: ErrorBody = NOTHING) -> float | None:
    wait = hinted(headers, error, NOW_MS)
    return None if wait is None else (wait.until_ms - NOW_MS) / 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6m0s", 360),
        ("2m59.56s", 179.56),
        ("120ms", 0.12),
        ("1h2m3s", 3723),
        ("34.074824224s", 34.074824224),
        ("17µs", 17e-6),
        ("2 minutes", 120),
        ("1 hour and 30 seconds", 3630),
        ("1d", 86400),
        ("7", None),
        ("-5s", None),
        ("5 parsecs", None),
        ("s5", None),
        ("", None),
        ("9" * 400 + "s", None),
    ],
)
def test_a_duration_is_read_as_go_and_people_write_it(text: str, expected: float | None) -> None:
    assert moments.duration(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T12:00:30Z", NOW_MS + 30_000),
        ("2026-11-22T13:00:30+01:00", NOW_MS + 30_000),
        ("2026-11-22T12:00:30", NOW_MS + 30_000),
        ("Sun, 22 Nov 2026 12:00:30 GMT", NOW_MS + 30_000),
        ("Sunday, 22-Nov-26 12:00:30 GMT", NOW_MS + 30_000),
        ("1795348830", NOW_MS + 30_000),
        ("1795348830000", NOW_MS + 30_000),
        (Decimal("1795348830.5"), NOW_MS + 30_500),
        ("30", None),
        ("tomorrow", None),
        (None, None),
        (True, None),
        (["x"], None),
        ("1e300", None),
        (10**400, None),
        (Decimal("sNaN"), None),
    ],
)
def test_a_moment_is_read_in_every_spelling_of_the_providers(value: object, expected: int | None) -> None:
    assert moments.moment(value) == expected


@pytest.mark.parametrize(
    ("headers", "error", "expected"),
    [
        ({"retry-after-ms": "250", "retry-after": "9"}, NOTHING, 0.25),
        ({"x-ms-retry-after-ms": "250"}, NOTHING, 0.25),
        ({"retry-after": "9"}, ErrorBody(retry_delay="3s", message="try again in 2s"), 9),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:09 GMT"}, NOTHING, 9),
        ({}, ErrorBody(retry_delay="3s", retry_after=4), 3),
        ({}, ErrorBody(retry_after=Decimal("4.5"), resets_at=1795348860), 4.5),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "8"}, ErrorBody(resets_at=1795348860), 60),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "8"}, ErrorBody(message="try again in 2s"), 8),
        ({"x-ratelimit-reset": "1795348860000"}, NOTHING, 60),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "60"}, NOTHING, None),
        ({}, ErrorBody(headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795348860000"}), 60),
        ({}, ErrorBody(headers={"retry-after": "17"}), 17),
        ({}, ErrorBody(message="please try again in 9m38.016s. visit"), 578.016),
        ({}, ErrorBody(message="please retry in 34.07s."), 34.07),
        ({}, ErrorBody(message="please retry after 56 seconds"), 56),
        ({}, ErrorBody(message="please wait 2 minutes before"), 120),
        ({}, ErrorBody(message="try again in 5 sandwiches"), None),
        ({}, ErrorBody(message="try again later"), None),
        ({}, NOTHING, None),
    ],
)
def test_the_best_source_wins_and_the_next_stands_in_for_it(
    headers: Mapping[str, str], error: ErrorBody, expected: float | None
) -> None:
    assert seconds(headers, error) == expected


@pytest.mark.parametrize(
    "useless", ["NaN", "inf", "-inf", "-5", "0", "", "soon", "1e999", "0x10", "1_0", "0\x1f", "٣"]
)
def test_a_useless_hint_is_passed_over_for_the_next(useless: str) -> None:
    assert seconds({"retry-after-ms": useless, "retry-after": useless}, ErrorBody(retry_delay="3s")) == 3


def test_a_past_date_is_passed_over() -> None:
    assert seconds({"retry-after": "Sun, 22 Nov 2026 11:59:59 GMT"}) is None


def test_a_hint_is_cut_to_a_day() -> None:
    assert seconds({"retry-after": "999999"}) == DAY_S


def test_of_several_empty_buckets_the_last_to_fill_counts() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m",
        "x-ratelimit-remaining-images": "5",
        "x-ratelimit-reset-images": "9h",
    }
    assert seconds(headers) == 60


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ErrorBody(message="you will regain access on 2026-12-01 at 00:00 utc."), "2026-12-01T00:00:00Z"),
        (ErrorBody(message="you will regain access on 2026-12-01."), "2026-12-01T00:00:00Z"),
        (ErrorBody(message="you will regain access on 2026-99-99 at 00:00 utc."), None),
        (ErrorBody(message="you will regain access on 2025-12-01."), None),
        (ErrorBody(resets_at="2026-11-25T00:00:00Z"), "2026-11-25T00:00:00Z"),
        (ErrorBody(resets_at="9999-12-31T00:00:00Z"), None),
        (ErrorBody(message="key limit exceeded (monthly limit)"), "2026-12-01T00:00:00Z"),
    ],
)
def test_a_stated_date_is_taken_whole_unless_it_is_past_or_absurd(
    error: ErrorBody, expected: str | None
) -> None:
    wait = stated(error, NOW_MS)
    assert (None if wait is None else moments.rfc3339(wait.until_ms)) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-22T12:00:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"),
        ("2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"),
        ("2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z"),
        ("2026-03-08T09:00:00Z", "2026-03-09T07:00:00Z"),
    ],
)
def test_midnight_in_california_follows_its_clock_changes(now: str, expected: str) -> None:
    now_ms = moments.date(now)
    assert now_ms is not None
    assert moments.rfc3339(moments.next_midnight(now_ms, moments.pacific())) == expected


def test_a_month_ends_at_the_first_of_the_next_also_in_december() -> None:
    december = moments.date("2026-12-31T23:59:59Z")
    assert december is not None
    assert moments.rfc3339(moments.next_month(december)) == "2027-01-01T00:00:00Z"


def test_a_week_ends_on_monday_and_a_monday_is_a_whole_week_before_the_next() -> None:
    monday = moments.date("2026-11-23T00:00:00Z")
    assert monday is not None
    assert moments.rfc3339(moments.next_monday(monday)) == "2026-11-30T00:00:00Z"
    assert moments.next_monday(monday - 1) == monday


@given(st.text(max_size=80))
def test_no_text_makes_a_time_reader_fail(text: str) -> None:
    for found in (moments.number(text), moments.duration(text), moments.moment(text)):
        assert found is None or found - found == 0


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset"]),
        st.text("0123456789.smhe-+ :TZ", max_size=30),
    )
)
def test_a_hint_lies_always_ahead_and_within_a_day(headers: dict[str, str]) -> None:
    wait = seconds(headers)
    assert wait is None or 0 < wait <= DAY_S


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "30s"}, 30),
        ({"retry-after": "30, 30"}, 30),
        ({"retry-after": "5, 60"}, 60),
        ({"x-retry-after": "12"}, 12),
        ({"x-rate-limit-reset-tokens": "55"}, 55),
        ({"x-ratelimit-reset-requests": "55s"}, 55),
        ({"x-ratelimit-reset-tokens": "55s", "x-ratelimit-remaining-tokens": "9"}, None),
        ({"ratelimit": '"default";r=0;t=30'}, 30),
        ({"ratelimit": '"burst";r=7;t=5, "daily";r=0;t=600'}, 600),
        ({"ratelimit": "limit=100, remaining=0, reset=40"}, 40),
        ({"ratelimit": '"default";r=3;t=30'}, None),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "30"}, None),
    ],
)
def test_headers_say_when_in_many_spellings(headers: Mapping[str, str], expected: float | None) -> None:
    assert seconds(headers) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"message": "x", "resets_in_seconds": 300}, 300),
        ({"message": "x", "retry_after": "30s"}, 30),
        ({"message": "x", "retryAfter": 7}, 7),
        ({"message": "x", "resets_at": 1795348890}, 90),
        ({"message": "x", "next_reset_time": 1795348890000}, 90),
        ({"message": "Your limit will reset at 2026-11-22 12:05:00"}, 300),
        ({"message": "Limit resets at: 2026-11-22 12:05:00 UTC"}, 300),
        ({"message": "Usage limit reached; try again after 2026-11-22T13:05:00+01:00."}, 300),
        ({"message": "available on 2026-11-29 12:00:00"}, DAY_S),
        ({"message": "try again in 5 minutes"}, 300),
        ({"message": "the log of 2026-11-22 12:05:00 is full"}, None),
    ],
)
def test_bodies_say_when_in_fields_and_in_words(error: dict[str, object], expected: float | None) -> None:
    assert seconds({}, read_error(error)) == expected
