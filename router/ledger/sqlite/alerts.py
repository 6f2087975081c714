"""Alerts as rows: what was seen and when, and what came of telling each hook.

Whoever holds the job's lease calls these. An attempt to tell is written down before it is made: a process
that dies over it has told or has not, and the next one tells again rather than never.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from router.core.records.alerts import Alert, HookDelivery, WrittenAlert
from router.core.settings.hooks import Hook
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.schema import has_table

FRESH_MS = 3600 * 1000
"""How old an alert may be to be told: a hook that is configured today hears nothing of last week."""
MOST_TRIES = 4
RETRY_MS = (0, 15_000, 60_000, 300_000)
"""How long after the last try the next one is due, by the tries so far."""

_ADD = """
INSERT INTO alert (key, rank, event, at, text, details_json)
SELECT :key, :rank, :event, :at, :text, :details
WHERE NOT EXISTS (SELECT 1 FROM alert WHERE key = :key AND rank >= :rank)"""
_DUE = """
SELECT alert.id, alert.event, alert.at, alert.text, alert.details_json, coalesce(tries, 0), tried_at
FROM alert LEFT JOIN alert_told ON alert_told.alert_id = alert.id AND alert_told.hook = :hook
WHERE alert.at > :since AND told_at IS NULL AND coalesce(tries, 0) < :most ORDER BY alert.id"""
_TRY = """
INSERT INTO alert_told (alert_id, hook, tries, tried_at, error) VALUES (:alert, :hook, 1, :now, 'under way')
ON CONFLICT (alert_id, hook) DO UPDATE SET tries = tries + 1, tried_at = :now, error = 'under way'"""


def add(connection: Connection, alerts: Iterable[Alert], now_ms: int) -> None:
    """Write down the alerts that are not there yet, inside the caller's transaction."""
    for alert in alerts:
        connection.execute(
            _ADD,
            {
                "key": alert.key,
                "rank": alert.rank,
                "event": alert.event.value,
                "at": now_ms,
                "text": alert.text,
                "details": json.dumps(alert.details),
            },
        )


def is_news(connection: Connection, alerts: Iterable[Alert], hooks: Sequence[Hook], now_ms: int) -> bool:
    """Tell whether there is anything to write or to tell: what is only read need not take the lease."""
    known = "SELECT 1 FROM alert WHERE key = ? AND rank >= ?"
    if any(connection.execute(known, (alert.key, alert.rank)).fetchone() is None for alert in alerts):
        return True
    return any(True for _ in _due(connection, hooks, now_ms))


def take_due(connection: Connection, hooks: Sequence[Hook], now_ms: int) -> list[tuple[WrittenAlert, Hook]]:
    """Return what is to be told now, and note that it is tried; inside the caller's transaction."""
    due = list(_due(connection, hooks, now_ms))
    for written, hook in due:
        connection.execute(_TRY, {"alert": written.number, "hook": hook.name, "now": now_ms})
    return due


def _due(connection: Connection, hooks: Sequence[Hook], now_ms: int) -> Iterator[tuple[WrittenAlert, Hook]]:
    for hook in hooks:
        asked = {"hook": hook.name, "since": now_ms - FRESH_MS, "most": MOST_TRIES}
        for *alert, tries, tried_at in connection.execute(_DUE, asked).fetchall():
            written = _written(*alert)
            waits = tried_at is not None and now_ms < tried_at + RETRY_MS[tries]
            if not hook.off and not waits and written.event in hook.events:
                yield written, hook


def tell(connection: Connection, number: int, hook: str, error: str | None, now_ms: int) -> None:
    """Note what came of a try: `error` in words, or None when the hook was told."""
    connection.execute(
        "UPDATE alert_told SET error = ?, told_at = ? WHERE alert_id = ? AND hook = ?",
        (error, None if error else now_ms, number, hook),
    )


def last(connection: Connection, limit: int) -> list[WrittenAlert]:
    """Return the newest alerts, newest first, each with the hooks it was told to."""
    if not has_table(connection, "alert"):
        return []
    rows = connection.execute(
        "SELECT id, event, at, text, details_json FROM alert ORDER BY id DESC LIMIT ?", (limit,)
    ).fetchall()
    return [replace(_written(*row), told=_told(connection, row[0])) for row in rows]


def _told(connection: Connection, number: int) -> tuple[HookDelivery, ...]:
    found = connection.execute(
        "SELECT hook, tries, told_at, error FROM alert_told WHERE alert_id = ? ORDER BY hook", (number,)
    )
    return tuple(HookDelivery(*row) for row in found)


def _written(number: int, event: str, at_ms: int, text: str, details: str) -> WrittenAlert:
    return WrittenAlert(number, event, at_ms, text, json.loads(details))
