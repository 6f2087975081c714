"""What was spent over local calendar days: sum and breakdown, the period before, savings, the month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from router.core.cost.reconcile import LOOK_BACK_MS, mismatches
from router.core.records.history import ListValue
from router.core.records.spend import Dimension, Spend, SpendGroup, Window
from router.core.reports.lots import divisions
from router.core.reports.trends import USUAL_OF, Anomaly, DaySpend, anomalies, month_end
from router.core.reports.whatif import Saved, saved
from router.core.settings.deployments import Deployment
from router.core.settings.display import Display
from router.core.windows import calendar_days, calendar_month, local_date, span
from router.engine.ports import ReportReader, SpendReader

NOTHING_SAVED = Saved(None, 0)
NOTHING_SUBSCRIBED = ListValue()
DOLLARS = Display()


@dataclass(frozen=True, slots=True)
class SpendQuestion:
    """What is asked of the ledger's money."""

    days: int
    """Local calendar days, today included."""
    by: Dimension
    baseline: Deployment | None = None
    display: Display = DOLLARS


@dataclass(frozen=True, slots=True)
class SpendReport:
    """A period, its sum, the period before it, and a breakdown."""

    window: Window
    zone: tzinfo
    total: Spend
    previous: Spend
    groups: tuple[SpendGroup, ...]
    earlier: Mapping[str | None, Spend] = field(default_factory=dict[str | None, Spend])
    """The same breakdown of the period before, by key; empty by day, where no key comes back."""
    baseline: Deployment | None = None
    """What savings are measured against; None when nothing was asked or no price is known."""
    saved: Saved = NOTHING_SAVED
    subscribed: ListValue = NOTHING_SUBSCRIBED
    """What the calls of subscriptions were worth; no part of the total."""
    display: Display = DOLLARS
    month: Spend | None = None
    """This calendar month so far; None where nobody asked."""
    month_end_nano: int | None = None
    """What it comes to if the rest goes like the last seven whole days; None in a ledger's first week."""
    strange: tuple[Anomaly, ...] = ()
    """The days of the period that cost far more than their weekday usually does, oldest first."""
    alarms: tuple[str, ...] = ()
    """Bills that are not what a price says, a line each."""


async def spend_report(
    reader: SpendReader,
    reports: ReportReader | None,
    now_ms: int,
    zone: tzinfo,
    asked: SpendQuestion,
) -> SpendReport:
    """Return all that is said of a period. `reports` is None where there is no ledger yet."""
    found = await breakdown(reader, now_ms, zone, asked.days, asked.by)
    month, month_end_nano = await month_so_far(reader, now_ms, zone)
    return replace(
        found,
        baseline=asked.baseline,
        saved=await savings_in(reports, found.window, asked.baseline),
        subscribed=await reports.subscribed(found.window) if reports else NOTHING_SUBSCRIBED,
        alarms=await billing_alarms(reader, now_ms),
        display=asked.display,
        strange=await strange_days(reader, now_ms, zone, asked.days),
        month=month,
        month_end_nano=month_end_nano,
    )


async def month_so_far(reader: SpendReader, now_ms: int, zone: tzinfo) -> tuple[Spend, int | None]:
    """Return what this month has cost, and what it will come to in nano-dollars."""
    month = calendar_month(now_ms, zone)
    (so_far,) = await reader.totals([month])
    return so_far, month_end(so_far.cost_nano_usd, await _days(reader, now_ms, zone, 15), now_ms, month.end)


async def strange_days(reader: SpendReader, now_ms: int, zone: tzinfo, days: int) -> tuple[Anomaly, ...]:
    """Return which of the last `days` local days, today included, cost far more than their weekday does."""
    return anomalies(await _days(reader, now_ms, zone, days + 7 * USUAL_OF), days)


async def _days(reader: SpendReader, now_ms: int, zone: tzinfo, count: int) -> list[DaySpend]:
    windows = calendar_days(now_ms, zone, count)
    return [
        DaySpend(local_date(window.start, zone), window, spend)
        for window, spend in zip(windows, await reader.totals(windows), strict=True)
    ]


async def billing_alarms(reader: SpendReader, now_ms: int) -> tuple[str, ...]:
    """Return a line for each deployment whose bills are not what its price says."""
    off = mismatches(await reader.billed(now_ms - LOOK_BACK_MS))
    return tuple(mismatch.words for mismatch in off)


async def savings_in(reports: ReportReader | None, window: Window, baseline: Deployment | None) -> Saved:
    """Return what was saved in a window against a baseline; nothing where there is no ledger yet."""
    if reports is None:
        return saved([], baseline)
    return saved(await reports.lots(window, divisions([baseline.price if baseline else None])), baseline)


async def breakdown(reader: SpendReader, now_ms: int, zone: tzinfo, days: int, by: Dimension) -> SpendReport:
    """Return sum and breakdown over `days` local calendar days up to and with today."""
    windows = calendar_days(now_ms, zone, days)
    whole, before = span(windows), span(calendar_days(now_ms, zone, days, back=days))
    total, previous = await reader.totals([whole, before])
    earlier: dict[str | None, Spend] = {}
    if by is Dimension.DAY:
        sums = await reader.totals(windows)
        groups = tuple(
            SpendGroup(local_date(window.start, zone).isoformat(), spend)
            for window, spend in zip(windows, sums, strict=True)
        )
    else:
        groups = tuple(await reader.groups(whole, by))
        earlier = {line.key: line.spend for line in await reader.groups(before, by)}
    return SpendReport(whole, zone, total, previous, groups, earlier)
