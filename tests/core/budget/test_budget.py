"""Which budgets apply, over which time, and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.budget.budget import (
    Charge,
    caps,
    charge_of,
    fraction_used,
    judge,
    label_of,
    pressure,
    standing_caps,
)
from router.core.records.admission import Cap, RefusedBy, Used
from router.core.records.entries import Intent
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.windows import HOUR_MS

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
KOLKATA = ZoneInfo("Asia/Kolkata")
CHARGE = Charge(
    route="auto",
    tier="T6",
    deployment="opus",
    provider="anthropic",
    request_id="r1",
    session="s1",
    tags=(("client", "acme"),),
    bound_nano=500,
    expected_nano=100,
)
CAP = Cap("all spend, day", 1_000, 500, since_ms=0, until_ms=9, frees="free again at 00:00")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


NOON = ms("2026-11-22T12:34:56+00:00")


def budget(scope: str = "all", window: str = "day", target: str | None = None) -> Budget:
    return Budget(BudgetScope(scope), target, BudgetWindow(window), 1_000)


@pytest.mark.parametrize(
    ("scope", "target", "column", "value"),
    [
        ("all", None, None, None),
        ("tier", "T6", "tier", "T6"),
        ("provider", "anthropic", "provider", "anthropic"),
        ("deployment", "opus", "deployment", "opus"),
        ("route", "auto", "route", "auto"),
        ("session", None, "session_id", "s1"),
        ("session", "s1", "session_id", "s1"),
    ],
)
def test_a_budget_counts_what_is_in_its_scope(
    scope: str, target: str | None, column: str | None, value: str | None
) -> None:
    [cap] = caps([budget(scope, target=target)], CHARGE, NOON, UTC)
    assert (cap.column, cap.value, cap.tag, cap.within) == (column, value, None, None)


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ("tier", "T5"),
        ("provider", "openrouter"),
        ("deployment", "sonnet"),
        ("route", "skill/code"),
        ("session", "s2"),
        ("tag", "client=other"),
        ("tag", "other=acme"),
    ],
)
def test_a_budget_of_something_else_does_not_apply(scope: str, target: str) -> None:
    assert caps([budget(scope, target=target)], CHARGE, NOON, UTC) == ()


def test_a_tag_may_contain_an_equals_sign() -> None:
    charge = replace(CHARGE, tags=(("query", "a=b"),))
    [cap] = caps([budget("tag", target="query=a=b")], charge, NOON, UTC)
    assert cap.tag == ("query", "a=b")


def test_a_call_without_a_session_counts_against_no_sessions_budget() -> None:
    charge = replace(CHARGE, session=None)
    assert caps([budget("session"), budget("tier", "session", "T6")], charge, NOON, UTC) == ()


def test_a_window_of_a_call_or_session_is_counted_within_it_and_within_the_scope() -> None:
    call, session = caps([budget(window="call"), budget("tier", "session", "T6")], CHARGE, NOON, UTC)
    assert (call.within, call.column, call.since_ms) == (("request_id", "r1"), None, 0)
    assert (session.within, session.column, session.value) == (("session_id", "s1"), "tier", "T6")


@pytest.mark.parametrize(
    ("window", "rolling", "zone", "since", "until"),
    [
        ("hour", None, AMSTERDAM, "2026-11-22T12:00+00:00", "2026-11-22T13:00+00:00"),
        ("day", None, AMSTERDAM, "2026-11-22T00:00+01:00", "2026-11-23T00:00+01:00"),
        ("day", None, KOLKATA, "2026-11-22T00:00+05:30", "2026-11-23T00:00+05:30"),
        ("day", True, AMSTERDAM, "2026-11-21T13:00+00:00", None),
        ("7d", None, AMSTERDAM, "2026-11-15T13:00+00:00", None),
        ("7d", False, AMSTERDAM, "2026-11-16T00:00+01:00", None),
        ("month", None, AMSTERDAM, "2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00"),
        ("month", True, AMSTERDAM, "2026-10-23T13:00+00:00", None),
    ],
)
def test_windows_begin_at_local_midnight_or_move_in_whole_hours(
    window: str, rolling: bool | None, zone: ZoneInfo, since: str, until: str | None
) -> None:
    [cap] = caps([replace(budget(window=window), rolling=rolling)], CHARGE, NOON, zone)
    assert cap.since_ms == ms(since)
    assert cap.until_ms == (None if until is None else ms(until))


def test_seven_days_are_this_hour_and_the_167_before() -> None:
    [cap] = caps([budget(window="7d")], CHARGE, NOON, UTC)
    assert (NOON - NOON % HOUR_MS + HOUR_MS - cap.since_ms) == 168 * HOUR_MS


@pytest.mark.parametrize(
    ("now", "since", "hours"),
    [
        ("2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00", 23),
        ("2026-10-25T00:30+02:00", "2026-10-25T00:00+02:00", 25),
        ("2026-10-24T23:59:59.999+02:00", "2026-10-24T00:00+02:00", 24),
    ],
)
def test_a_day_with_a_clock_change_is_counted_whole(now: str, since: str, hours: int) -> None:
    [cap] = caps([budget()], CHARGE, ms(now), AMSTERDAM)
    assert cap.until_ms is not None
    assert (cap.since_ms, (cap.until_ms - cap.since_ms) / HOUR_MS) == (ms(since), hours)


@given(
    now=st.integers(0, 4_000_000_000_000),
    zone=st.sampled_from([UTC, AMSTERDAM, KOLKATA]),
    window=st.sampled_from(BudgetWindow),
)
def test_an_attempt_always_lies_in_its_own_window(now: int, zone: ZoneInfo, window: BudgetWindow) -> None:
    [cap] = caps([budget(window=window)], CHARGE, now, zone)
    assert cap.since_ms <= now
    assert cap.until_ms is None or now < cap.until_ms


def test_a_hard_cap_takes_the_bound_and_a_soft_one_what_is_expected() -> None:
    hard, soft = caps([budget(), replace(budget(), hard=False)], CHARGE, NOON, UTC)
    assert (hard.amount_nano, soft.amount_nano) == (500, 100)


def test_an_intent_is_charged_with_what_it_holds_and_expects() -> None:
    intent = Intent(
        request_id="r1",
        attempt=2,
        started_at=NOON,
        source="ask",
        route="auto",
        tier="T6",
        deployment="opus",
        provider="anthropic",
        model_requested="m",
        billing="metered",
        session_id="s1",
        estimate_nano_usd=80,
        held_nano_usd=500,
        soft_held_nano_usd=100,
        tags=(("client", "acme"),),
    )
    assert charge_of(intent) == CHARGE


@pytest.mark.parametrize(
    ("used", "amount", "fits"),
    [
        (Used(500, 0), 500, True),
        (Used(250, 250), 500, True),
        (Used(501, 0), 500, False),
        (Used(0, 501), 500, False),
        (Used(5_000, 0), 0, True),
        (Used(), None, False),
    ],
)
def test_posted_held_and_the_attempt_together_must_fit(used: Used, amount: int | None, fits: bool) -> None:
    refusal, _ = judge([(replace(CAP, amount_nano=amount), used)])
    assert (refusal is None) is fits


def test_a_refusal_names_the_budget_what_is_spent_what_is_held_what_it_could_cost_and_when_it_frees() -> None:
    [cap] = caps([Budget(BudgetScope.TIER, "T6", BudgetWindow.DAY, 5 * 10**9)], CHARGE, NOON, AMSTERDAM)
    refusal, warnings = judge([(cap, Used(4_990_000_000, 9_999_900))])
    assert refusal is not None
    assert refusal.by is RefusedBy.BUDGET
    assert refusal.reason == (
        "budget `tier T6, day` of $5: $4.99 spent, $0.0099999 held by running calls, "
        "this call could cost $0.0000005; free again at 2026-11-23 00:00 CET"
    )
    assert refusal.until_ms == ms("2026-11-23T00:00+01:00")
    assert warnings == ()


def test_an_unknown_price_is_refused_by_a_hard_cap_and_passes_a_soft_one() -> None:
    hard, _ = judge([(replace(CAP, amount_nano=None), Used())])
    assert hard is not None
    assert "price of this call is unknown" in hard.reason
    assert judge([(replace(CAP, amount_nano=None, hard=False), Used())]) == (None, ())


def test_a_soft_cap_warns_and_lets_through() -> None:
    refusal, [warning] = judge([(replace(CAP, hard=False), Used(800, 0))])
    assert refusal is None
    assert "all spend, day" in warning
    assert "it is soft" in warning


def test_every_cap_in_the_way_is_named_and_the_last_to_be_free_says_when() -> None:
    day, month = CAP, replace(CAP, label="all spend, month", until_ms=99)
    full = Used(1_000, 0)
    refusal, _ = judge([(day, full), (month, full)])
    assert refusal is not None
    assert "all spend, day" in refusal.reason
    assert "all spend, month" in refusal.reason
    assert refusal.until_ms == 99
    endless, _ = judge([(day, full), (replace(CAP, until_ms=None), full)])
    assert endless is not None
    assert endless.until_ms is None


@pytest.mark.parametrize(
    ("budget", "label"),
    [
        (budget(), "all spend, day"),
        (budget("tier", "month", "T6"), "tier T6, month"),
        (budget("tag", "7d", "client=acme"), "tag client=acme, 7d"),
        (budget("session", "hour"), "each session, hour"),
    ],
)
def test_a_label_is_what_a_user_reads(budget: Budget, label: str) -> None:
    assert label_of(budget) == label


def test_only_budgets_that_stand_by_themselves_are_shown() -> None:
    budgets = [
        budget(),
        budget("tier", "month", "T6"),
        budget("tag", "7d", "a=b"),
        budget("session", "day"),
        budget("session", "day", "s1"),
        budget(window="call"),
        budget(window="session"),
    ]
    shown = standing_caps(budgets, NOON, UTC)
    assert [cap.label for cap in shown] == [
        "all spend, day",
        "tier T6, month",
        "tag a=b, 7d",
        "session s1, day",
    ]
    assert {cap.amount_nano for cap in shown} == {0}
    assert shown[2].tag == ("a", "b")


@pytest.mark.parametrize(
    ("used", "limit", "fraction"), [(0, 10, 0.0), (5, 10, 0.5), (10, 10, 1.0), (11, 10, 1.0), (0, 0, 1.0)]
)
def test_the_used_fraction_is_between_nothing_and_all(used: int, limit: int, fraction: float) -> None:
    assert fraction_used(used, replace(CAP, limit_nano=limit)) == fraction


def test_the_pressure_is_that_of_the_fullest_budget() -> None:
    assert pressure([0.2, 0.9, 0.5]) == 0.9
    assert pressure([]) == 0.0
