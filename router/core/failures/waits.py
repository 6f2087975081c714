"""Where a waiting time comes from: the server's hints in the order of their worth, then the calendar.

The first source that gives a finite, positive time wins: `retry-after-ms`, `retry-after`, the body's own
fields, the reset of an exhausted bucket, the text. A hint is cut to a day, then the server is asked again; a
stated date is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from router.core import moments
from router.core.failures.error_body import ErrorBody

DAY_S = 86_400.0
FURTHEST_DATE_MS = 400 * 86_400_000
"""Limits return within a year; a date beyond is a mistake, and the rest ends at a change instead."""
_MILLISECOND_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms")
_ONLY_BUCKET = ("x-ratelimit-reset", "ratelimit-reset")
"""Servers with one bucket; they may leave out what remains in it."""
_IN_TEXT = re.compile(
    r"\b(?:try again|retry|retrying|wait|resets?|available)\s+(?:(?:in|after|for)\s+)?(?:about\s+)?"
    r"((?:[0-9]+(?:\.[0-9]+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
    r"(?![a-z])[\s,]*(?:and\s+)?)+)"
)
_REGAIN = re.compile(r"regain access on ([0-9]{4}-[0-9]{2}-[0-9]{2})(?: at ([0-9]{2}:[0-9]{2}))?")
_PERIOD_ENDS: Mapping[str, Callable[[int], int]] = {
    "daily": moments.next_midnight,
    "weekly": moments.next_monday,
    "monthly": moments.next_month,
}
"""The limits that a key or a workspace of an aggregator can have; all end in UTC."""


@dataclass(frozen=True, slots=True)
class WaitHint:
    """A time and where it was found."""

    until_ms: int
    """Milliseconds since 1970, UTC; always later than now."""
    source: str


def hinted(headers: Mapping[str, str], error: ErrorBody, now_ms: int) -> WaitHint | None:
    """Return the server's own hint, at most a day ahead, or None when it gave no usable one."""
    for source, seconds in _hints(headers, error, now_ms):
        if seconds is not None and seconds > 0:
            return WaitHint(now_ms + max(1, round(min(seconds, DAY_S) * 1000)), source)
    return None


def stated(error: ErrorBody, now_ms: int) -> WaitHint | None:
    """Return the date on which the server says that a spent budget returns, or None."""
    for source, at in _dates(error, now_ms):
        if at is not None and now_ms < at <= now_ms + FURTHEST_DATE_MS:
            return WaitHint(at, source)
    return None


def _hints(headers: Mapping[str, str], error: ErrorBody, now_ms: int) -> Iterator[tuple[str, float | None]]:
    """Yield every source with the seconds it gives, best first; the seconds may be no use."""
    for name in _MILLISECOND_HEADERS:
        milliseconds = moments.number(headers.get(name))
        yield f"header:{name}", None if milliseconds is None else milliseconds / 1000
    yield "header:retry-after", _retry_after(headers.get("retry-after"), now_ms)
    yield "body:retryDelay", moments.duration(str(error.retry_delay))
    yield "body:retry_after", moments.number(error.retry_after)
    yield "body:resets_at", _until(moments.moment(error.resets_at), now_ms)
    yield "body:headers.retry-after", _retry_after(error.headers.get("retry-after"), now_ms)
    yield from (("body:headers." + name, seconds) for name, seconds in _resets(error.headers, now_ms))
    yield from (("header:" + name, seconds) for name, seconds in _resets(headers, now_ms))
    found = _IN_TEXT.search(error.message) or _IN_TEXT.search(error.raw)
    yield "text", moments.duration(found[1]) if found else None


def empty_buckets(headers: Mapping[str, str], now_ms: int) -> list[tuple[str, float | None]]:
    """Return the reset header of each bucket in which 0 remains, and the seconds to it, where it says any."""
    names = [
        name.replace("remaining", "reset")
        for name, value in headers.items()
        if "remaining" in name and (left := moments.number(value)) is not None and left <= 0
    ]
    return [(name, _reset(headers.get(name, ""), now_ms)) for name in names]


def _resets(headers: Mapping[str, str], now_ms: int) -> list[tuple[str, float | None]]:
    """Return the reset headers of the buckets that are empty, the longest wait first.

    A bucket with something left is none of the cause, however far off its reset is.
    """
    names = [name[: -len("status")] + "reset" for name, value in headers.items() if _rejected(name, value)]
    names += [name for name in _ONLY_BUCKET if name.replace("reset", "remaining") not in headers]
    resets = [(name, _reset(headers.get(name, ""), now_ms)) for name in names]
    resets += empty_buckets(headers, now_ms)
    return sorted(resets, key=lambda reset: reset[1] or 0.0, reverse=True)


def _rejected(name: str, value: str) -> bool:
    return name.startswith("anthropic-ratelimit-") and name.endswith("-status") and value == "rejected"


def _retry_after(value: str | None, now_ms: int) -> float | None:
    if value is None:
        return None
    seconds = moments.number(value)
    return _until(moments.date(value), now_ms) if seconds is None else seconds


def _reset(value: str, now_ms: int) -> float | None:
    """Return the seconds to a reset written as a duration, a date, an epoch or plain seconds."""
    at = moments.moment(value)
    if at is not None:
        return _until(at, now_ms)
    span = moments.duration(value)
    return moments.number(value) if span is None else span


def _until(at_ms: int | None, now_ms: int) -> float | None:
    return None if at_ms is None else (at_ms - now_ms) / 1000


def _dates(error: ErrorBody, now_ms: int) -> Iterator[tuple[str, int | None]]:
    yield "body:resets_at", moments.moment(error.resets_at)
    found = _REGAIN.search(error.message)
    yield "text", moments.date(f"{found[1]}T{found[2] or '00:00'}Z") if found else None
    for period, ends in _PERIOD_ENDS.items():
        said = re.search(rf"\b{period} (limit|budget)\b", error.message)
        yield f"text:{said[0]}" if said else "text", ends(now_ms) if said else None
