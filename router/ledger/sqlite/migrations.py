"""The ledger's tables, as migrations. Append only: a migration that has been released never changes.

Imported by `schema.migrate` alone. A new migration needs `schema.VERSION` one higher.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from router.ledger.sqlite import rollup_tables, sums, tables
from router.ledger.sqlite.driver import Connection

LEDGER = Migrations("ledger")


def apply(connection: Connection) -> None:
    """Apply what is pending. Call it inside a write transaction: sqlite-utils then nests in it."""
    LEDGER.apply(Database(connection, execute_plugins=False))


@LEDGER()
def m001_token_spend(db: Database) -> None:
    """One row per attempt, the tags of a request, and corrections of what was settled wrong."""
    db.execute(tables.TOKEN_SPEND)
    db.execute("CREATE INDEX token_spend_started_at ON token_spend (started_at)")
    db.execute("CREATE INDEX token_spend_open ON token_spend (owner) WHERE status = 'open'")
    db.execute(tables.REQUEST_TAG)
    db.execute(tables.ADJUSTMENT)
    db.execute("CREATE INDEX adjustment_attempt ON adjustment (request_id, attempt)")


@LEDGER()
def m002_shared_state(db: Database) -> None:
    """What processes share of their deployments: health, learned limits, and what limits are counted by."""
    db.execute(tables.HEALTH)
    db.execute(tables.LEARNED_LIMIT)
    db.execute("ALTER TABLE token_spend ADD COLUMN estimate_tokens INTEGER")
    db.execute("CREATE INDEX token_spend_deployment ON token_spend (deployment, started_at)")


@LEDGER()
def m003_budgets(db: Database) -> None:
    """Sums per tag kept by triggers, pauses of the runaway guard, leases of jobs."""
    assert isinstance(db.conn, Connection)
    _make_budget(db.conn)


@LEDGER()
def m004_rollups(db: Database) -> None:
    """Sums per hour and day, kept by triggers, and the sums of the rows that are there."""
    assert isinstance(db.conn, Connection)
    rollup_tables.make(db.conn)


@LEDGER()
def m005_check_results(db: Database) -> None:
    """Whether an attempt's answer passed each check of its route."""
    db.execute(tables.CHECK_RESULT)


@LEDGER()
def m006_ratings(db: Database) -> None:
    """Whether somebody found a request's answer good."""
    db.execute(tables.RATING)


@LEDGER()
def m007_kept_answers(db: Database) -> None:
    """Answers of routes that let them stand in when nobody can serve."""
    db.execute(tables.KEPT_ANSWER)
    db.execute("CREATE INDEX kept_answer_kept_at ON kept_answer (kept_at)")


@LEDGER()
def m008_soft_holds(db: Database) -> None:
    """What soft budgets count of a running attempt, beside the bound that hard ones count."""
    db.execute("ALTER TABLE token_spend ADD COLUMN soft_held_nano_usd INTEGER")


@LEDGER()
def m009_full_until(db: Database) -> None:
    """Which deployments' providers say that a limit is used up, and until when."""
    db.execute(tables.FULL_UNTIL)


@LEDGER()
def m010_plain_input(db: Database) -> None:
    """What a call's text alone suggested of its input, to be compared with what the wire counted."""
    db.execute("ALTER TABLE token_spend ADD COLUMN plain_input_tokens INTEGER")


@LEDGER()
def m011_bills(db: Database) -> None:
    """An index of the calls whose provider reported a cost that could be computed too."""
    db.execute(
        "CREATE INDEX token_spend_reported ON token_spend (deployment, started_at) "
        "WHERE cost_source = 'provider_reported' AND list_cost_nano_usd > 0"
    )


@LEDGER()
def m012_alerts(db: Database) -> None:
    """What somebody was to be told of, and which hooks were told."""
    db.execute(tables.ALERT)
    db.execute(tables.ALERT_TOLD)
    db.execute("CREATE INDEX alert_at ON alert (at)")


@LEDGER()
def m013_clock(db: Database) -> None:
    """By which the rests are moved when somebody sets the clock."""
    db.execute("CREATE TABLE clock (boot TEXT PRIMARY KEY, ahead_ms INTEGER NOT NULL) WITHOUT ROWID")


@LEDGER()
def m014_adjustments(db: Database) -> None:
    """A correction is laid over its row, and keeps what stood there before."""
    db.execute("ALTER TABLE adjustment ADD COLUMN was_cost_nano_usd INTEGER")
    db.execute("ALTER TABLE adjustment ADD COLUMN was_cost_source TEXT")
    db.execute(tables.ADJUSTMENT_MADE)


@LEDGER()
def m015_offers(db: Database) -> None:
    """What providers were asked, which models they list, what is left of what is free."""
    db.execute(tables.OFFER_READING)
    db.execute(tables.LISTED_MODEL)
    db.execute(tables.ALLOWANCE)


@LEDGER()
def m016_stress(db: Database) -> None:
    """What stress tests found: a row per target of a run, and which attempts were its requests."""
    db.execute(tables.STRESS_RESULT)
    db.execute("CREATE INDEX stress_result_started_at ON stress_result (started_at)")
    db.execute("CREATE INDEX stress_result_deployment ON stress_result (deployment, started_at)")
    db.execute(tables.STRESS_ATTEMPT)


@LEDGER()
def m017_tests_apart(db: Database) -> None:
    """An index of the requests of stress tests: their failures are no live calls'."""
    db.execute("CREATE INDEX token_spend_stress ON token_spend (started_at) WHERE source = 'stress'")


@LEDGER()
def m018_doubts(db: Database) -> None:
    """Answers that somebody complained about."""
    db.execute(tables.DOUBT)


@LEDGER()
def m019_heartbeats(db: Database) -> None:
    """When each process with running calls last said that it lives."""
    db.execute("CREATE TABLE owner_beat (owner TEXT PRIMARY KEY, beat_at INTEGER NOT NULL) WITHOUT ROWID")


@LEDGER()
def m020_sums_of_what_has_ended(db: Database) -> None:
    """Sums without running rows, kept by who writes; the lots of each day; what the guard counts."""
    for trigger in ("token_spend_inserted", "token_spend_settled"):
        db.execute(f"DROP TRIGGER {trigger}")
    for trigger in ("tag_hour_admitted", "tag_hour_settled", "tag_hour_tagged"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute(sums.LOT_DAY)
    db.execute(tables.PAID_SECOND)
    db.execute(tables.PAID_PROMPT)
    db.execute("CREATE INDEX paid_prompt_second ON paid_prompt (second)")
    assert isinstance(db.conn, Connection)
    sums.rebuild(db.conn)


@LEDGER()
def m021_leases(db: Database) -> None:
    """What processes hold of budgets and limits for calls that have no row yet."""
    db.execute(tables.BUDGET_LEASE)


_HOUR_MS = 3_600_000

_FIGURE = "coalesce({row}.budget_nano_usd, {row}.held_nano_usd, 0)"
"""What budgets count of a row: its figure once it has settled, what it holds until then."""


def _make_budget(connection: Connection) -> None:
    """Make the tables, indexes and triggers, with the sums of the rows that are there."""
    for table in (tables.TAG_HOUR, tables.GUARD_PAUSE, tables.JOB_LEASE):
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
SELECT t.key, t.value, r.started_at - r.started_at % {_HOUR_MS}, sum({figure})
FROM {rows}{where} GROUP BY 1, 2, 3
ON CONFLICT (key, value, start) DO UPDATE SET budget_nano_usd = budget_nano_usd + excluded.budget_nano_usd"""
