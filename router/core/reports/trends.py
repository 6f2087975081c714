"""What a series of days says: unit costs, cache hits, days out of the ordinary, and where the month will end.

Plain arithmetic over sums that somebody read; every figure says which days it was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

from router.core.records.spend import Spend, Window
from router.core.records.usage import Usage

ANOMALY_PERCENT = 30
"""How far above the usual a day must be."""
ANOMALY_LEAST_NANO = 100_000_000
"""And by how much: ten cents above the usual are nothing to wake anybody for."""
USUAL_OF = 8
"""How many earlier days of the same weekday make the usual, at most; fewer than three say nothing."""
LEAST_DAYS = 3


@dataclass(frozen=True, slots=True)
class DaySpend:
    """One local day."""

    day: date
    window: Window
    spend: Spend


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day that cost far more than its weekday usually does, in nano-dollars."""

    day: date
    cost_nano: int
    usual_nano: int
    """The median of the same weekday before it."""


def per_1k_requests(spend: Spend) -> int | None:
    """Return the cost of a thousand requests; None when some of it is unknown or there were none."""
    if spend.requests == 0 or spend.unknown_cost_attempts:
        return None
    return spend.cost_nano_usd * 1000 // spend.requests


def cache_hit_rate(usage: Usage) -> Fraction | None:
    """Return the share of the input that was read from a cache; None where there was no input."""
    if not usage.input_tokens:
        return None
    return Fraction(usage.cache_read_tokens or 0, usage.input_tokens)


def anomalies(days: Sequence[DaySpend], last: int) -> tuple[Anomaly, ...]:
    """Return which of the `last` days are out of the ordinary; `days` are oldest first, one after the other.

    The usual is the median of up to `USUAL_OF` earlier days of the same weekday: days without spend too, but
    none from before the first call.
    """
    began = next((place for place, day in enumerate(days) if day.spend.attempts), len(days))
    found = []
    for place in range(max(0, len(days) - last), len(days)):
        same = [earlier for earlier in range(place % 7, place, 7) if earlier >= began]
        before = [days[earlier].spend.cost_nano_usd for earlier in same[-USUAL_OF:]]
        if len(before) < LEAST_DAYS:
            continue
        cost, usual = days[place].spend.cost_nano_usd, int(median(before))
        if cost * 100 > usual * (100 + ANOMALY_PERCENT) and cost - usual >= ANOMALY_LEAST_NANO:
            found.append(Anomaly(days[place].day, cost, usual))
    return tuple(found)


def month_end(so_far_nano: int, days: Sequence[DaySpend], now_ms: int, end_ms: int) -> int | None:
    """Return what the month will come to, in nano-dollars, if the rest goes like the last seven whole days.

    `so far + week * time left / time of that week`: a whole week, so that weekends weigh as they should.
    `days` end with today. None until the ledger is a week old.
    """
    week = days[-8:-1]
    if not any(day.spend.attempts for day in days[:-7]):
        return None
    cost = sum(day.spend.cost_nano_usd for day in week)
    length = week[-1].window.end - week[0].window.start
    return so_far_nano + cost * max(0, end_ms - now_ms) // length
