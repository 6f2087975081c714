"""The table of alerts: what somebody was to be told of, and who was."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from cockpit.plain import Cell
from router.core.records.alerts import WrittenAlert
from router.core.windows import calendar_days, span
from router.wiring.reading import Reading

COLUMNS = ("id", "at", "event", "text", "details", "told", "not_told")


async def rows(world: Reading, days: int) -> list[dict[str, Cell]]:
    """Return the alerts of the last `days` local days, newest first; none where there is no ledger yet."""
    if world.reports is None:
        return []
    since = span(calendar_days(world.clock.now_ms(), world.zone, days)).start
    return [_row(alert) for alert in await world.reports.last_alerts(sys.maxsize) if alert.at_ms >= since]


def _row(alert: WrittenAlert) -> dict[str, Cell]:
    return {
        "id": alert.number,
        "at": datetime.fromtimestamp(alert.at_ms / 1000, UTC).isoformat(),
        "event": alert.event,
        "text": alert.text,
        "details": json.dumps(dict(alert.details), sort_keys=True),
        "told": " ".join(one.hook for one in alert.told if one.told_at is not None),
        "not_told": " ".join(one.hook for one in alert.told if one.told_at is None),
    }
