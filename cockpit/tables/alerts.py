"""Alerts: what somebody was to be told of, and who was."""

from __future__ import annotations

import json
import sys

from cockpit.tables.field import Field, moment
from router.app.reading import ReadingApp
from router.core.records.alerts import WrittenAlert
from router.core.windows import calendar_days, span

FIELDS: tuple[Field[WrittenAlert], ...] = (
    Field("id", lambda alert: alert.number),
    Field("at", lambda alert: moment(alert.at_ms)),
    Field("event", lambda alert: alert.event),
    Field("text", lambda alert: alert.text),
    Field("details", lambda alert: json.dumps(dict(alert.details), sort_keys=True)),
    Field("told", lambda alert: [one.hook for one in alert.told if one.told_at is not None]),
    Field("not_told", lambda alert: [one.hook for one in alert.told if one.told_at is None]),
)


async def read(app: ReadingApp, days: int) -> list[WrittenAlert]:
    """Return the alerts of the last `days` local days, newest first; none where there is no ledger yet."""
    if app.reports is None:
        return []
    since = span(calendar_days(app.clock.now_ms(), app.zone, days)).start
    return [alert for alert in await app.reports.last_alerts(sys.maxsize) if alert.at_ms >= since]
