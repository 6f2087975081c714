"""Alerts: what somebody was to be told of, and who was."""

from __future__ import annotations

import json
import sys

from cockpit.tables.field import Field, moment
from router.core.records.alerts import WrittenAlert
from router.core.windows import calendar_days, span
from router.wiring.reading import Reading

FIELDS: tuple[Field[WrittenAlert], ...] = (
    Field("id", lambda alert: alert.number),
    Field("at", lambda alert: moment(alert.at_ms)),
    Field("event", lambda alert: alert.event),
    Field("text", lambda alert: alert.text),
    Field("details", lambda alert: json.dumps(dict(alert.details), sort_keys=True)),
    Field("told", lambda alert: [one.hook for one in alert.told if one.told_at is not None]),
    Field("not_told", lambda alert: [one.hook for one in alert.told if one.told_at is None]),
)


async def read(world: Reading, days: int) -> list[WrittenAlert]:
    """Return the alerts of the last `days` local days, newest first; none where there is no ledger yet."""
    if world.reports is None:
        return []
    since = span(calendar_days(world.clock.now_ms(), world.zone, days)).start
    return [alert for alert in await world.reports.last_alerts(sys.maxsize) if alert.at_ms >= since]
