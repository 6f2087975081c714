"""Reads the spans and moments that providers write, and finds the next boundary of a calendar.

Owns the spellings of time: Go durations, HTTP dates, RFC 3339, epoch seconds and milliseconds. A reader
returns None for what it cannot read; a past or negative time it returns as it is, for `waits.py` to refuse.
Moments are milliseconds since 1970 UTC, spans are seconds.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from zoneinfo import ZoneInfo

EPOCH_S = 1e9
"""A plain number from here on is a moment in seconds, not a span: 1e9 is 2001, as a span 31 years."""
EPOCH_MS = 1e11
"""And from here on one in milliseconds: 1e11 is 1973 in milliseconds, the year 5138 in seconds."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zµμ]+)[\s,]*(?:and\s+)?")
_LONGEST = 64
"""Characters of a duration; the pattern is not asked about more."""
_UNITS = {
    1e-9: ("ns",),
    1e-6: ("us", "µs", "μs"),
    1e-3: ("ms", "millisecond", "milliseconds"),
    1.0: ("s", "sec", "secs", "second", "seconds"),
    60.0: ("m", "min", "mins", "minute", "minutes"),
    3600.0: ("h", "hr", "hrs", "hour", "hours"),
    86400.0: ("d", "day", "days"),
}
_SECONDS_IN = {name: seconds for seconds, names in _UNITS.items() for name in names}


def number(value: object) -> float | None:
    """Return a finite number written as an int, a float or a plain decimal string; never NaN or infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            return None
    try:
        found = float(value)
    except (OverflowError, ValueError):  # an int beyond every float, a signalling NaN
        return None
    return found if math.isfinite(found) else None


def duration(text: str) -> float | None:
    """Return the seconds of a Go or protobuf duration (`6m0s`, `120ms`, `34.07s`) or of `2 minutes`."""
    text = text.strip().lower()
    if not text or len(text) > _LONGEST or _PART.sub("", text):
        return None
    parts = [(float(count), _SECONDS_IN.get(unit)) for count, unit in _PART.findall(text)]
    total = sum(count * seconds for count, seconds in parts if seconds is not None)
    return total if math.isfinite(total) and all(seconds for _, seconds in parts) else None


def date(text: str) -> int | None:
    """Return the moment of an RFC 3339 or HTTP date; one without a zone is UTC."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text.strip())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return _ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return None


def moment(value: object) -> int | None:
    """Return the moment of an epoch in seconds or milliseconds, or of a date."""
    epoch = number(value)
    if epoch is not None and EPOCH_S <= epoch < EPOCH_MS * 1e4:
        return round(epoch if epoch >= EPOCH_MS else epoch * 1000)
    return date(value) if isinstance(value, str) and epoch is None else None


def rfc3339(at_ms: int) -> str:
    """Return a moment as `2026-11-22T12:00:00Z`, with milliseconds only where there are any."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    precision = "milliseconds" if at_ms % 1000 else "seconds"
    return at.isoformat(timespec=precision).replace("+00:00", "Z")


def next_midnight(now_ms: int, zone: tzinfo = UTC) -> int:
    """Return the first moment of tomorrow in `zone`."""
    today = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return _ms(today + timedelta(days=1))


def next_monday(now_ms: int) -> int:
    """Return the first moment of next week in UTC."""
    midnight = datetime.fromtimestamp(next_midnight(now_ms) / 1000, UTC)
    return _ms(midnight + timedelta(days=-midnight.weekday() % 7))


def next_month(now_ms: int) -> int:
    """Return the first moment of next month in UTC."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    year, month = divmod(now.year * 12 + now.month, 12)
    return _ms(datetime(year, month + 1, 1, tzinfo=UTC))


@cache
def pacific() -> tzinfo:
    """Return the zone Google's days end in. The first call reads the zone's rules from the time zone data."""
    return ZoneInfo("America/Los_Angeles")


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
