"""What could be had for less, by what the ledger holds of a window."""

from __future__ import annotations

from router.core.records.spend import Window
from router.core.reports.advise import Advice, advise
from router.core.reports.lots import divisions
from router.core.settings.config import RouterConfig
from router.engine.ports import ReportReader


async def advice_for(
    reports: ReportReader | None, window: Window, config: RouterConfig
) -> tuple[Advice, ...]:
    """Return the advice about a window; none where there is no ledger yet."""
    if reports is None:
        return ()
    lots = await reports.lots(window, divisions(d.price for d in config.deployments.values()))
    uses, checks = await reports.prefix_uses(window), await reports.check_stats(window)
    return advise(lots, uses, checks, config)
