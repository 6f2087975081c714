"""Attempts as lots, and repeated prefixes, for reports that reprice them. Reads every row of a window."""

from __future__ import annotations

from router.core.money import CostSource
from router.core.records.history import Divisions, ListValue, Lot, PrefixUse
from router.core.records.spend import Window
from router.core.records.usage import Usage
from router.ledger.rollup_tables import KEYS, row_sums
from router.ledger.rows import USAGE_COLUMNS
from router.ledger.sqlite import Connection

CACHE_LIFE_MS = 5 * 60_000
"""How long a provider keeps a prefix that nobody reads, where it is not paid for longer."""
_SOURCES = {source.value: source for source in CostSource}

_LOTS = f"""
SELECT r.task, r.tier, r.deployment, count(*), sum({row_sums(KEYS["all"], "r")["requests"]}),
  sum(r.cost_nano_usd), coalesce(r.cost_source, 'unknown'),
  r.input_tokens IS NOT NULL AND r.output_tokens IS NOT NULL AS counted,
  coalesce(max(r.input_tokens), 0), max(coalesce(r.settled_at, r.started_at)),
  {{usage}}
FROM token_spend AS r
WHERE r.started_at >= ? AND r.started_at < ? AND r.status <> 'open'
GROUP BY 1, 2, 3, 7, counted, r.cost_nano_usd IS NULL{{divided}}
ORDER BY 1, 2, 3
""".format(usage=", ".join(f"sum(r.{name})" for name in USAGE_COLUMNS), divided="{divided}")

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


_SUBSCRIBED = """
SELECT count(*), coalesce(sum(list_cost_nano_usd), 0), coalesce(sum(list_cost_nano_usd IS NULL), 0)
FROM token_spend
WHERE started_at >= ? AND started_at < ? AND cost_source = 'subscription'"""


def subscribed(connection: Connection, window: Window) -> ListValue:
    """Return what the calls of subscriptions were worth at list prices."""
    [counts] = connection.execute(_SUBSCRIBED, (window.start, window.end))
    return ListValue(*counts)


def lots(connection: Connection, window: Window, divisions: Divisions) -> list[Lot]:
    """Return what has ended in a window, divided wherever one of the prices in question changes its rates."""
    rows = connection.execute(_LOTS.format(divided=_divided(divisions)), (window.start, window.end))
    return [
        Lot(
            task=task,
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


def _divided(divisions: Divisions) -> str:
    """Return the further terms of the grouping: whole numbers of ours, nothing a caller wrote."""
    ended = "coalesce(r.settled_at, r.started_at)"
    terms = [f"r.input_tokens >= {size:d}" for size in divisions.input_tokens]
    if divisions.minutes_utc:
        terms.append(f"{ended} / 86400000 % 7")
        terms += [f"{ended} / 60000 % 1440 >= {minute:d}" for minute in divisions.minutes_utc]
    return "".join(f", {term}" for term in terms)


def prefix_uses(connection: Connection, window: Window) -> list[PrefixUse]:
    """Return the prefixes that metered calls repeated within a cache's life, and did not cache."""
    rows = connection.execute(_PREFIXES, (window.start, window.end, CACHE_LIFE_MS))
    return [PrefixUse(*row) for row in rows]
