"""What earlier calls teach of the next: the newest that were counted, and the beginnings that were sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from router.core.records.entries import Entry, EntryStatus
from router.core.records.history import Answered
from router.core.usage import NO_USAGE
from router.ledger.present import columns
from router.ledger.sqlite import Connection

NEWEST = 200
"""How many of each deployment are looked at: enough for a mean, few enough to follow a model that changes."""
_NEWEST_COUNTED = """
SELECT task, {plain}, input_tokens, output_tokens FROM token_spend
WHERE deployment = ? AND started_at >= ? AND status = 'ok' AND usage_source = 'reported'
  AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL
ORDER BY started_at DESC, id DESC LIMIT ?"""

_PREFIXES = """
SELECT prefix_fingerprint, deployment,
  max(coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)) > 0
FROM token_spend WHERE started_at >= ? AND prefix_fingerprint IS NOT NULL
GROUP BY 1, 2"""


def prefixes(connection: Connection, since_ms: int) -> dict[str, frozenset[str]]:
    """Return the beginnings sent since a moment, and the deployments that have each in a cache."""
    return _by_prefix(connection.execute(_PREFIXES, (since_ms,)))


def prefixes_of(entries: Iterable[Entry], since_ms: int) -> dict[str, frozenset[str]]:
    """Return the same of entries in memory."""
    return _by_prefix(
        (entry.intent.prefix_fingerprint, entry.intent.deployment, _cached(entry))
        for entry in entries
        if entry.intent.started_at >= since_ms and entry.intent.prefix_fingerprint is not None
    )


def _by_prefix(rows: Iterable[tuple[str, str, bool]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for prefix, deployment, cached in rows:
        found[prefix] = found.get(prefix, frozenset()) | ({deployment} if cached else frozenset())
    return found


def _cached(entry: Entry) -> bool:
    usage = entry.settlement.usage if entry.settlement else NO_USAGE
    return bool(usage.cache_read_tokens or usage.cache_write_tokens)


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
