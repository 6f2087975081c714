"""Deployments that are full: nothing is wrong with them, a limit of their provider is used up until a moment.

Pure. Found in two ways: counted from the attempts since its window began, or told by the provider, whose
answer said that nothing remains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from router.core.failures.waits import DAY_S, empty_buckets
from router.core.health.rate_limits import effective, quotas
from router.core.records.admission import Quota, Refusal, Unit
from router.core.records.health import ExhaustedLimit, LearnedLimit
from router.core.settings.deployments import Limits

_NOT_A_WORD = re.compile(r"x-|anthropic-|ratelimit|remaining|[^a-z0-9]+")


def countable(configured: Limits, learned: Sequence[LearnedLimit], now_ms: int) -> tuple[Quota, ...]:
    """Return the limits that can be foreseen to be full: all but calls at once, which end at any moment.

    Each is held against one request, or one token, more: what more than that needs is asked at admission.
    """
    found = quotas(effective(configured, learned, now_ms), 1, now_ms)
    return tuple(quota for quota in found if quota.unit is not Unit.PARALLEL)


def longest(judged: Iterable[tuple[Quota, Refusal | None]]) -> ExhaustedLimit | None:
    """Return the quota that frees last among those that refuse, or None when none does."""
    fulls = [
        ExhaustedLimit(quota.label, no.until_ms) for quota, no in judged if no and no.until_ms is not None
    ]
    return max(fulls, key=lambda full: full.until_ms, default=None)


def told_full(headers: Mapping[str, str], now_ms: int) -> ExhaustedLimit | None:
    """Return what an answer's headers, names in lower case, say is used up, the one that frees last.

    None where something remains, or nothing says when it comes back.
    """
    waits = [(seconds, name) for name, seconds in empty_buckets(headers, now_ms) if seconds and seconds > 0]
    if not waits:
        return None
    seconds, name = max(waits)
    words = " ".join(_NOT_A_WORD.sub(" ", name.removesuffix("-reset")).replace("reset", " ").split())
    return ExhaustedLimit(
        f"no {words or 'requests'} left", now_ms + max(1, round(min(seconds, DAY_S) * 1000))
    )
