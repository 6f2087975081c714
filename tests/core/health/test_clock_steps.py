"""When somebody sets the clock: what is counted in seconds takes as long as before, what is a date stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.health.clock_steps import COUNTED_MS, STEP_MS, moved, step_of
from router.core.health.states import LOADED_MS, lease
from router.core.records.health import Health, ScopeHealth

NOW = 1_795_348_800_000
HOUR = 3_600_000
RESTING = ScopeHealth(Health.COOLING, NOW + 30_000, 2, NOW - 90_000, (NOW - 5_000,), "limited")

steps = st.integers(-400 * 24 * HOUR, 400 * 24 * HOUR)


@given(
    step=steps, left=st.integers(-HOUR, COUNTED_MS), state=st.sampled_from([Health.COOLING, Health.PROBING])
)
def test_a_rest_in_seconds_has_as_long_to_go_as_before(step: int, left: int, state: Health) -> None:
    after = moved(replace(RESTING, state=state, until_ms=NOW + left), step, NOW + step)
    assert after.until_ms == NOW + step + left
    assert (after.state, after.strikes, after.reason) == (state, 2, "limited")
    assert after.failed_ms == (NOW + step - 5_000,)


@given(step=steps, left=st.integers(COUNTED_MS + 1, LOADED_MS))
def test_a_date_stays_and_keeps_nobody_away_for_more_than_a_day(step: int, left: int) -> None:
    after = moved(replace(RESTING, until_ms=NOW + left), step, NOW + step)
    assert after.until_ms == min(NOW + left, NOW + step + LOADED_MS)


@pytest.mark.parametrize("until_ms", [NOW + 25 * HOUR, NOW + 90 * 24 * HOUR])
def test_what_is_disabled_stays_so_until_its_date(until_ms: int) -> None:
    spent = replace(RESTING, state=Health.DISABLED, until_ms=until_ms)
    for step in (-HOUR, HOUR):
        assert moved(spent, step, NOW + step).until_ms == until_ms


@pytest.mark.parametrize("left", [HOUR, 24 * HOUR])
def test_what_is_disabled_is_probed_when_it_would_have_been_though_the_clock_is_set_by_days(
    left: int,
) -> None:
    gone = replace(RESTING, state=Health.DISABLED, until_ms=NOW + left)
    for step in (-HOUR, 72 * HOUR):
        assert moved(gone, step, NOW + step).until_ms == NOW + step + left


def test_a_probe_is_due_when_it_would_have_been() -> None:
    for step in (-HOUR, HOUR):
        after = moved(RESTING, step, NOW + step)
        assert lease(after, NOW + step + 29_999, 1_000) is None
        assert lease(after, NOW + step + 30_000, 1_000)


@pytest.mark.parametrize(
    ("ahead", "step"), [(0, 0), (STEP_MS - 1, 0), (STEP_MS, STEP_MS), (1 - STEP_MS, 0), (-HOUR, -HOUR)]
)
def test_a_drift_is_no_step(ahead: int, step: int) -> None:
    assert step_of(NOW, NOW + ahead) == step
