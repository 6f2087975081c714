"""Attempts as history: lots to reprice, repeated prefixes, bills, what earlier calls teach of the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from router.core.cost.reconcile import LAST_CALLS
from router.core.money import CostSource
from router.core.records.entries import Entry, EntryStatus
from router.core.records.history import Answered, Billed, Divisions, ListValue, Lot, PrefixUse
from router.core.records.spend import Window
from router.core.records.usage import Usage
from router.core.usage import NO_USAGE
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rollup_tables import KEYS, NO_KEY, row_sums
from router.ledger.sqlite.rollups import Part, parts
from router.ledger.sqlite.rows import USAGE_COLUMNS
from router.ledger.sqlite.schema import columns, keeps_sums
from router.ledger.sqlite.sums import SIZES

CACHE_LIFE_MS = 5 * 60_000
"""How long a provider keeps a prefix that nobody reads, where it is not paid for longer."""
_SOURCES = {source.value: source for source in CostSource}

_OF_ROWS = f"""
SELECT coalesce(r.task, x''), r.tier, r.deployment, coalesce(r.cost_source, 'unknown'),
  r.input_tokens IS NOT NULL AND r.output_tokens IS NOT NULL, r.cost_nano_usd IS NOT NULL,
  r.input_tokens, coalesce(r.settled_at, r.started_at), 1, {row_sums(KEYS["all"], "r")["requests"]},
  r.cost_nano_usd, r.list_cost_nano_usd, r.list_cost_nano_usd IS NULL,
  coalesce(r.input_tokens, 0), coalesce(r.settled_at, r.started_at),
  {", ".join(f"r.{name}" for name in USAGE_COLUMNS)}
FROM token_spend AS r WHERE r.started_at >= ? AND r.started_at < ? AND r.status <> 'open'"""
_OF_DAYS = f"""
SELECT task, tier, deployment, cost_source, counted, priced, size, 0, attempts, requests, cost_nano_usd,
  list_nano_usd, unlisted, input_size, ended_at, {", ".join(USAGE_COLUMNS)}
FROM lot_day WHERE start >= ? AND start < ? AND attempts > 0"""
_PARTS = (
    "WITH part (task, tier, deployment, source, counted, priced, size, ended, attempts, requests, cost, "
    f"listed, unlisted, input_size, ended_at, {', '.join(USAGE_COLUMNS)}) AS ({{parts}})"
)
"""Rows, and the lots of whole days: `size` tells on which side of a price's thresholds each is."""
_LOTS = f"""{_PARTS}
SELECT task, tier, deployment, sum(attempts), sum(requests), iif(priced, sum(cost), NULL), source, counted,
  max(input_size), max(ended_at), {", ".join(f"sum({name})" for name in USAGE_COLUMNS)}
FROM part GROUP BY task, tier, deployment, source, counted, priced{{divided}}
ORDER BY task, tier, deployment"""
_SUBSCRIBED = f"""{_PARTS}
SELECT coalesce(sum(attempts), 0), coalesce(sum(listed), 0), coalesce(sum(unlisted), 0)
FROM part WHERE source = 'subscription'"""

_PREFIXES = """
WITH calls AS (
  SELECT prefix_fingerprint, task, deployment, input_tokens,
    started_at - lag(started_at) OVER (
      PARTITION BY prefix_fingerprint, task, deployment ORDER BY started_at, id
    ) AS gap
  FROM token_spend
  WHERE started_at >= ? AND started_at < ? AND status = 'ok' AND prefix_fingerprint IS NOT NULL
    AND input_tokens IS NOT NULL AND cost_nano_usd > 0
    AND coalesce(cache_read_tokens, 0) = 0 AND coalesce(cache_write_tokens, 0) = 0
)
SELECT prefix_fingerprint, task, deployment, count(*), sum(gap <= ?) AS reads, min(input_tokens)
FROM calls GROUP BY 1, 2, 3 HAVING reads > 0 ORDER BY 1, 2, 3
"""


def subscribed(connection: Connection, window: Window) -> ListValue:
    """Return what the calls of subscriptions were worth at list prices."""
    sources, bounds = _sources(connection, window, Divisions())
    [counts] = connection.execute(_SUBSCRIBED.format(parts=sources), bounds)
    return ListValue(*counts)


def lots(connection: Connection, window: Window, divisions: Divisions) -> list[Lot]:
    """Return what has ended in a window, divided wherever one of the prices in question changes its rates."""
    sources, bounds = _sources(connection, window, divisions)
    rows = connection.execute(_LOTS.format(parts=sources, divided=_divided(divisions)), bounds)
    return [
        Lot(
            task=None if task == NO_KEY else task,
            tier=tier,
            deployment=deployment,
            attempts=attempts,
            requests=requests,
            cost_nano_usd=cost,
            cost_source=_SOURCES.get(source, CostSource.UNKNOWN),
            usage=Usage(**dict(zip(USAGE_COLUMNS, counts, strict=True))) if counted else Usage(),
            input_tokens=size,
            when_ms=when,
        )
        for task, tier, deployment, attempts, requests, cost, source, counted, size, when, *counts in rows
    ]


def _sources(connection: Connection, window: Window, divisions: Divisions) -> tuple[str, list[int]]:
    """Return what a window is read from, with its bounds: the lots of its whole days where they are divided
    as finely as is asked for, and rows."""
    daily = keeps_sums(connection) and not divisions.minutes_utc and set(divisions.input_tokens) <= set(SIZES)
    found = parts(window, ("day",) if daily else ()) or [Part("row", window.start, window.end)]
    queries = {"day": _OF_DAYS, "row": _OF_ROWS}
    sources = " UNION ALL ".join(queries[part.span] for part in found)
    return sources, [bound for part in found for bound in (part.start, part.end)]


def _divided(divisions: Divisions) -> str:
    """Return the further terms of the grouping: whole numbers of ours, nothing a caller wrote."""
    terms = [f"size >= {size:d}" for size in divisions.input_tokens]
    if divisions.minutes_utc:
        terms.append("ended / 86400000 % 7")
        terms += [f"ended / 60000 % 1440 >= {minute:d}" for minute in divisions.minutes_utc]
    return "".join(f", {term}" for term in terms)


def prefix_uses(connection: Connection, window: Window) -> list[PrefixUse]:
    """Return the prefixes that metered calls repeated within a cache's life, and did not cache."""
    rows = connection.execute(_PREFIXES, (window.start, window.end, CACHE_LIFE_MS))
    return [PrefixUse(*row) for row in rows]


# The conditions are word for word those of an index, which holds these rows alone.
_REPORTED = "cost_source = 'provider_reported' AND list_cost_nano_usd > 0"
_NEXT = f"SELECT min(deployment) FROM token_spend WHERE {_REPORTED} AND deployment > ?"
_NEWEST_BILLS = (
    "SELECT cost_nano_usd, list_cost_nano_usd, model_requested, rates_json FROM token_spend "
    f"WHERE {_REPORTED} AND deployment = ? AND started_at >= ? ORDER BY started_at DESC LIMIT {LAST_CALLS}"
)


def billed(connection: Connection, since_ms: int) -> list[Billed]:
    """Return each deployment's newest reported calls since a moment, as far back as their price is one."""
    found = []
    deployment = ""
    while (deployment := connection.execute(_NEXT, (deployment,)).fetchone()[0]) is not None:
        rows = connection.execute(_NEWEST_BILLS, (deployment, since_ms)).fetchall()
        if rows:
            _, _, model, rates = rows[0]
            found.append(Billed(deployment, model, tuple(_at_one_price(rows)), rates))
    return found


def _at_one_price(rows: Sequence[tuple[int, int, str, str | None]]) -> Iterator[tuple[int, int]]:
    """Yield the bills as far back as their price is that of the newest."""
    for reported, computed, _, rates in rows:
        if rates != rows[0][3]:
            return
        yield reported, computed


NEWEST = 200
"""How many of each deployment are looked at: enough for a mean, few enough to follow a model that changes."""
_NEWEST_COUNTED = """
SELECT task, {plain}, input_tokens, output_tokens FROM token_spend
WHERE deployment = ? AND started_at >= ? AND status = 'ok' AND usage_source = 'reported'
  AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL
ORDER BY started_at DESC, id DESC LIMIT ?"""

_PREFIXES_SENT = """
SELECT prefix_fingerprint, deployment,
  max(coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0)) > 0
FROM token_spend WHERE started_at >= ? AND prefix_fingerprint IS NOT NULL
GROUP BY 1, 2"""


def prefixes(connection: Connection, since_ms: int) -> dict[str, frozenset[str]]:
    """Return the beginnings sent since a moment, and the deployments that have each in a cache."""
    return _by_prefix(connection.execute(_PREFIXES_SENT, (since_ms,)))


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
