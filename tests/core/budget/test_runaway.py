"""When the guard pauses paid calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.budget.runaway import Pause, Seen, watch
from router.core.settings.budgets import Guard

GUARD = Guard(nano_per_10m=10 * 10**9, requests_per_minute=300, identical_calls=30)
QUIET = Seen(nano_10m=10 * 10**9, requests_1m=300, identical_10m=30)


def test_what_the_guard_allows_trips_nothing() -> None:
    assert watch(GUARD, QUIET) is None


@pytest.mark.parametrize(
    ("seen", "everyone", "words"),
    [
        (replace(QUIET, nano_10m=11 * 10**9), True, "$11 within ten minutes, the guard allows $10"),
        (replace(QUIET, requests_1m=301), True, "301 paid requests within a minute, the guard allows 300"),
        (
            replace(QUIET, identical_10m=31),
            False,
            "the same paid request 31 times within ten minutes, the guard allows 30",
        ),
        (Seen(10**12, 999, 999), True, "$1000 within ten minutes, the guard allows $10"),
    ],
)
def test_one_more_than_allowed_trips_a_pause_that_says_what_it_saw(
    seen: Seen, everyone: bool, words: str
) -> None:
    assert watch(GUARD, seen) == Pause(everyone, words)


def test_what_is_switched_off_trips_nothing() -> None:
    assert watch(Guard(None, None, None), Seen(10**15, 10**6, 10**6)) is None


def test_the_guard_is_on_unless_somebody_switches_it_off() -> None:
    assert watch(Guard(), Seen(10**15, 0, 0)) is not None
    assert watch(Guard(), Seen(0, 10**6, 0)) is not None
    assert watch(Guard(), Seen(0, 0, 10**6)) is not None
