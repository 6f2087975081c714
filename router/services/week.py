"""The last seven whole days: what a weekly report says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from router.core.records.spend import Dimension, Spend, SpendGroup
from router.core.reports.advise import Advice
from router.core.reports.trends import USUAL_OF, Anomaly, DaySpend, anomalies, month_end
from router.core.reports.whatif import Saved, baseline_of
from router.core.settings.config import RouterConfig
from router.core.settings.display import Display
from router.core.windows import calendar_days, calendar_month, local_date, span
from router.engine.ports import ReportReader, SpendReader
from router.services.advice import advice_for
from router.services.spend import savings_in

WEEK = 7
ADVICE = 5
"""As many pieces of advice as one reads in a week."""


@dataclass(frozen=True, slots=True)
class Week:
    """What a weekly report says."""

    days: tuple[DaySpend, ...]
    """Seven whole local days, oldest first."""
    total: Spend
    previous: Spend
    tiers: tuple[SpendGroup, ...]
    tasks: tuple[tuple[SpendGroup, SpendGroup | None], ...]
    """Each task now and the week before."""
    strange: tuple[Anomaly, ...]
    month_nano: int
    """This month so far, today included."""
    month_end_nano: int | None
    baseline: str | None
    saved: Saved
    advice: tuple[Advice, ...]
    display: Display


async def week_report(
    reader: SpendReader, reports: ReportReader | None, now_ms: int, zone: tzinfo, config: RouterConfig
) -> Week:
    """Read all that the report says."""
    windows = calendar_days(now_ms, zone, WEEK * (USUAL_OF + 1) + 1)
    sums = await reader.totals(windows)
    history = [
        DaySpend(local_date(window.start, zone), window, spend)
        for window, spend in zip(windows, sums, strict=True)
    ]
    week = span(calendar_days(now_ms, zone, WEEK, back=1))
    before = span(calendar_days(now_ms, zone, WEEK, back=1 + WEEK))
    month = calendar_month(now_ms, zone)
    total, previous, so_far = await reader.totals([week, before, month])
    earlier = {line.key: line for line in await reader.groups(before, Dimension.TASK)}
    tasks = await reader.groups(week, Dimension.TASK)
    baseline = baseline_of(config)
    return Week(
        days=tuple(history[-WEEK - 1 : -1]),
        total=total,
        previous=previous,
        tiers=tuple(await reader.groups(week, Dimension.TIER)),
        tasks=tuple((line, earlier.get(line.key)) for line in tasks),
        strange=anomalies(history[:-1], WEEK),
        month_nano=so_far.cost_nano_usd,
        month_end_nano=month_end(so_far.cost_nano_usd, history, now_ms, month.end),
        baseline=baseline.name if baseline else None,
        saved=await savings_in(reports, week, baseline),
        advice=(await advice_for(reports, week, config))[:ADVICE],
        display=config.display,
    )
