"""How health moves: the table, the lengths, the probe, and what holds in any order of events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.health.states import MOVES, HealthSignal, lease, length, loaded, note, sign_of, step
from router.core.records.diagnosis import Cooldown, Diagnosis
from router.core.records.health import HEALTHY, Health, ScopeHealth
from router.core.settings.policy import Policy

NOW = 1_795_348_800_000
POLICY = Policy()
LEASE_MS = 90_000


def answer(status: int, **headers: str) -> Diagnosis:
    return classify(
        Exchange(
            "any",
            status=status,
            headers={k.replace("_", "-"): v for k, v in headers.items()},
            error={"message": "x", "type": "y"},
        ),
        NOW,
    )


FINE = classify(Exchange("any", status=200, content_seen=True), NOW)
BAD_REQUEST, DEAD_KEY, BROKEN, BUSY, LIMITED = (answer(status) for status in (400, 401, 500, 503, 429))
HINTED = answer(429, retry_after="1000")


def after(*diagnoses: Diagnosis, start: ScopeHealth = HEALTHY, now: int = NOW) -> ScopeHealth:
    for diagnosis in diagnoses:
        start = note(start, diagnosis, now, POLICY, 0.0)
    return start


@pytest.mark.parametrize(
    ("diagnosis", "sign"),
    [
        (FINE, HealthSignal.SUCCESS),
        (BAD_REQUEST, HealthSignal.NEUTRAL),
        (answer(409), HealthSignal.NEUTRAL),
        (answer(409, retry_after="5"), HealthSignal.COOL),
        (answer(498, retry_after="60"), HealthSignal.COOL),
        (answer(500, retry_after="60"), HealthSignal.COOL),
        (answer(413), HealthSignal.NEUTRAL),
        (BROKEN, HealthSignal.FAILURE),
        (BUSY, HealthSignal.COOL),
        (LIMITED, HealthSignal.COOL),
        (DEAD_KEY, HealthSignal.DISABLE),
        (answer(404), HealthSignal.DISABLE),
        (answer(402), HealthSignal.DISABLE),
    ],
)
def test_a_diagnosis_is_one_sign(diagnosis: Diagnosis, sign: HealthSignal) -> None:
    assert sign_of(diagnosis) is sign


def test_the_table_knows_every_sign_in_every_state() -> None:
    assert {state: set(moves) for state, moves in MOVES.items()} == {
        state: set(HealthSignal) for state in Health
    }


@pytest.mark.parametrize("state", Health)
def test_a_change_makes_every_state_available_and_forgets_its_strikes(state: Health) -> None:
    assert step(ScopeHealth(state, NOW + 5, strikes=4), HealthSignal.CLEAR, NOW) == replace(
        HEALTHY, healthy_since_ms=NOW
    )


def test_an_overloaded_server_rests_ten_seconds_and_its_evidence_is_kept() -> None:
    rested = after(BUSY)
    assert (rested.state, rested.until_ms, rested.strikes) == (Health.COOLING, NOW + 10_000, 1)
    assert rested.reason == BUSY.evidence


def test_a_single_broken_answer_rests_nobody_and_three_in_a_minute_trip_for_the_policy_s_time() -> None:
    assert after(BROKEN, BROKEN).state is Health.AVAILABLE
    tripped = after(BROKEN, BROKEN, BROKEN)
    assert (tripped.state, tripped.until_ms) == (Health.COOLING, NOW + 120_000)


def test_failures_further_apart_than_the_window_do_not_trip() -> None:
    health = HEALTHY
    for minute in range(5):
        health = note(health, BROKEN, NOW + minute * 61_000, POLICY, 0.0)
    assert health.state is Health.AVAILABLE


@pytest.mark.parametrize(
    ("strikes", "roll", "seconds"),
    [(1, 0.0, 10), (2, 0.0, 20), (3, 0.0, 40), (5, 0.0, 160), (6, 0.0, 300), (99, 0.0, 300), (1, 0.5, 11.25)],
)
def test_a_rest_doubles_with_each_strike_up_to_five_minutes_and_jitter_only_adds(
    strikes: int, roll: float, seconds: float
) -> None:
    assert length(BUSY.cooldown, strikes, 0.0, roll) == seconds


def test_a_server_s_own_hint_is_taken_as_it_is_whatever_the_strikes() -> None:
    assert length(HINTED.cooldown, 5, 0.0, 0.99) == 1000


def test_calls_that_fail_together_are_one_strike() -> None:
    assert after(BUSY, BUSY, LIMITED).strikes == 1


HOUR_MS = 3_600_000


def test_a_dead_key_is_out_for_an_hour_and_a_later_cooldown_does_not_bring_it_back() -> None:
    out = after(DEAD_KEY, LIMITED, HINTED, FINE)
    assert (out.state, out.until_ms) == (Health.DISABLED, NOW + HOUR_MS)
    assert lease(out, NOW + HOUR_MS - 1, LEASE_MS) is None


def test_what_only_a_change_ends_is_probed_after_an_hour_and_then_once_a_day() -> None:
    now, out = NOW, after(DEAD_KEY)
    for wait_ms in (HOUR_MS, 24 * HOUR_MS, 24 * HOUR_MS):
        assert out.until_ms == now + wait_ms
        now = out.until_ms
        probing = lease(out, now, LEASE_MS)
        assert probing is not None
        out = after(DEAD_KEY, start=probing, now=now)
    assert out.state is Health.DISABLED


def test_a_model_that_waits_for_its_pull_is_looked_for_after_a_minute() -> None:
    error = 'model "x" not found, try pulling it first'
    gone = classify(Exchange("ollama", status=404, error=error), NOW)
    assert after(gone).until_ms == NOW + 60_000


def test_a_spent_budget_is_out_until_its_date_then_probed() -> None:
    dated = replace(DEAD_KEY, cooldown=replace(DEAD_KEY.cooldown, until="2026-12-01T00:00:00Z"))
    out = after(dated)
    assert out.until_ms is not None
    assert lease(out, out.until_ms - 1, LEASE_MS) is None
    probing = lease(out, out.until_ms, LEASE_MS)
    assert probing is not None
    assert after(FINE, start=probing, now=out.until_ms).state is Health.AVAILABLE


def test_one_probe_is_leased_when_the_rest_is_over_and_a_lost_one_is_replaced() -> None:
    rested = after(BUSY)
    assert lease(rested, NOW + 9_999, LEASE_MS) is None
    probing = lease(rested, NOW + 10_000, LEASE_MS)
    assert probing is not None
    assert probing.state is Health.PROBING
    assert lease(probing, NOW + 10_001, LEASE_MS) is None
    assert lease(probing, NOW + 10_000 + LEASE_MS, LEASE_MS) is not None
    assert lease(HEALTHY, NOW, LEASE_MS) is None


@pytest.mark.parametrize(
    ("diagnosis", "state", "rest_ms"),
    [
        (FINE, Health.AVAILABLE, None),
        (BROKEN, Health.COOLING, 20_000),
        (BUSY, Health.COOLING, 20_000),
        (DEAD_KEY, Health.DISABLED, 24 * 3_600_000),
        (BAD_REQUEST, Health.COOLING, 0),
    ],
)
def test_a_probe_decides(diagnosis: Diagnosis, state: Health, rest_ms: int | None) -> None:
    probing = lease(after(BUSY), NOW + 10_000, LEASE_MS)
    assert probing is not None
    # Long after the failures that led to the rest, so that the breaker's window is empty.
    decided = after(diagnosis, start=replace(probing, failed_ms=()), now=NOW + 10_000)
    assert decided.state is state
    assert decided.until_ms == (None if rest_ms is None else NOW + 10_000 + rest_ms)


def test_a_strike_is_forgiven_for_each_five_minutes_of_health() -> None:
    healthy = ScopeHealth(strikes=3, healthy_since_ms=NOW)
    later = note(healthy, BUSY, NOW + 610_000, POLICY, 0.0)
    assert later.strikes == 2  # three, two forgiven, one new
    assert note(healthy, BUSY, NOW + 299_999, POLICY, 0.0).strikes == 4


def test_a_rest_read_back_after_the_clock_was_set_back_is_a_day_at_most() -> None:
    frozen = ScopeHealth(Health.COOLING, NOW + 10**10, healthy_since_ms=NOW + 10**10)
    read = loaded(frozen, NOW)
    assert (read.until_ms, read.healthy_since_ms) == (NOW + 86_400_000, NOW)
    assert loaded(replace(frozen, state=Health.DISABLED), NOW).until_ms == frozen.until_ms


# In any order

DIAGNOSES = (FINE, BAD_REQUEST, DEAD_KEY, BROKEN, BUSY, LIMITED, HINTED)
events = st.lists(
    st.tuples(st.sampled_from((*DIAGNOSES, None)), st.integers(-60_000, 400_000), st.floats(0, 0.999)),
    max_size=40,
)


@given(events)
def test_a_rest_is_never_shortened_and_only_a_probe_ends_it(
    history: list[tuple[Diagnosis | None, int, float]],
) -> None:
    health, now = HEALTHY, NOW
    for diagnosis, passed_ms, roll in history:
        now, before = now + passed_ms, health
        if diagnosis is None:
            health = lease(health, now, LEASE_MS) or health
            assert health is before or (before.until_ms is not None and before.until_ms <= now)
            continue
        health = note(health, diagnosis, now, POLICY, roll)
        if before.state is Health.COOLING and health.state is Health.COOLING:
            assert (health.until_ms or 0) >= (before.until_ms or 0)
        if before.state in (Health.COOLING, Health.DISABLED):
            assert health.state in (before.state, Health.DISABLED)
        if health.state is Health.COOLING:
            assert health.until_ms is not None
            assert health.until_ms - now <= max(375_000, 1_000_000, (before.until_ms or now) - now)
        assert 0 <= health.strikes <= len(history)


@given(st.integers(1, 200), st.floats(0, 0.999), st.floats(0, 1000))
def test_a_length_is_never_below_the_first_strike_s_nor_above_its_cap(
    strikes: int, roll: float, tripped: float
) -> None:
    seconds = length(Cooldown(seconds=10.0, derived_from="default"), strikes, tripped, roll)
    assert 10 <= seconds <= max(300, tripped) * 1.25
