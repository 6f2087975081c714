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
_SECOND_HEADERS = ("retry-after", "x-retry-after", "x-ratelimit-retry-after")
_RESET_NAME = re.compile(r"(x-)?rate-?limit-reset(-(requests|tokens))?")
"""Servers may leave out what remains in a bucket, and refuse because of it all the same."""
_IN_TEXT = re.compile(
    r"\b(?:try again|retry|retrying|wait|resets?|available)\s+(?:(?:in|after|for)\s+)?(?:about\s+)?"
    r"((?:[0-9]+(?:\.[0-9]+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
    r"(?![a-z])[\s,]*(?:and\s+)?)+)"
)
_REGAIN = re.compile(r"regain access on ([0-9]{4}-[0-9]{2}-[0-9]{2})(?: at ([0-9]{2}:[0-9]{2}))?")
_AT_IN_TEXT = re.compile(
    r"\b(?:resets?|reset|again|available|until|after|on|at)\b[\s:]*(?:time\s*)?(?:is|at|on|after|until)?[\s:]*"
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[t ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?"
    r"\s*(z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?"
)
"""A date beside a word that announces one: `will reset at 2026-12-01 09:00:00 UTC`."""
_IETF_ITEM = re.compile(r"(?:^|[;,\s])(?P<name>r|t|remaining|reset)=(?P<value>[0-9]+)")
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
    yield from ((f"header:{name}", _retry_after(headers.get(name), now_ms)) for name in _SECOND_HEADERS)
    yield "body:retryDelay", moments.duration(str(error.retry_delay))
    yield "body:retry_after", _span(error.retry_after)
    yield "body:resets_at", _until(moments.moment(error.resets_at), now_ms)
    yield "body:headers.retry-after", _retry_after(error.headers.get("retry-after"), now_ms)
    yield from (("body:headers." + name, seconds) for name, seconds in _resets(error.headers, now_ms))
    yield from (("header:" + name, seconds) for name, seconds in _resets(headers, now_ms))
    yield from (("header:" + name, seconds) for name, seconds in _ietf(headers))
    yield from (("text", _until(_date_in(text), now_ms)) for text in (error.message, error.raw))
    found = _IN_TEXT.search(error.message) or _IN_TEXT.search(error.raw)
    yield "text", moments.duration(found[1]) if found else None


def _span(value: object) -> float | None:
    """Return seconds written as a number, as a string of one, or as a duration."""
    seconds = moments.number(value)
    return moments.duration(value) if seconds is None and isinstance(value, str) else seconds


def _date_in(text: str) -> int | None:
    """Return the moment that a text announces; one without a zone is UTC."""
    found = _AT_IN_TEXT.search(text)
    if found is None:
        return None
    zone = found[3] or "z"
    return moments.date(f"{found[1]}T{found[2]}{'+00:00' if zone in ('z', 'utc', 'gmt') else zone}")


def _ietf(headers: Mapping[str, str]) -> Iterator[tuple[str, float | None]]:
    """Yield the resets of an IETF RateLimit field: `"default";r=0;t=30`, or `remaining=0, reset=30`."""
    for policy in re.split(r',(?=\s*")', headers.get("ratelimit", "")):
        parts = {found["name"]: int(found["value"]) for found in _IETF_ITEM.finditer(policy)}
        if parts.get("r", parts.get("remaining")) == 0:
            yield "ratelimit", float(parts.get("t", parts.get("reset", 0)))


def empty_buckets(headers: Mapping[str, str], now_ms: int) -> list[tuple[str, float | None]]:
    """Return the reset header of each bucket in which 0 remains, and the seconds to it, where it says any."""
    names = [
        name.replace("remaining", "reset")
        for name, value in headers.items()
        if "remaining" in name and moments.number(value) == 0  # -1 is how some say that they do not know
    ]
    return [(name, _reset(headers.get(name, ""), now_ms)) for name in names]


def _resets(headers: Mapping[str, str], now_ms: int) -> list[tuple[str, float | None]]:
    """Return the reset headers of the buckets that are empty, the longest wait first.

    A bucket with something left is none of the cause, however far off its reset is.
    """
    names = [name[: -len("status")] + "reset" for name, value in headers.items() if _rejected(name, value)]
    names += [
        name
        for name in headers
        if _RESET_NAME.fullmatch(name) and name.replace("reset", "remaining") not in headers
    ]
    resets = [(name, _reset(headers.get(name, ""), now_ms)) for name in names]
    resets += empty_buckets(headers, now_ms)
    return sorted(resets, key=lambda reset: reset[1] or 0.0, reverse=True)


def _rejected(name: str, value: str) -> bool:
    return name.startswith("anthropic-ratelimit-") and name.endswith("-status") and value == "rejected"


def _retry_after(value: str | None, now_ms: int) -> float | None:
    """Return the seconds of a Retry-After: a number, date or duration; the longest of one sent twice."""
    if value is None:
        return None
    at = _until(moments.date(value), now_ms)
    if at is not None and moments.number(value) is None:
        return at
    spans = [_span(part.strip()) for part in value.split(",")]
    return max((span for span in spans if span is not None), default=None)


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
