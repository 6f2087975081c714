"""What counts against a budget, and whether one more attempt fits: the sums behind `core.budget.budget`.

Call `refusal` inside the write transaction that admits the attempt, so that nothing is spent between the sum
and the row. What has ended comes from the sums beside the rows, what runs from its rows. Decides nothing
itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from router.core.budget import budget
from router.core.budget.leases import scope_of
from router.core.records.admission import Cap, Refusal, Used
from router.core.records.spend import Window
from router.ledger.sqlite import leases
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rollup_tables import KEYS, SPANS
from router.ledger.sqlite.rollups import Part, parts
from router.ledger.sqlite.schema import columns, keeps_sums

_FIGURE = "coalesce(budget_nano_usd, held_nano_usd, 0)"
_END_OF_TIME = (1 << 53) // SPANS["day"] * SPANS["day"]
_TAG_SPANS = ("hour",)
"""Tags have sums per hour only."""
_COLUMNS = frozenset({"tier", "provider", "deployment", "route", "session_id", "request_id"})
_RUNNING = "status = 'open'"
_OVER = "status <> 'open'"
_SOFT = "coalesce(soft_held_nano_usd, held_nano_usd, 0)"
"""What a running row counts for in a soft budget."""
_NO_FIGURE = "budget_nano_usd IS NULL AND held_nano_usd IS NULL"
"""Rows that have a partial index of their own."""


def refusal(
    connection: Connection, caps: Sequence[Cap], *, leased: bool = True
) -> tuple[Refusal | None, tuple[str, ...]]:
    """Return why hard caps refuse an attempt, if any does, and what to say about the soft ones it passes.

    What costs nothing fits into everything, and needs no sum. What is `leased` counts as held.
    """
    counted = ((cap, held_too(connection, cap, leased=leased)) for cap in caps if cap.amount_nano != 0)
    return budget.judge(counted)


def held_too(connection: Connection, cap: Cap, *, leased: bool = True) -> Used:
    """Return what counts against one cap, with what processes have leased of it."""
    used = _counted(connection, cap)
    if not leased:
        return used
    return replace(used, held_nano=used.held_nano + leases.held(connection, scope_of(cap)))


def spent(connection: Connection, caps: Sequence[Cap]) -> list[Used]:
    """Return what counts against each cap and how much has no figure; ask inside one snapshot."""
    found, summed = [], keeps_sums(connection)
    old = "soft_held_nano_usd" not in columns(connection)
    for cap in caps:
        [(unknown,)] = _ask(connection, _rows(cap, "count(*)", few=_NO_FIGURE))
        found.append(replace(_counted(connection, cap, summed=summed, old=old), unknown=unknown))
    return found


def _counted(connection: Connection, cap: Cap, *, summed: bool = True, old: bool = False) -> Used:
    """Return what is posted and held against one cap; not `summed`, and `old`, where a file is too old."""
    soft = "held_nano_usd" if cap.hard or old else _SOFT
    [(held,)] = _ask(connection, _rows(cap, f"coalesce(sum({soft}), 0)", few=_RUNNING))
    posted = sum(amount for query in _figures(cap, summed=summed) for (amount,) in _ask(connection, query))
    return Used(posted, held)


@dataclass(frozen=True, slots=True)
class _Query:
    sql: str
    values: tuple[str | int, ...]


def _ask(connection: Connection, query: _Query) -> list[tuple[int, ...]]:
    return connection.execute(query.sql, query.values).fetchall()


def _figures(cap: Cap, *, summed: bool) -> Iterator[_Query]:
    """Yield the queries whose results add up to what has ended of what counts against a cap."""
    dimension = "all" if cap.column is None else cap.column
    spans: tuple[str, ...] = tuple(SPANS) if cap.tag is None else _TAG_SPANS
    if not summed or cap.within is not None or (cap.tag is None and dimension not in KEYS):
        spans = ()
    for part in parts(Window(cap.since_ms, _END_OF_TIME), spans):
        if part.span == "row":
            yield _rows(cap, f"coalesce(sum({_FIGURE}), 0)", within=part, only=_OVER)
        elif cap.tag is not None:
            yield _tag_hours(cap.tag, part)
        else:
            yield _cells(dimension, cap.value, part)


def _cells(dimension: str, value: str | None, part: Part) -> _Query:
    key = "x''" if value is None else "?"
    values = () if value is None else (value,)
    return _Query(
        "SELECT coalesce(sum(budget_nano_usd), 0) FROM spend_rollup "
        f"WHERE dimension = ? AND span = ? AND start >= ? AND start < ? AND key = {key}",
        (dimension, part.span, part.start, part.end, *values),
    )


def _tag_hours(tag: tuple[str, str], part: Part) -> _Query:
    return _Query(
        "SELECT coalesce(sum(budget_nano_usd), 0) FROM tag_hour "
        "WHERE key = ? AND value = ? AND start >= ? AND start < ?",
        (*tag, part.start, part.end),
    )


def _rows(
    cap: Cap,
    result: str,
    *,
    within: Part | None = None,
    few: str = "",
    only: str = "",
) -> _Query:
    """Return a query over the rows that a cap counts, `only` some; `few` have an index to begin with."""
    bounds = (cap.since_ms, _END_OF_TIME) if within is None else (within.start, within.end)
    # A plus keeps SQLite from a column's index: without statistics it takes any of them for the better one.
    aside = "+" if few or cap.within else ""
    tests = [*filter(None, [few, only]), f"{aside}started_at >= ?", f"{aside}started_at < ?"]
    equal: list[str | int] = []
    if cap.column is not None and cap.value is not None:
        tests.append(f"{aside}{_known(cap.column)} = ?")
        equal.append(cap.value)
    if cap.within is not None:
        tests.append(f"{_known(cap.within[0])} = ?")
        equal.append(cap.within[1])
    if cap.tag is not None:
        tests.append(
            "EXISTS (SELECT 1 FROM request_tag AS t WHERE t.request_id = token_spend.request_id "
            "AND t.key = ? AND t.value = ?)"
        )
        equal += cap.tag
    return _Query(f"SELECT {result} FROM token_spend WHERE {' AND '.join(tests)}", (*bounds, *equal))


def _known(column: str) -> str:
    """Return `column`, which becomes part of a query. Raises ValueError for one that no budget counts by."""
    if column not in _COLUMNS:
        raise ValueError(f"budgets are not counted by {column}")
    return column
