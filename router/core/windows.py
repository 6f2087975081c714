"""Spans of time to sum spend over: local calendar days and months, and rolling hours.

Pure: the moment and the zone are arguments. Every window is half-open and neighbours share their boundary,
so no entry is counted twice or falls between two days, also where a day has 23 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from router.core.records.spend import Window

HOUR_MS = 3_600_000


def calendar_days(now_ms: int, zone: tzinfo, count: int, *, back: int = 0) -> tuple[Window, ...]:
    """Return `count` local calendar days, oldest first, the last one `back` days before today.

    With `back=0` today is the last and is whole: it ends at the coming midnight, not now. The days before a
    period of N days are `calendar_days(now_ms, zone, N, back=N)`. Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"a period has at least one day, not {count}")
    last = local_date(now_ms, zone) - timedelta(days=back)
    midnights = [_midnight_ms(last - timedelta(days=ago), zone) for ago in range(count - 1, -2, -1)]
    return tuple(Window(start, end) for start, end in pairwise(midnights))


def calendar_month(now_ms: int, zone: tzinfo) -> Window:
    """Return the local month that `now_ms` falls in, whole."""
    first = local_date(now_ms, zone).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Window(_midnight_ms(first, zone), _midnight_ms(following, zone))


def rolling_hours(now_ms: int, count: int) -> Window:
    """Return the current hour and the `count - 1` before it: a window that moves in whole hours.

    Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"a window has at least one hour, not {count}")
    end = now_ms - now_ms % HOUR_MS + HOUR_MS
    return Window(end - count * HOUR_MS, end)


def span(windows: Sequence[Window]) -> Window:
    """Return the window from the first start to the last end. Raises ValueError when there is no window."""
    if not windows:
        raise ValueError("there is no window to span")
    return Window(windows[0].start, windows[-1].end)


def local_date(at_ms: int, zone: tzinfo) -> date:
    """Return the calendar day that a moment falls on in `zone`."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def _midnight_ms(day: date, zone: tzinfo) -> int:
    """Return the moment `day` begins; where a clock change skips midnight, the moment of the change.

    A `datetime` in a gap is read with the offset from before the change (fold 0), which is that moment; of a
    midnight that comes twice it is the first.
    """
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
