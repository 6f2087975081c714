"""What migration 3 makes: sums of what tags cost, pauses of the runaway guard, and the leases of jobs.

SQL only, and frozen with that migration. Tags stand in a table of their own, so a budget on one would read
every row that ever had it; these sums per hour are kept by triggers, inside the transaction of the row they
follow, and can never be seen to differ from it.
"""

from __future__ import annotations

from router.ledger.sqlite import Connection

HOUR_MS = 3_600_000

_FIGURE = "coalesce({row}.budget_nano_usd, {row}.held_nano_usd, 0)"
"""What budgets count of a row: its figure once it has settled, what it holds until then."""

_TAG_HOUR = """
CREATE TABLE tag_hour (
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  start INTEGER NOT NULL,
  budget_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (key, value, start)
) WITHOUT ROWID"""

_GUARD_PAUSE = """
CREATE TABLE guard_pause (
  id INTEGER PRIMARY KEY,
  everyone INTEGER NOT NULL,
  session_id TEXT,
  paused_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  lifted_at INTEGER
)"""

_JOB_LEASE = """
CREATE TABLE job_lease (
  job TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID"""


def make(connection: Connection) -> None:
    """Make the tables, indexes and triggers, with the sums of the rows that are there."""
    for table in (_TAG_HOUR, _GUARD_PAUSE, _JOB_LEASE):
        connection.execute(table)
    connection.execute("CREATE INDEX token_spend_session ON token_spend (session_id, started_at)")
    connection.execute(
        "CREATE INDEX token_spend_no_figure ON token_spend (started_at) "
        "WHERE budget_nano_usd IS NULL AND held_nano_usd IS NULL"
    )
    figure, before = (_FIGURE.format(row=row) for row in ("r", "OLD"))
    every = "request_tag AS t JOIN token_spend AS r USING (request_id)"
    connection.execute(_added(figure, every))
    # A request's tags come after its first row and before its next ones: whichever is second adds the figure.
    of_row = f"{every} WHERE r.id = NEW.id"
    of_tag = f"{every} WHERE t.request_id = NEW.request_id AND t.key = NEW.key AND t.value = NEW.value"
    for name, event, added in (
        ("tag_hour_admitted", "INSERT ON token_spend", _added(figure, of_row)),
        (
            "tag_hour_settled",
            "UPDATE OF budget_nano_usd, held_nano_usd ON token_spend",
            _added(f"{figure} - {before}", of_row),
        ),
        ("tag_hour_tagged", "INSERT ON request_tag", _added(figure, of_tag)),
    ):
        connection.execute(f"CREATE TRIGGER {name} AFTER {event} BEGIN {added}; END")


def _added(figure: str, rows: str) -> str:
    """Return the statement that adds a figure of `rows`, tags `t` joined with rows `r`, to their hours."""
    where = "" if " WHERE " in rows else " WHERE true"  # else ON CONFLICT reads as a join's ON
    return f"""
INSERT INTO tag_hour (key, value, start, budget_nano_usd)
SELECT t.key, t.value, r.started_at - r.started_at % {HOUR_MS}, sum({figure})
FROM {rows}{where} GROUP BY 1, 2, 3
ON CONFLICT (key, value, start) DO UPDATE SET budget_nano_usd = budget_nano_usd + excluded.budget_nano_usd"""
