"""What migration 4 makes: sums of `token_spend` per quarter, hour and day.

SQL only, and frozen with that migration. Its triggers go with migration 20; now `sums.py` keeps the sums, and
`rollups.py` reads them.

A cell is one (dimension, span, start, key). A request is counted in the cell of its first attempt with that
key: so hours add up to days and days to months, and none is counted twice because it was retried past
midnight. Nothing ever takes back a token count once it is known; rows are not deleted.
"""

from __future__ import annotations

from router.ledger.sqlite.driver import Connection

SPANS = {"day": 24 * 3_600_000, "hour": 3_600_000, "quarter": 900_000}
"""Milliseconds, longest first; each is made of the next. Every zone is whole quarters from UTC."""
NO_KEY = b""
"""Stands for no value: no text equals an empty blob."""

KEYS = {
    "all": "x''",
    "tier": "{row}.tier",
    "provider": "{row}.provider",
    "model": "{row}.model_requested",
    "deployment": "{row}.deployment",
    "route": "{row}.route",
    "task": "coalesce({row}.task, x'')",
}
"""What is summed by, as an expression over a row."""

_TOKENS = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
)
_ADDED = {
    "cost_nano_usd": "coalesce({row}.cost_nano_usd, 0)",
    "unknown_cost_attempts": "({row}.status <> 'open' AND {row}.cost_nano_usd IS NULL)",
    "budget_nano_usd": "coalesce({row}.budget_nano_usd, {row}.held_nano_usd, 0)",
    "answered": "({row}.status IN ('ok', 'failed', 'truncated'))",
    "failures": "({row}.status IN ('failed', 'truncated'))",
}
"""What a row adds to its cells, as an expression over `row`; a running one adds what it holds."""

COLUMNS = ("attempts", "requests", *_ADDED, *_TOKENS)
"""The sums of a cell. A token count is NULL while no row of the cell has one."""

_TABLE = f"""
CREATE TABLE spend_rollup (
  dimension TEXT NOT NULL,
  span TEXT NOT NULL,
  start INTEGER NOT NULL,
  key NOT NULL,
  attempts INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  {", ".join(f"{name} INTEGER NOT NULL" for name in _ADDED)},
  {", ".join(f"{name} INTEGER" for name in _TOKENS)},
  PRIMARY KEY (dimension, span, start, key)
) WITHOUT ROWID"""


def row_sums(key: str, row: str) -> dict[str, str]:
    """Return what a row alone adds, by column, as expressions over `row`, an alias; `key` is one of `KEYS`.

    The plus signs keep SQLite from looking for the rows of a request by any other index than the request's.
    """
    first = (
        f"(NOT EXISTS (SELECT 1 FROM token_spend AS earlier WHERE earlier.request_id = {row}.request_id "
        f"AND +earlier.id < {row}.id AND {key.format(row='+earlier')} = {key.format(row=row)}))"
    )
    return {
        "attempts": "1",
        "requests": first,
        **{name: expression.format(row=row) for name, expression in _ADDED.items()},
        **{name: f"{row}.{name}" for name in _TOKENS},
    }


def _trigger(name: str, event: str, change: dict[str, dict[str, str]]) -> str:
    """Return a trigger that adds a change to the row's cells; `change` is per dimension, then per column."""
    lines = " UNION ALL ".join(
        f"SELECT '{dimension}' AS dimension, {key.format(row='NEW')} AS key, "
        f"{', '.join(f'{expression} AS {column}' for column, expression in change[dimension].items())}"
        for dimension, key in KEYS.items()
    )
    spans = " UNION ALL ".join(f"SELECT '{span}' AS span, {ms} AS ms" for span, ms in SPANS.items())
    added = ", ".join(
        f"{column} = coalesce({column} + excluded.{column}, {column}, excluded.{column})"
        for column in COLUMNS
    )
    return f"""
CREATE TRIGGER {name} AFTER {event} ON token_spend BEGIN
  INSERT INTO spend_rollup (dimension, span, start, key, {", ".join(COLUMNS)})
  SELECT line.dimension, spans.span, NEW.started_at - NEW.started_at % spans.ms, line.key,
    {", ".join(f"line.{column}" for column in COLUMNS)}
  FROM ({spans}) AS spans, ({lines}) AS line
  WHERE true
  ON CONFLICT (dimension, span, start, key) DO UPDATE SET {added};
END"""


def _settled() -> dict[str, str]:
    """Return what a row adds by being updated: the difference to what it added before."""
    return {
        "attempts": "0",
        "requests": "0",
        **{name: f"{e.format(row='NEW')} - {e.format(row='OLD')}" for name, e in _ADDED.items()},
        **{name: f"NEW.{name} - coalesce(OLD.{name}, 0)" for name in _TOKENS},
    }


def cells(dimension: str, span: str, rows: str = "true") -> str:
    """Return the query that computes a dimension's cells: quarters from the rows, the rest from quarters.

    `rows` is the condition on a row `r` to be counted.
    """
    if span == "quarter":
        key = KEYS[dimension]
        sums = ", ".join(f"sum({expression})" for expression in row_sums(key, "r").values())
        source, start, key = f"token_spend AS r WHERE {rows}", "r.started_at", key.format(row="r")
    else:
        sums = ", ".join(f"sum({column})" for column in COLUMNS)
        where = f"WHERE dimension = '{dimension}' AND span = 'quarter'"
        source, start, key = f"spend_rollup {where}", "start", "key"
    return (
        f"SELECT '{dimension}', '{span}', {start} - {start} % {SPANS[span]}, {key}, {sums} "
        f"FROM {source} GROUP BY 3, 4"
    )


def make(connection: Connection) -> None:
    """Make the table and its triggers, with the sums of the rows that are there."""
    connection.execute(_TABLE)
    fill(connection)
    changed = ", ".join(("status", "cost_nano_usd", "budget_nano_usd", "held_nano_usd", *_TOKENS))
    inserted = {dimension: row_sums(key, "NEW") for dimension, key in KEYS.items()}
    settled = dict.fromkeys(KEYS, _settled())
    connection.execute(_trigger("token_spend_inserted", "INSERT", inserted))
    connection.execute(_trigger("token_spend_settled", f"UPDATE OF {changed}", settled))


def fill(connection: Connection) -> None:
    """Compute every cell from the rows; the table must be empty."""
    into = f"INSERT INTO spend_rollup (dimension, span, start, key, {', '.join(COLUMNS)})"
    for dimension in KEYS:
        for span in reversed(SPANS):
            connection.execute(f"{into} {cells(dimension, span)}")
