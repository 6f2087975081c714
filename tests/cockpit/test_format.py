from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit import format as fmt
from router.core.records.spend import Spend

MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (None, "?"),
        (0, "$0"),
        (1, "<$0.000001"),
        (999, "<$0.000001"),
        (1_000, "$0.000001"),
        (1_499, "$0.000001"),
        (42_000, "$0.000042"),
        (400_000, "$0.0004"),
        (4_123_000, "$0.0041"),
        (9_960_000, "$0.01"),
        (16_400_000, "$0.016"),
        (164_000_000, "$0.16"),
        (996_000_000, "$1.00"),
        (3_120_000_000, "$3.12"),
        (1_234_567_890_000, "$1,234.57"),
        (-50_000_000, "-$0.05"),
        (-1, "-<$0.000001"),
    ],
)
def test_money_is_never_rounded_to_nothing(nano: int | None, shown: str) -> None:
    assert fmt.money(nano) == shown


@given(st.integers(1, 10**15))
def test_a_cost_above_nothing_never_looks_like_nothing_and_is_within_five_percent(nano: int) -> None:
    shown = fmt.money(nano)
    if shown.startswith("<"):
        assert nano < 1000
        return
    value = Decimal(shown[1:].replace(",", ""))
    assert value > 0
    real = Decimal(nano) / 10**9
    assert abs(value - real) <= max(real * Decimal("0.05"), Decimal("0.0000005"))


@pytest.mark.parametrize(
    ("total", "shown"),
    [
        (Spend(), "$0"),
        (Spend(cost_nano_usd=3_120_000_000), "$3.12"),
        (Spend(cost_nano_usd=3_120_000_000, unknown_cost_attempts=2), "$3.12 + 2 unknown"),
        (Spend(unknown_cost_attempts=1), "1 unknown"),
    ],
)
def test_a_sum_says_what_it_leaves_out(total: Spend, shown: str) -> None:
    assert fmt.spend(total) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "?"), (0, "0"), (812, "812"), (1_249, "1.2k"), (99_940, "99.9k"),
        (99_950, "100k"), (99_950_000, "100M"),
        (240_000, "240k"), (999_499, "999k"), (999_500, "1.0M"), (3_400_000, "3.4M"), (5_000_000_000, "5.0G"),
    ],
)  # fmt: skip
def test_tokens_are_short(count: int | None, shown: str) -> None:
    assert fmt.tokens(count) == shown


@given(st.integers(0, 999 * 10**9))
def test_tokens_take_at_most_five_characters(count: int) -> None:
    assert len(fmt.tokens(count)) <= 5


@pytest.mark.parametrize(
    ("value_s", "shown"),
    [
        (None, "–"), (0.0, "0ms"), (0.0904, "90ms"), (0.9994, "999ms"), (0.9996, "1.0s"), (9.94, "9.9s"),
        (9.96, "10s"), (59.6, "1m00s"), (125.0, "2m05s"),
    ],
)  # fmt: skip
def test_a_length_of_time_fits_its_size(value_s: float | None, shown: str) -> None:
    assert fmt.seconds(value_s) == shown


@pytest.mark.parametrize(
    ("left_ms", "shown"),
    [
        (-5, "00:00"), (0, "00:00"), (1, "00:01"), (192_000, "03:12"), (3_792_000, "1:03:12"),
        (51 * 3_600_000, "2d 03h"),
    ],
)  # fmt: skip
def test_a_countdown_is_rounded_up_and_ends_at_zero(left_ms: int, shown: str) -> None:
    assert fmt.countdown(left_ms) == shown


@pytest.mark.parametrize(
    ("count", "over_s", "shown"),
    [(240, 2.1, "114 tok/s"), (9, 2.0, "4.5 tok/s"), (None, 2.0, "–"), (10, 0.0, "–"), (0, 1.0, "–")],
)
def test_a_rate_needs_both_figures(count: int | None, over_s: float, shown: str) -> None:
    assert fmt.rate(count, over_s) == shown


def test_times_are_local() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    assert fmt.time_of_day(MS, zone) == "13:00"
    assert fmt.time_of_day(MS + 9_000, zone, with_seconds=True) == "13:00:09"
    assert fmt.zone_name(MS, zone) == "CET"
    assert fmt.day_name(MS, zone) == "Sun 22"


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 60))
def test_a_bar_fits_and_something_is_never_shown_as_nothing(part: int, whole: int, width: int) -> None:
    part = min(part, whole)
    assert len(fmt.bar(part, whole, width)) <= width
    assert bool(fmt.bar(part, whole, width)) == (part > 0)


@pytest.mark.parametrize(
    ("now", "before", "shown"), [(71, 100, "-29%"), (104, 100, "+4%"), (100, 100, "="), (5, 0, "")]
)
def test_a_change_is_told_against_what_was(now: int, before: int, shown: str) -> None:
    assert fmt.change(now, before) == shown
