"""Reading the sums of the ledger: a window as days, hours, quarters and the rows at its ragged edges.

Exact for every window: what no whole quarter covers is added from the rows, by the same expressions, and so
is what still runs. Local days have no such edges, for zones are whole quarters from UTC. The sums are kept by
`sums.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.core.records.spend import Dimension, Window
from router.ledger.sqlite import adjustments
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rollup_tables import COLUMNS, KEYS, SPANS, cells, row_sums
from router.ledger.sqlite.schema import keeps_sums
from router.ledger.sqlite.sums import (
    COMPUTED,
    COMPUTED_COLUMNS,
    ENDED_ROWS,
    LOT_KEY,
    LOT_SUMS,
    TAG_KEY,
    TAG_SUMS,
)

_ALL = "all"
RUNNING_ROWS = "r.status = 'open'"
_SUMMED = ", ".join(f"sum({name}) AS {name}" for name in COLUMNS)
_READ: dict[str, str] = {
    Dimension.SESSION: "coalesce({row}.session_id, x'')",
    Dimension.SOURCE: "{row}.source",
}
"""By what is read from the rows: the first has no end of values, the second is seldom asked for."""
_TAG = "coalesce(request_tag.key || '=' || request_tag.value, x'')"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a window and what it is read from: sums of that span, or `row`s."""

    span: str
    start: int
    end: int


def parts(window: Window, spans: Sequence[str] = tuple(SPANS)) -> list[Part]:
    """Cut a window into the longest of `spans` that fit, and rows; they meet without gap or overlap."""
    return _parts(window.start, window.end, spans)


def _parts(start: int, end: int, spans: Sequence[str]) -> list[Part]:
    if start >= end:
        return []
    if not spans:
        return [Part("row", start, end)]
    span, *shorter = spans
    ms = SPANS[span]
    first, last = -(-start // ms) * ms, end // ms * ms
    if first >= last:
        return _parts(start, end, shorter)
    return [*_parts(start, first, shorter), Part(span, first, last), *_parts(last, end, shorter)]


def summed(connection: Connection, window: Window, by: Dimension | None) -> Sequence[Sequence[Any]]:
    """Return one line per key, or at most one in all: the key, then the sums in the order of `COLUMNS`.

    The key of what has no value is an empty blob. There are no sums by tag and session, whose values have no
    end, nor by source, and none at all in an older ledger that is open for reading only: those are read from
    the rows.
    """
    dimension = _ALL if by is None else by.value
    if dimension in KEYS and keeps_sums(connection):
        over = [(_source(dimension, part.span), part) for part in parts(window)]
        stretches = [*over, (_rows(dimension, RUNNING_ROWS), Part("row", window.start, window.end))]
    else:
        stretches = [(_rows(dimension), part) for part in parts(window, ())]
    if not parts(window):
        return []
    sources = " UNION ALL ".join(source for source, _ in stretches)
    bounds = [bound for _, part in stretches for bound in (part.start, part.end)]
    return connection.execute(f"SELECT key, {_SUMMED} FROM ({sources}) GROUP BY key", bounds).fetchall()


def _source(dimension: str, span: str) -> str:
    if span == "row":
        return _rows(dimension, ENDED_ROWS)
    return (
        f"SELECT key, {', '.join(COLUMNS)} FROM spend_rollup "
        f"WHERE dimension = '{dimension}' AND span = '{span}' AND start >= ? AND start < ?"
    )


def _rows(dimension: str, only: str = "") -> str:
    """Return what the rows themselves add, `only` some; a request's tags are those of all its attempts."""
    table, keys = "token_spend AS r", dict(KEYS) | _READ
    if dimension == Dimension.TAG:
        table, key, request = f"{table} LEFT JOIN request_tag USING (request_id)", _TAG, KEYS[_ALL]
    else:
        key = request = keys[dimension]
    sums = ", ".join(f"{expression} AS {name}" for name, expression in row_sums(request, "r").items())
    # A plus keeps SQLite from the index of all rows where few are running, which have one of their own.
    aside = "+" if only == RUNNING_ROWS else ""
    within = f"{aside}r.started_at >= ? AND {aside}r.started_at < ?{' AND ' if only else ''}{only}"
    return f"SELECT {key.format(row='r')} AS key, {sums} FROM {table} WHERE {within}"


def differences(connection: Connection) -> list[str]:
    """Compute every sum again from the rows, and ask each corrected row; name what differs, in words.

    Reads the whole ledger. One from before the sums were kept as they are now is not looked at.
    """
    if not keeps_sums(connection):
        return []
    sums = [
        f"{dimension} {key or ''} in the {span} from {start}"
        for dimension in KEYS
        for span in SPANS
        for start, key in _differing(connection, dimension, span)
    ]
    for key, value, start in _other(connection, "tag_hour", TAG_KEY, TAG_SUMS):
        sums.append(f"tag {key}={value} in the hour from {start}")
    for start, task, tier, *_ in _other(connection, "lot_day", LOT_KEY, LOT_SUMS):
        sums.append(f"lots of {task or 'no task'} on {tier} in the day from {start}")
    return sums + adjustments.differences(connection)


def _differing(connection: Connection, dimension: str, span: str) -> list[tuple[int, str]]:
    """Return start and key of every cell that is stored and computed not exactly alike."""
    columns = f"dimension, span, start, key, {', '.join(COLUMNS)}"
    stored = f"SELECT {columns} FROM spend_rollup WHERE dimension = '{dimension}' AND span = '{span}'"
    both = f"{stored} UNION ALL {cells(dimension, span, ENDED_ROWS)}"
    found = connection.execute(f"SELECT start, key FROM ({both}) GROUP BY {columns} HAVING count(*) < 2")
    return sorted(set(found), key=lambda cell: (cell[0], str(cell[1])))


def _other(
    connection: Connection, table: str, key: Sequence[str], sums: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return the keys of the lines of a table whose sums are not those of the rows.

    A line that a correction has brought to nothing may be there or not.
    """
    names = (*key, *sums)
    negative = (*key, *(f"-{name}" for name in sums))
    unequal = " OR ".join(f"sum({name}) <> 0" for name in sums)
    query = (
        f"WITH computed ({', '.join(COMPUTED_COLUMNS[table])}) AS ({COMPUTED[table]}) "
        f"SELECT {', '.join(key)} FROM (SELECT {', '.join(names)} FROM {table} "
        f"UNION ALL SELECT {', '.join(negative)} FROM computed) GROUP BY {', '.join(key)} HAVING {unequal}"
    )
    return connection.execute(query).fetchall()
