"""What a provider's limits mean for one attempt: configured and learned ones become quotas that free in time.

Pure. A limit's window is the minute before the attempt, which slides, or the day in the provider's own zone,
which does not. Counting what has started since is the ledger's; reading limits off answers is
`limit_headers.py`; how many calls at once a deployment bears is `pace.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from router.core import moments
from router.core.records.admission import Quota, Refusal, RefusedBy, Unit
from router.core.records.diagnosis import Diagnosis, Lacking
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.core.settings.deployments import Limits
from router.core.windows import calendar_days

MINUTE_MS = 60_000
BELIEVED_MS = 7 * 86_400_000
"""How long a learned limit holds that nothing has confirmed: providers raise and lower them unannounced."""
CONFIRM_MS = 86_400_000
"""How old a learned limit must be before the same figure is worth writing again."""
RUN_RATE = (4, 5)
"""How much of a limit that a stress test ran into is used: nobody promised it, and others may share it."""
ASK_AGAIN_MS = 250
"""When to ask again for a place among calls at once: nobody knows when one of them ends."""
_NOUNS = {Unit.REQUESTS: "request", Unit.TOKENS: "token", Unit.PARALLEL: "call"}


def effective(configured: Limits, learned: Iterable[LearnedLimit], now_ms: int) -> Limits:
    """Return the limits of one deployment: the smaller of what is configured and what was learned lately."""
    values = {kind: getattr(configured, kind.value) for kind in LimitKind if kind is not LimitKind.WINDOW}
    for limit in learned:
        if limit.kind is not LimitKind.WINDOW and now_ms - limit.learned_at <= BELIEVED_MS:
            known, value = values[limit.kind], limit.value
            if limit.source is LimitSource.STRESS:
                value = run_rate(value)
            values[limit.kind] = value if known is None else min(known, value)
    return replace(configured, **{kind.value: value for kind, value in values.items()})


def window(configured: int | None, learned: Iterable[LearnedLimit], now_ms: int) -> int | None:
    """Return how many tokens a deployment's context holds: as configured, or less where it said so lately.

    None where nobody knows.
    """
    told = [
        limit.value
        for limit in learned
        if limit.kind is LimitKind.WINDOW and now_ms - limit.learned_at <= BELIEVED_MS
    ]
    return min([*told, *([configured] if configured is not None else [])], default=None)


def limit_refused(diagnosis: Diagnosis, deployment: str, now_ms: int) -> tuple[LearnedLimit, ...]:
    """Return the limit that a refusal named: the context window, or the tokens a minute of the account."""
    kind = {Lacking.WINDOW: LimitKind.WINDOW, Lacking.TOKEN_RATE: LimitKind.TPM}.get(diagnosis.lacking)
    value = diagnosis.limit_tokens
    if kind is None or value is None or not 1 <= value <= LARGEST:
        return ()
    return (LearnedLimit(deployment, kind, value, LimitSource.REFUSAL, now_ms),)


def run_rate(found: int) -> int:
    """Return how much of a limit that was found by running into it is used, at least 1."""
    part, whole = RUN_RATE
    return max(1, found * part // whole)


def is_news(found: LearnedLimit, known: LearnedLimit | None) -> bool:
    """Tell whether a limit is worth writing: another figure, or one that was last confirmed long ago."""
    return known is None or found.value != known.value or found.learned_at - known.learned_at >= CONFIRM_MS


def of_a_stress_test(limits: Limits, learned: Iterable[LearnedLimit]) -> str:
    """Return in words where the requests a minute in force come from, if a stress test met them; else ``."""
    for limit in learned:
        found = limit.source is LimitSource.STRESS and limit.kind is LimitKind.RPM
        if found and limits.rpm == run_rate(limit.value):
            return f" (a stress test met {limit.value})"
    return ""


def quotas(limits: Limits, tokens: int, now_ms: int, rpm_note: str = "") -> tuple[Quota, ...]:
    """Return what one attempt of about `tokens` input and output tokens must fit into.

    `rpm_note` is said of the requests a minute.
    """
    if not (limits.parallel or limits.rpm or limits.tpm or limits.rpd or limits.tpd):
        return ()  # most deployments; the calendar is the dear part
    minute = now_ms - MINUTE_MS
    zone: tzinfo = ZoneInfo(limits.reset_timezone) if limits.reset_timezone else UTC
    [today] = calendar_days(now_ms, zone, 1)
    found = (
        (Unit.PARALLEL, limits.parallel, "at once", 0, None),
        (Unit.REQUESTS, limits.rpm, f"a minute{rpm_note}", minute, None),
        (Unit.TOKENS, limits.tpm, "a minute", minute, None),
        (Unit.REQUESTS, limits.rpd, "a day", today.start, today.end),
        (Unit.TOKENS, limits.tpd, "a day", today.start, today.end),
    )
    return tuple(
        Quota(
            label=f"{limit:,} {_NOUNS[unit]}{'' if limit == 1 else 's'} {span}",
            unit=unit,
            limit=limit,
            amount=tokens if unit is Unit.TOKENS else 1,
            since_ms=since_ms,
            until_ms=until_ms,
        )
        for unit, limit, span, since_ms, until_ms in found
        if limit is not None
    )


def refusal(quota: Quota, used: int, starts: Sequence[tuple[int, int]], now_ms: int) -> Refusal | None:
    """Return why an attempt does not fit a quota of which `used` is taken, or None when it does.

    `starts` are the moments at which that was taken and how much each time, oldest first; a sliding window
    frees what is as old as it is long. It is asked for only where the attempt does not fit.
    """
    if used + quota.amount <= quota.limit:
        return None
    if quota.amount > quota.limit:
        return Refusal(RefusedBy.LIMIT, f"needs about {quota.amount:,}, its limit is {quota.label}")
    until_ms = _free_at(quota, used, starts, now_ms)
    known = "" if quota.unit is Unit.PARALLEL else f" until {moments.rfc3339(until_ms)}"
    return Refusal(RefusedBy.LIMIT, f"its limit of {quota.label} is used up{known}", until_ms)


def _free_at(quota: Quota, used: int, starts: Sequence[tuple[int, int]], now_ms: int) -> int:
    """Return when the attempt fits, if nobody else comes first."""
    if quota.unit is Unit.PARALLEL:
        return now_ms + ASK_AGAIN_MS
    if quota.until_ms is not None:
        return quota.until_ms
    length_ms = now_ms - quota.since_ms
    for started_at, amount in starts:
        used -= amount
        if used + quota.amount <= quota.limit:
            # Of two moments a window's length apart the window holds both: one more.
            return max(started_at + length_ms, now_ms) + 1
    return now_ms + length_ms


NAMES: Mapping[str, LimitKind] = {
    # OpenAI, Azure, xAI, and whoever copies them
    "x-ratelimit-limit-requests": LimitKind.RPM,
    "x-ratelimit-limit-tokens": LimitKind.TPM,
    # Cerebras
    "x-ratelimit-limit-requests-minute": LimitKind.RPM,
    "x-ratelimit-limit-requests-day": LimitKind.RPD,
    "x-ratelimit-limit-tokens-minute": LimitKind.TPM,
    "x-ratelimit-limit-tokens-day": LimitKind.TPD,
    # Mistral
    "x-ratelimit-limit-req-minute": LimitKind.RPM,
    # Anthropic; its token limit is the strictest one in force
    "anthropic-ratelimit-requests-limit": LimitKind.RPM,
    "anthropic-ratelimit-tokens-limit": LimitKind.TPM,
}
OF_A_VENDOR: Mapping[tuple[str, str], LimitKind] = {
    # "x-ratelimit-limit-requests: always refers to Requests Per Day", Groq's page on rate limits
    ("groq", "x-ratelimit-limit-requests"): LimitKind.RPD,
}
LARGEST = 10**12
"""A figure above is no limit."""


def limits_told(
    headers: Mapping[str, str], vendor: str, deployment: str, now_ms: int
) -> tuple[LearnedLimit, ...]:
    """Return the limits in an answer's headers, names in lower case; nothing for what is no whole number."""
    return tuple(
        LearnedLimit(deployment, kind, value, LimitSource.HEADER, now_ms)
        for kind, value in _told(headers, vendor)
    )


def _told(headers: Mapping[str, str], vendor: str) -> Iterator[tuple[LimitKind, int]]:
    if not headers.keys() & NAMES.keys():
        return
    for name, kind in NAMES.items():
        value = moments.number(headers.get(name))
        if value is not None and 1 <= value <= LARGEST and value == int(value):
            yield OF_A_VENDOR.get((vendor, name), kind), int(value)
