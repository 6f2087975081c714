"""Figures as the screen shows them: money, tokens, times, bars. Plain strings from plain values.

No figure is ever rounded to a zero it is not, and none is cut: what does not fit is left out whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from router.core.money import NANO
from router.core.records.spend import Spend
from router.core.settings.display import Display

UNKNOWN = "?"
NOTHING = "–"
BARS = "▁▂▃▄▅▆▇█"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SMALLEST_SHOWN = Decimal("0.000001")
_ROUNDS_TO_100 = Decimal("99.95")


def money(nano: int | None) -> str:
    """Return an amount of nano-dollars: `$3.12`, `$0.0041`, `<$0.000001`, `$0` when none, `?` when unknown.

    Below a dollar two digits that count are kept, so a call of $0.0164 is not shown as two cents.
    """
    if nano is None:
        return UNKNOWN
    if nano == 0:
        return "$0"
    sign, amount = "-" if nano < 0 else "", Decimal(abs(nano)) / NANO
    if amount < _SMALLEST_SHOWN:
        return f"{sign}<$0.000001"
    return f"{sign}${_digits(amount)}"


def in_currency(nano: int | None, display: Display) -> str:
    """Return an amount of nano-dollars in the display currency: `EUR 2.87`, `?` when unknown.

    Sums are converted, never added up from converted parts.
    """
    if nano is None:
        return UNKNOWN
    sign, amount = "-" if nano < 0 else "", Decimal(abs(nano)) * display.usd_rate / NANO
    if not amount:
        return f"{display.currency} 0"
    if amount < _SMALLEST_SHOWN:
        return f"{sign}<{display.currency} 0.000001"
    return f"{sign}{display.currency} {_digits(amount)}"


def rate_note(display: Display) -> str:
    """Return at what rate amounts are converted: `EUR at 0.92 to the dollar, the rate of 2026-11-20`."""
    dated = f", the rate of {display.rate_date}" if display.rate_date else ""
    return f"{display.currency} at {display.usd_rate} to the dollar{dated}"


def _digits(amount: Decimal) -> str:
    """Return a positive amount with two places, below one with two digits that count."""
    places = 2 if amount >= 1 else min(6, max(2, 1 - amount.adjusted()))
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, part = f"{rounded:,f}".partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def percent(share: Fraction | None) -> str:
    """Return a share: `34%`, `0.4%`, `0%`; `–` when there is none. Above nothing it is never `0%`."""
    if share is None:
        return NOTHING
    hundredths = Decimal(share.numerator * 100) / share.denominator
    if 0 < hundredths < 1:
        return f"{max(hundredths.quantize(Decimal('0.1')), Decimal('0.1'))}%"
    return f"{hundredths.quantize(Decimal(1), ROUND_HALF_EVEN)}%"


def spend(total: Spend) -> str:
    """Return a sum with what it leaves out: `$3.12`, `$3.12 + 2 unknown`, `2 unknown`."""
    unknown = f"{total.unknown_cost_attempts:,} unknown" if total.unknown_cost_attempts else ""
    if unknown and not total.cost_nano_usd:
        return unknown
    return f"{money(total.cost_nano_usd)} + {unknown}" if unknown else money(total.cost_nano_usd)


def tokens(count: int | None) -> str:
    """Return a count in at most five characters: `812`, `1.2k`, `240k`, `3.4M`; `?` when unknown."""
    if count is None:
        return UNKNOWN
    scaled = Decimal(count)
    for unit in ("", "k", "M", "G"):
        whole = not unit or scaled >= _ROUNDS_TO_100
        shown = scaled.quantize(Decimal(1) if whole else Decimal("0.1"), ROUND_HALF_EVEN)
        if abs(shown) < 1000 or unit == "G":
            return f"{shown}{unit}"
        scaled /= 1000
    raise AssertionError("the last unit always returns")


def seconds(value_s: float | None) -> str:
    """Return a length of time: `90ms`, `1.2s`, `14s`, `2m05s`; `–` when there is none."""
    if value_s is None:
        return NOTHING
    if value_s < 0.9995:
        return f"{round(value_s * 1000)}ms"
    if value_s < 9.95:
        return f"{value_s:.1f}s"
    whole = round(value_s)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02d}s"


def countdown(left_ms: int) -> str:
    """Return the time left, rounded up: `03:12`, `1:03:12`, `2d 03h`; `00:00` when it is over."""
    left = max(0, -(-left_ms // 1000))
    minutes, secs = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24}d {hours % 24:02d}h"
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes:02d}:{secs:02d}"


def rate(count: int | None, over_s: float | None) -> str:
    """Return tokens per second: `114 tok/s`, `4.2 tok/s`; `–` where either figure is missing."""
    if not count or over_s is None or over_s <= 0:
        return NOTHING
    per_second = count / over_s
    return f"{per_second:.1f} tok/s" if per_second < 9.95 else f"{per_second:,.0f} tok/s"


def time_of_day(at_ms: int, zone: tzinfo, *, with_seconds: bool = False) -> str:
    """Return a moment as local time: `14:05` or `14:05:09`."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%H:%M:%S" if with_seconds else "%H:%M")


def call_time(at_ms: int, zone: tzinfo, today_ms: int) -> str:
    """Return a call's moment in eight characters: `14:05:09` since `today_ms`, before it `21 14:05`."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    return at.strftime("%H:%M:%S" if at_ms >= today_ms else "%d %H:%M")


def zone_name(at_ms: int, zone: tzinfo) -> str:
    """Return what the zone is called at a moment: `UTC`, `CET`, `+0530`."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Z")


def day_name(at_ms: int, zone: tzinfo) -> str:
    """Return a local day as `Sun 22`."""
    day = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{WEEKDAYS[day.weekday()]} {day.day:2d}"


def bar(part: int, whole: int, width: int) -> str:
    """Return a bar of up to `width` cells; anything above nothing shows at least one."""
    if part <= 0 or whole <= 0:
        return ""
    return "━" * max(1, part * width // whole)


def change(now_nano: int, before_nano: int) -> str:
    """Return how a sum moved: `-29%`, `+4%`, `+1,204%`, `=`; empty when there is nothing to compare with."""
    if before_nano <= 0:
        return ""
    percent = round(Decimal(now_nano - before_nano) * 100 / before_nano)
    return f"{percent:+,d}%" if percent else "="


def spark(values: Sequence[int | None]) -> str:
    """Return a line of bars, the highest for the largest figure; a `.` where there is none."""
    largest = max((value for value in values if value is not None), default=0)
    return "".join("." if value is None else BARS[value * len(BARS) // (largest + 1)] for value in values)
