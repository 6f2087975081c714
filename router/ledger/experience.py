"""The newest calls of each deployment that were answered and counted, for what they teach of the next one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from router.core.money.experience import Answered
from router.core.money.spend import Entry, EntryStatus
from router.ledger.schema import columns
from router.ledger.sqlite import Connection

NEWEST = 200
"""How many of each deployment are looked at: enough for a mean, few enough to follow a model that changes."""
_NEWEST_COUNTED = """
SELECT task, {plain}, input_tokens, output_tokens FROM token_spend
WHERE deployment = ? AND started_at >= ? AND status = 'ok' AND usage_source = 'reported'
  AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL
ORDER BY started_at DESC, id DESC LIMIT ?"""


def answered_of(
    entries: Iterable[Entry], deployments: Collection[str], since_ms: int
) -> dict[str, list[Answered]]:
    """Return the same of entries in memory."""
    found: dict[str, list[Answered]] = {name: [] for name in deployments}
    for entry in sorted(entries, key=lambda entry: entry.intent.started_at, reverse=True):
        intent, ended, of_it = entry.intent, entry.settlement, found.get(entry.intent.deployment)
        if of_it is None or ended is None or ended.status is not EntryStatus.OK or len(of_it) == NEWEST:
            continue
        counted, written = ended.usage.input_tokens, ended.usage.output_tokens
        told = ended.usage_source == "reported" and intent.started_at >= since_ms
        if told and counted is not None and written is not None:
            of_it.append(Answered(intent.task, intent.plain_input_tokens, counted, written))
    return found


def answered(
    connection: Connection, deployments: Collection[str], since_ms: int
) -> dict[str, list[Answered]]:
    """Return the newest counted calls by deployment, of those that began at or after a moment."""
    plain = "plain_input_tokens" if "plain_input_tokens" in columns(connection) else "NULL"
    query = _NEWEST_COUNTED.format(plain=plain)
    return {
        name: [Answered(*row) for row in connection.execute(query, (name, since_ms, NEWEST))]
        for name in deployments
    }
