"""Limits that are used up: what headers say of it, what is foreseen from the attempts, and the words."""

from __future__ import annotations

import pytest

from router.core.health.exhausted import countable, longest, told_full
from router.core.health.rate_limits import quotas
from router.core.records.admission import Refusal, RefusedBy, Unit
from router.core.records.health import ExhaustedLimit, LearnedLimit, LimitKind, LimitSource
from router.core.settings.deployments import Limits

NOW = 1_795_348_800_000


@pytest.mark.parametrize(
    ("headers", "full"),
    [
        (
            {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12s"},
            ExhaustedLimit("no requests left", NOW + 12_000),
        ),
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 7_000)},
            ExhaustedLimit("no requests left", NOW + 7_000),
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-22T12:00:30Z",
            },
            ExhaustedLimit("no input tokens left", NOW + 30_000),
        ),
        (
            {"x-ratelimit-remaining-tokens-day": "0", "x-ratelimit-reset-tokens-day": "90000000"},
            ExhaustedLimit("no tokens day left", NOW + 86_400_000),
        ),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "5s",
            },
            ExhaustedLimit("no tokens left", NOW + 5_000),
        ),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "12s"}, None),
        ({"x-ratelimit-remaining-requests": "0"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW - 7_000)}, None),
        ({"x-ratelimit-reset": "12"}, None),
        ({"x-ratelimit-remaining-requests": "NaN", "x-ratelimit-reset-requests": "12s"}, None),
        ({}, None),
    ],
)
def test_a_deployment_is_full_when_nothing_remains_and_a_reset_is_said(
    headers: dict[str, str], full: ExhaustedLimit | None
) -> None:
    assert told_full(headers, NOW) == full


@pytest.mark.parametrize(
    ("left_ms", "words"),
    [
        (12_000, "full: 9 requests a minute, free in 12 s"),
        (11_001, "full: 9 requests a minute, free in 12 s"),
        (1, "full: 9 requests a minute, free in 1 s"),
        (3_600_000, "full: 9 requests a minute, free at 2026-11-22T13:00:00Z"),
    ],
)
def test_the_words_say_what_is_used_up_and_when_it_frees(left_ms: int, words: str) -> None:
    assert ExhaustedLimit("9 requests a minute", NOW + left_ms).says(NOW) == words


def test_calls_at_once_are_not_foreseen_and_learned_limits_are() -> None:
    learned = LearnedLimit("gemma", LimitKind.RPM, 4, LimitSource.HEADER, NOW)
    found = countable(Limits(rpm=9, tpd=100, parallel=1), [learned], NOW)
    assert [(quota.unit, quota.limit, quota.amount) for quota in found] == [
        (Unit.REQUESTS, 4, 1),
        (Unit.TOKENS, 100, 1),
    ]


def test_of_several_limits_the_one_that_frees_last_counts() -> None:
    minute, day = quotas(Limits(rpm=9, rpd=50), 1, NOW)
    judged = [
        (minute, Refusal(RefusedBy.LIMIT, "x", NOW + 5)),
        (day, Refusal(RefusedBy.LIMIT, "x", NOW + 9)),
    ]
    assert longest(judged) == ExhaustedLimit("50 requests a day", NOW + 9)
    assert longest([(minute, None), (day, Refusal(RefusedBy.LIMIT, "never"))]) is None
