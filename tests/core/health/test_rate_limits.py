"""Limits: which hold, what they count, and when they free."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.failures.classify import internal
from router.core.health.rate_limits import (
    BELIEVED_MS,
    CONFIRM_MS,
    effective,
    is_news,
    limit_refused,
    limits_told,
    quotas,
    refusal,
    window,
)
from router.core.records.admission import Quota, RefusedBy, Unit
from router.core.records.diagnosis import Lacking
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.core.settings.deployments import Limits

NOW = 1_795_348_800_000
HOUR = 3_600_000
LEARNED = LearnedLimit("gemma", LimitKind.RPM, 12, LimitSource.HEADER, NOW)


@pytest.mark.parametrize(
    ("configured", "learned", "rpm"),
    [
        (None, None, None),
        (10, None, 10),
        (None, 12, 12),
        (10, 12, 10),
        (20, 12, 12),
    ],
)
def test_the_smaller_of_configured_and_learned_holds(
    configured: int | None, learned: int | None, rpm: int | None
) -> None:
    found = [] if learned is None else [replace(LEARNED, value=learned)]
    assert effective(Limits(rpm=configured, tpd=7), found, NOW) == Limits(rpm=rpm, tpd=7)


def test_what_was_learned_long_ago_and_never_confirmed_holds_no_more() -> None:
    assert effective(Limits(), [LEARNED], NOW + BELIEVED_MS) == Limits(rpm=12)
    assert effective(Limits(), [LEARNED], NOW + BELIEVED_MS + 1) == Limits()


def test_a_limit_is_written_when_it_is_another_one_or_was_confirmed_a_day_ago() -> None:
    assert is_news(LEARNED, None)
    assert is_news(replace(LEARNED, value=13), LEARNED)
    assert not is_news(replace(LEARNED, learned_at=NOW + CONFIRM_MS - 1), LEARNED)
    assert is_news(replace(LEARNED, learned_at=NOW + CONFIRM_MS), LEARNED)


def test_every_limit_becomes_a_quota_in_words() -> None:
    made = quotas(Limits(rpm=10, tpm=2000, rpd=250, tpd=9, parallel=1), 700, NOW)
    assert [(q.label, q.unit, q.limit, q.amount) for q in made] == [
        ("1 call at once", Unit.PARALLEL, 1, 1),
        ("10 requests a minute", Unit.REQUESTS, 10, 1),
        ("2,000 tokens a minute", Unit.TOKENS, 2000, 700),
        ("250 requests a day", Unit.REQUESTS, 250, 1),
        ("9 tokens a day", Unit.TOKENS, 9, 700),
    ]
    assert quotas(Limits(), 700, NOW) == ()


@pytest.mark.parametrize(
    ("zone", "began", "ends"),
    [
        (None, "2026-11-22T00:00+00:00", "2026-11-23T00:00+00:00"),
        ("America/Los_Angeles", "2026-11-22T00:00-08:00", "2026-11-23T00:00-08:00"),
        ("Asia/Kolkata", "2026-11-22T00:00+05:30", "2026-11-23T00:00+05:30"),
    ],
)
def test_a_day_is_the_provider_s_own(zone: str | None, began: str, ends: str) -> None:
    [day] = quotas(Limits(rpd=5, reset_timezone=zone), 1, NOW)
    assert day.since_ms == datetime.fromisoformat(began).timestamp() * 1000
    assert day.until_ms == datetime.fromisoformat(ends).timestamp() * 1000


def test_a_day_on_which_the_clocks_change_has_23_hours() -> None:
    zone = "America/Los_Angeles"
    noon = round(datetime(2027, 3, 14, 12, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    [day] = quotas(Limits(rpd=5, reset_timezone=zone), 1, noon)
    assert day.until_ms
    assert day.until_ms - day.since_ms == 23 * HOUR


starts = st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, 50)), max_size=30).map(sorted)


@given(starts, st.integers(1, 200), st.integers(1, 60))
def test_a_place_is_free_at_the_moment_that_was_told_and_not_a_millisecond_before(
    ages: list[tuple[int, int]], limit: int, amount: int
) -> None:
    taken = [(NOW - 60_000 + age, tokens) for age, tokens in ages]
    quota = Quota("", Unit.TOKENS, limit, amount, NOW - 60_000)

    def used_at(moment: int) -> int:
        return sum(tokens for start, tokens in taken if start >= moment - 60_000)

    refused = refusal(quota, used_at(NOW), taken, NOW)
    if refused is None:
        assert used_at(NOW) + amount <= limit
    elif refused.until_ms is None:
        assert amount > limit
    else:
        assert refused.by is RefusedBy.LIMIT
        assert used_at(refused.until_ms) + amount <= limit < used_at(refused.until_ms - 1) + amount


# What answers tell


@pytest.mark.parametrize(
    ("vendor", "headers", "told"),
    [
        (
            "openai",
            {"x-ratelimit-limit-requests": "60", "x-ratelimit-limit-tokens": "150000"},
            {LimitKind.RPM: 60, LimitKind.TPM: 150_000},
        ),
        ("groq", {"x-ratelimit-limit-requests": "14400"}, {LimitKind.RPD: 14_400}),
        ("mistral", {"x-ratelimit-limit-req-minute": "30"}, {LimitKind.RPM: 30}),
        (
            "cerebras",
            {"x-ratelimit-limit-requests-day": "900", "x-ratelimit-limit-tokens-minute": "60000"},
            {LimitKind.RPD: 900, LimitKind.TPM: 60_000},
        ),
        (
            "anthropic",
            {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-tokens-limit": "40000"},
            {LimitKind.RPM: 50, LimitKind.TPM: 40_000},
        ),
        ("openai", {"x-ratelimit-remaining-requests": "59", "x-request-id": "60"}, {}),
        *(("openai", {"x-ratelimit-limit-requests": odd}, {}) for odd in ("0", "-1", "many", "1.5", "1e300")),
    ],
)
def test_an_answer_tells_its_limits(vendor: str, headers: dict[str, str], told: dict[LimitKind, int]) -> None:
    limits = limits_told(headers, vendor, "d", NOW)
    assert {limit.kind: limit.value for limit in limits} == told
    assert all(
        limit == LearnedLimit("d", limit.kind, limit.value, LimitSource.HEADER, NOW) for limit in limits
    )


@given(st.text())
def test_no_header_makes_reading_fail(value: str) -> None:
    assert len(limits_told({"x-ratelimit-limit-tokens": value}, "openai", "d", NOW)) <= 1


@pytest.mark.parametrize(
    ("lacking", "tokens", "kind"),
    [
        (Lacking.WINDOW, 8_192, LimitKind.WINDOW),
        (Lacking.TOKEN_RATE, 8_000, LimitKind.TPM),
        (Lacking.MONEY, 8_000, None),
        (Lacking.CAPABILITY, 8_000, None),
        (Lacking.NOTHING, 8_000, None),
        (Lacking.WINDOW, None, None),
        (Lacking.WINDOW, 0, None),
        (Lacking.WINDOW, 10**18, None),
    ],
)
def test_a_refusal_teaches_the_limit_that_it_names(
    lacking: Lacking, tokens: int | None, kind: LimitKind | None
) -> None:
    diagnosis = replace(internal("x"), lacking=lacking, limit_tokens=tokens)
    told = limit_refused(diagnosis, "gemma", NOW)
    assert [(limit.kind, limit.value, limit.source) for limit in told] == (
        [] if kind is None else [(kind, tokens, LimitSource.REFUSAL)]
    )


@pytest.mark.parametrize(
    ("configured", "told", "age_ms", "holds"),
    [
        (131_072, 8_192, 0, 8_192),
        (None, 8_192, 0, 8_192),
        (4_096, 8_192, 0, 4_096),
        (131_072, 8_192, BELIEVED_MS + 1, 131_072),
        (None, 8_192, BELIEVED_MS + 1, None),
    ],
)
def test_the_smaller_window_holds_for_as_long_as_it_is_believed(
    configured: int | None, told: int, age_ms: int, holds: int | None
) -> None:
    learned = LearnedLimit("gemma", LimitKind.WINDOW, told, LimitSource.REFUSAL, NOW - age_ms)
    assert window(configured, [learned, LEARNED], NOW) == holds
    assert effective(Limits(rpm=5), [learned], NOW) == Limits(rpm=5)
