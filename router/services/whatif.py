"""What the same work would have cost under another policy, by what the ledger holds of a window."""

from __future__ import annotations

from router.core.records.spend import Window
from router.core.reports.lots import divisions
from router.core.reports.whatif import PolicyComparison, Reprice, compare, with_caching
from router.core.settings.config import RouterConfig
from router.engine.ports import ReportReader


async def comparison(
    reports: ReportReader, window: Window, reprice: Reprice | None, config: RouterConfig
) -> PolicyComparison:
    """Return a window's work with every lot priced by `reprice`; None is with repeated prefixes cached."""
    lots = await reports.lots(window, divisions(d.price for d in config.deployments.values()))
    if reprice is None:
        return with_caching(lots, await reports.prefix_uses(window), config)
    return compare(lots, reprice)
