"""Adds what has ended to the sums beside the rows: once for each group, inside the transaction of its rows.

Who settles, closes or corrects a row says so here and has the sums written before the commit, so no sum is
ever seen that differs from its rows. A running row is in no sum: there are few, and readers add them. There
are `spend_rollup`, by seven dimensions and three spans, `tag_hour`, and `lot_day`, the lots of a day. Reading
them is `rollups.py`, `budgets.py` and `history.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.rollup_tables import COLUMNS, KEYS, NO_KEY, SPANS, cells, row_sums

SIZES = (0, *(at for size in (32, 100, 128, 200, 256, 272) for at in (size * 1_000, size * 1_000 + 1)))
"""Where the prices of the catalogue change with the input, so where the lots of a day are divided."""
_TOKENS = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
)


class EndedRow(NamedTuple):
    """What sums take of a row that has ended; the fields are called what the columns are."""

    id: int
    request_id: str
    attempt: int
    started_at: int
    settled_at: int | None
    status: str
    tier: str
    provider: str
    model_requested: str
    deployment: str
    route: str
    task: str | None
    cost_nano_usd: int | None
    cost_source: str | None
    budget_nano_usd: int | None
    held_nano_usd: int | None
    estimate_nano_usd: int | None
    list_cost_nano_usd: int | None
    input_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    cache_write_1h_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None

    @property
    def figure(self) -> int:
        """What budgets count of it."""
        return self.budget_nano_usd if self.budget_nano_usd is not None else self.held_nano_usd or 0

    @property
    def paid(self) -> bool:
        """Whether it might have cost something."""
        return self.held_nano_usd != 0

    @property
    def expected(self) -> int:
        """What it was expected to cost while it ran."""
        return self.estimate_nano_usd if self.estimate_nano_usd is not None else self.held_nano_usd or 0

    @property
    def tokens(self) -> tuple[int | None, ...]:
        """Its counts, in the order of the columns."""
        return (
            self.input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.cache_write_1h_tokens,
            self.output_tokens,
            self.reasoning_tokens,
        )

    def keys(self) -> dict[str, str | bytes]:
        """Return what it is summed under, by dimension."""
        return {
            "all": NO_KEY,
            "tier": self.tier,
            "provider": self.provider,
            "model": self.model_requested,
            "deployment": self.deployment,
            "route": self.route,
            "task": NO_KEY if self.task is None else self.task,
        }


ENDED = ", ".join(EndedRow._fields)
_KEY_COLUMNS = "tier, provider, model_requested, deployment, route, coalesce(task, x'')"
_EARLIER = f"SELECT DISTINCT {_KEY_COLUMNS} FROM token_spend WHERE request_id = ? AND +id < ?"
LOT_KEY = ("start", "task", "tier", "deployment", "cost_source", "counted", "priced", "size")
"""What a lot of a day is: `counted` has token counts, `priced` a known cost, `size` is one of `SIZES`."""
LOT_SUMS = ("attempts", "requests", "cost_nano_usd", "list_nano_usd", "unlisted", *_TOKENS)
LOT_LAST = ("input_size", "ended_at")
"""Of one of its rows: the largest."""

LOT_DAY = f"""
CREATE TABLE lot_day (
  start INTEGER NOT NULL,
  task NOT NULL,
  tier TEXT NOT NULL,
  deployment TEXT NOT NULL,
  cost_source TEXT NOT NULL,
  counted INTEGER NOT NULL,
  priced INTEGER NOT NULL,
  size INTEGER NOT NULL,
  {", ".join(f"{name} INTEGER{'' if name in _TOKENS else ' NOT NULL'}" for name in (*LOT_SUMS, *LOT_LAST))},
  PRIMARY KEY ({", ".join(LOT_KEY)})
) WITHOUT ROWID"""


def _upsert(table: str, key: Sequence[str], sums: Sequence[str], largest: Sequence[str] = ()) -> str:
    names = (*key, *sums, *largest)
    added = [f"{name} = coalesce({name} + excluded.{name}, {name}, excluded.{name})" for name in sums]
    added += [f"{name} = max({name}, excluded.{name})" for name in largest]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(added)}"
    )


TAG_KEY = ("key", "value", "start")
TAG_SUMS = ("budget_nano_usd",)
_ADD_CELL = _upsert("spend_rollup", ("dimension", "span", "start", "key"), COLUMNS)
_ADD_TAG = _upsert("tag_hour", TAG_KEY, TAG_SUMS)
_ADD_LOT = _upsert("lot_day", LOT_KEY, LOT_SUMS, LOT_LAST)

_ADD_PAID = "UPDATE paid_second SET nano = nano + ? WHERE second = ?"
"""What the guard counts of a running call is what it will probably cost; once it has ended, what it did."""

_Sums = list[int | None]


@dataclass(slots=True)
class Sums:
    """What a transaction is to add to the sums."""

    _cells: dict[tuple[Any, ...], _Sums] = field(default_factory=dict)
    _tags: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _lots: dict[tuple[Any, ...], tuple[_Sums, list[int]]] = field(default_factory=dict)
    _paid: dict[int, int] = field(default_factory=dict)

    def ended(self, connection: Connection, rows: Iterable[EndedRow]) -> None:
        """Add rows that have ended just now."""
        for row in rows:
            self._add(connection, row, 1)
            if row.paid:
                second = row.started_at // 1000
                self._paid[second] = self._paid.get(second, 0) + row.figure - row.expected

    def corrected(self, connection: Connection, before: EndedRow, after: EndedRow) -> None:
        """Take an ended row out as it was, and add it as it is."""
        self._add(connection, before, -1)
        self._add(connection, after, 1)

    def write(self, connection: Connection) -> None:
        """Write what was added since the last time; before the transaction ends, and before sums are read."""
        for key, sums in self._spread():
            connection.execute(_ADD_CELL, (*key, *sums))
        for tag, nano in self._tags.items():
            connection.execute(_ADD_TAG, (*tag, nano))
        for lot, (sums, largest) in self._lots.items():
            connection.execute(_ADD_LOT, (*lot, *sums, *largest))
        for second, nano in self._paid.items():
            connection.execute(_ADD_PAID, (nano, second))
        self._cells, self._tags, self._lots, self._paid = {}, {}, {}, {}

    def _add(self, connection: Connection, row: EndedRow, sign: int) -> None:
        keys = row.keys()
        known = _known_before(connection, row) if row.attempt > 1 else {}
        answered, failed = row.status in _ANSWERED, row.status in _FAILED
        figures = (
            sign * (row.cost_nano_usd or 0),
            sign * (row.cost_nano_usd is None),
            sign * row.figure,
            sign * answered,
            sign * failed,
            *(None if each is None else sign * each for each in row.tokens),
        )
        quarter = row.started_at - row.started_at % SPANS["quarter"]
        for dimension, key in keys.items():
            first = key not in known.get(dimension, ())
            _plus(self._cells.setdefault((dimension, quarter, key), []), (sign, sign * first, *figures))
        self._add_tags(connection, row, sign)
        self._add_lot(row, sign, first=NO_KEY not in known.get("all", ()))

    def _add_tags(self, connection: Connection, row: EndedRow, sign: int) -> None:
        hour = row.started_at - row.started_at % SPANS["hour"]
        tags = "SELECT key, value FROM request_tag WHERE request_id = ?"
        for key, value in connection.execute(tags, (row.request_id,)).fetchall():
            self._tags[key, value, hour] = self._tags.get((key, value, hour), 0) + sign * row.figure

    def _add_lot(self, row: EndedRow, sign: int, *, first: bool) -> None:
        size = row.input_tokens or 0
        lot = (
            row.started_at - row.started_at % SPANS["day"],
            NO_KEY if row.task is None else row.task,
            row.tier,
            row.deployment,
            row.cost_source or "unknown",
            int(row.input_tokens is not None and row.output_tokens is not None),
            int(row.cost_nano_usd is not None),
            SIZES[bisect_right(SIZES, size) - 1],
        )
        sums, largest = self._lots.setdefault(lot, ([], [0, 0]))
        listed = row.list_cost_nano_usd
        counts = (sign, sign * first, sign * (row.cost_nano_usd or 0), sign * (listed or 0))
        tokens = (None if each is None else sign * each for each in row.tokens)
        _plus(sums, (*counts, sign * (listed is None), *tokens))
        ended_at = row.started_at if row.settled_at is None else row.settled_at
        largest[:] = max(largest[0], size), max(largest[1], ended_at)

    def _spread(self) -> Iterator[tuple[tuple[Any, ...], _Sums]]:
        """Yield the cells of all spans; a group's quarters lie in few hours."""
        for span, ms in SPANS.items():
            spread: dict[tuple[Any, ...], _Sums] = {}
            for (dimension, quarter, key), sums in self._cells.items():
                _plus(spread.setdefault((dimension, span, quarter - quarter % ms, key), []), sums)
            yield from spread.items()


_ANSWERED = frozenset({"ok", "failed", "truncated"})
_FAILED = frozenset({"failed", "truncated"})


def _plus(sums: _Sums, more: Sequence[int | None]) -> None:
    """Add `more` to `sums` in place; what is unknown adds nothing to what is known."""
    if not sums:
        sums[:] = more
        return
    for n, each in enumerate(more):
        if each is not None:
            sums[n] = each + (sums[n] or 0)


def _known_before(connection: Connection, row: EndedRow) -> dict[str, set[object]]:
    """Return the keys that earlier attempts of a row's request have, by dimension."""
    known: dict[str, set[object]] = {}
    for tier, provider, model, deployment, route, task in connection.execute(
        _EARLIER, (row.request_id, row.id)
    ):
        names = ("all", "tier", "provider", "model", "deployment", "route", "task")
        keys = (NO_KEY, tier, provider, model, deployment, route, task)
        for dimension, key in zip(names, keys, strict=True):
            known.setdefault(dimension, set()).add(key)
    return known


_FIGURE = "coalesce(r.budget_nano_usd, r.held_nano_usd, 0)"
ENDED_ROWS = "r.status <> 'open'"
_SIZES = " ".join(f"WHEN r.input_tokens >= {size} THEN {size}" for size in reversed(SIZES))
_TAG_CELLS = f"""
SELECT t.key, t.value, r.started_at - r.started_at % {SPANS["hour"]}, sum({_FIGURE})
FROM request_tag AS t JOIN token_spend AS r USING (request_id) WHERE {ENDED_ROWS} GROUP BY 1, 2, 3"""
_LOT_CELLS = f"""
SELECT r.started_at - r.started_at % {SPANS["day"]}, coalesce(r.task, x''), r.tier, r.deployment,
  coalesce(r.cost_source, 'unknown'), r.input_tokens IS NOT NULL AND r.output_tokens IS NOT NULL,
  r.cost_nano_usd IS NOT NULL, CASE {_SIZES} ELSE 0 END,
  count(*), sum({row_sums(KEYS["all"], "r")["requests"]}), coalesce(sum(r.cost_nano_usd), 0),
  coalesce(sum(r.list_cost_nano_usd), 0), sum(r.list_cost_nano_usd IS NULL),
  {", ".join(f"sum(r.{name})" for name in _TOKENS)},
  max(coalesce(r.input_tokens, 0)), max(coalesce(r.settled_at, r.started_at))
FROM token_spend AS r WHERE {ENDED_ROWS} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"""
COMPUTED = {"tag_hour": _TAG_CELLS, "lot_day": _LOT_CELLS}
"""What the rows add up to, by table; of all there are."""
COMPUTED_COLUMNS = {"tag_hour": (*TAG_KEY, *TAG_SUMS), "lot_day": (*LOT_KEY, *LOT_SUMS, *LOT_LAST)}


def rebuild(connection: Connection) -> None:
    """Compute every sum anew from the rows, inside a write transaction. Reads the whole ledger."""
    for table in ("spend_rollup", *COMPUTED):
        connection.execute(f"DELETE FROM {table}")
    into = f"INSERT INTO spend_rollup (dimension, span, start, key, {', '.join(COLUMNS)})"
    for dimension in KEYS:
        for span in reversed(SPANS):
            connection.execute(f"{into} {cells(dimension, span, ENDED_ROWS)}")
    for table, computed in COMPUTED.items():
        connection.execute(f"INSERT INTO {table} ({', '.join(COMPUTED_COLUMNS[table])}) {computed}")
