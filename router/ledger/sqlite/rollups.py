"""Reading the sums of the ledger: a window as days, hours, quarters and the rows at its ragged edges.

Exact for every window: what no whole quarter covers is added from the rows, by the same expressions. Local
days have no such edges, for zones are whole quarters from UTC. What a cell holds, and who keeps it, is
`rollup_tables.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.core.records.spend import Dimension, Window
from router.ledger.sqlite import adjustments
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rollup_tables import COLUMNS, KEYS, SPANS, cells, row_sums

_ALL = "all"
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
    stretches = parts(window)
    if dimension not in KEYS or not _has_rollups(connection):
        stretches = parts(window, ())
    if not stretches:
        return []
    sources = " UNION ALL ".join(_source(dimension, part.span) for part in stretches)
    bounds = [bound for part in stretches for bound in (part.start, part.end)]
    return connection.execute(f"SELECT key, {_SUMMED} FROM ({sources}) GROUP BY key", bounds).fetchall()


def _has_rollups(connection: Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'spend_rollup'").fetchone()
    return found is not None


def _source(dimension: str, span: str) -> str:
    if span == "row":
        return _rows(dimension)
    return (
        f"SELECT key, {', '.join(COLUMNS)} FROM spend_rollup "
        f"WHERE dimension = '{dimension}' AND span = '{span}' AND start >= ? AND start < ?"
    )


def _rows(dimension: str) -> str:
    """Return what the rows themselves add; a request's tags are those of all its attempts."""
    table, keys = "token_spend AS r", dict(KEYS) | _READ
    if dimension == Dimension.TAG:
        table, key, request = f"{table} LEFT JOIN request_tag USING (request_id)", _TAG, KEYS[_ALL]
    else:
        key = request = keys[dimension]
    sums = ", ".join(f"{expression} AS {name}" for name, expression in row_sums(request, "r").items())
    within = "r.started_at >= ? AND r.started_at < ?"
    return f"SELECT {key.format(row='r')} AS key, {sums} FROM {table} WHERE {within}"


def differences(connection: Connection) -> list[str]:
    """Compute every sum again from the rows, and ask each corrected row; name what differs, in words.

    Reads the whole ledger.
    """
    if not _has_rollups(connection):
        return []
    sums = [
        f"{dimension} {key or ''} in the {span} from {start}"
        for dimension in KEYS
        for span in SPANS
        for start, key in _differing(connection, dimension, span)
    ]
    return sums + adjustments.differences(connection)


def _differing(connection: Connection, dimension: str, span: str) -> list[tuple[int, str]]:
    """Return start and key of every cell that is stored and computed not exactly alike."""
    columns = f"dimension, span, start, key, {', '.join(COLUMNS)}"
    stored = f"SELECT {columns} FROM spend_rollup WHERE dimension = '{dimension}' AND span = '{span}'"
    both = f"{stored} UNION ALL {cells(dimension, span)}"
    found = connection.execute(f"SELECT start, key FROM ({both}) GROUP BY {columns} HAVING count(*) < 2")
    return sorted(set(found), key=lambda cell: (cell[0], str(cell[1])))
