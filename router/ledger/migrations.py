"""The ledger's tables, as migrations. Append only: a migration that has been released never changes.

Imported by `schema.migrate` alone. A new migration needs `schema.VERSION` one higher.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from router.ledger import adjustments, budget_tables, offer_tables, rollup_tables, stress_tables
from router.ledger.sqlite import Connection

LEDGER = Migrations("ledger")


def apply(connection: Connection) -> None:
    """Apply what is pending. Call it inside a write transaction: sqlite-utils then nests in it."""
    LEDGER.apply(Database(connection, execute_plugins=False))


@LEDGER()
def m001_token_spend(db: Database) -> None:
    """One row per attempt, the tags of a request, and corrections of what was settled wrong."""
    db.execute(_TOKEN_SPEND)
    db.execute("CREATE INDEX token_spend_started_at ON token_spend (started_at)")
    db.execute("CREATE INDEX token_spend_open ON token_spend (owner) WHERE status = 'open'")
    db.execute(_REQUEST_TAG)
    db.execute(_ADJUSTMENT)
    db.execute("CREATE INDEX adjustment_attempt ON adjustment (request_id, attempt)")


@LEDGER()
def m002_shared_state(db: Database) -> None:
    """What processes share of their deployments: health, learned limits, and what limits are counted by."""
    db.execute(_HEALTH)
    db.execute(_LEARNED_LIMIT)
    db.execute("ALTER TABLE token_spend ADD COLUMN estimate_tokens INTEGER")
    db.execute("CREATE INDEX token_spend_deployment ON token_spend (deployment, started_at)")


@LEDGER()
def m003_budgets(db: Database) -> None:
    """Sums per tag kept by triggers, pauses of the runaway guard, leases of jobs."""
    budget_tables.make(db.conn)


@LEDGER()
def m004_rollups(db: Database) -> None:
    """Sums per hour and day, kept by triggers, and the sums of the rows that are there."""
    rollup_tables.make(db.conn)


@LEDGER()
def m005_check_results(db: Database) -> None:
    """Whether an attempt's answer passed each check of its route."""
    db.execute(_CHECK_RESULT)


@LEDGER()
def m006_ratings(db: Database) -> None:
    """Whether somebody found a request's answer good."""
    db.execute(_RATING)


@LEDGER()
def m007_kept_answers(db: Database) -> None:
    """Answers of routes that let them stand in when nobody can serve."""
    db.execute(_KEPT_ANSWER)
    db.execute("CREATE INDEX kept_answer_kept_at ON kept_answer (kept_at)")


@LEDGER()
def m008_soft_holds(db: Database) -> None:
    """What soft budgets count of a running attempt, beside the bound that hard ones count."""
    db.execute("ALTER TABLE token_spend ADD COLUMN soft_held_nano_usd INTEGER")


@LEDGER()
def m009_full_until(db: Database) -> None:
    """Which deployments' providers say that a limit is used up, and until when."""
    db.execute(_FULL_UNTIL)


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
    db.execute(_ALERT)
    db.execute(_ALERT_TOLD)
    db.execute("CREATE INDEX alert_at ON alert (at)")


@LEDGER()
def m013_clock(db: Database) -> None:
    """By which the rests are moved when somebody sets the clock."""
    db.execute("CREATE TABLE clock (boot TEXT PRIMARY KEY, ahead_ms INTEGER NOT NULL) WITHOUT ROWID")


@LEDGER()
def m014_adjustments(db: Database) -> None:
    """A correction is laid over its row, and keeps what stood there before."""
    adjustments.make(db.conn)


@LEDGER()
def m015_offers(db: Database) -> None:
    """What providers were asked, which models they list, what is left of what is free."""
    offer_tables.make(db.conn)


@LEDGER()
def m016_stress(db: Database) -> None:
    """What stress tests found: a row per target of a run, and which attempts were its requests."""
    stress_tables.make(db.conn)


@LEDGER()
def m017_tests_apart(db: Database) -> None:
    """An index of the requests of stress tests: their failures are no live calls'."""
    db.execute("CREATE INDEX token_spend_stress ON token_spend (started_at) WHERE source = 'stress'")


# Times in milliseconds since 1970 UTC, money in nano-dollars; NULL is unknown, never 0.
_TOKEN_SPEND = """
CREATE TABLE token_spend (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  settled_at INTEGER,
  session_id TEXT,
  source TEXT NOT NULL,
  gateway_key_id TEXT,
  task TEXT,
  level TEXT,
  language TEXT,
  route TEXT NOT NULL,
  tier TEXT NOT NULL,
  deployment TEXT NOT NULL,
  provider TEXT NOT NULL,
  model_requested TEXT NOT NULL,
  model_served TEXT,
  provider_request_id TEXT,
  billing TEXT NOT NULL,
  service_tier TEXT,
  status TEXT NOT NULL,
  failure_class TEXT,
  http_status INTEGER,
  input_tokens INTEGER,
  cache_read_tokens INTEGER,
  cache_write_tokens INTEGER,
  cache_write_1h_tokens INTEGER,
  output_tokens INTEGER,
  reasoning_tokens INTEGER,
  usage_source TEXT,
  usage_raw_json TEXT,
  cost_nano_usd INTEGER,
  cost_source TEXT,
  budget_nano_usd INTEGER,
  held_nano_usd INTEGER,
  estimate_nano_usd INTEGER,
  settled_estimate_nano_usd INTEGER,
  list_cost_nano_usd INTEGER,
  price_version TEXT,
  rates_json TEXT,
  ttft_ms INTEGER,
  duration_ms INTEGER,
  finish_reason TEXT,
  prompt_fingerprint TEXT,
  prefix_fingerprint TEXT,
  owner TEXT NOT NULL,
  why_json TEXT,
  UNIQUE (request_id, attempt)
)"""

_REQUEST_TAG = """
CREATE TABLE request_tag (
  request_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (request_id, key, value)
) WITHOUT ROWID"""

# What an attempt is known to have cost after it was settled otherwise; the newest one holds.
_ADJUSTMENT = """
CREATE TABLE adjustment (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  adjusted_at INTEGER NOT NULL,
  cost_nano_usd INTEGER,
  cost_source TEXT NOT NULL,
  evidence TEXT NOT NULL,
  FOREIGN KEY (request_id, attempt) REFERENCES token_spend (request_id, attempt)
)"""

# A scope nobody was ever in trouble with has no row. `failed_ms` is a JSON list of moments.
_HEALTH = """
CREATE TABLE health (
  scope TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  until_ms INTEGER,
  strikes INTEGER NOT NULL,
  healthy_since_ms INTEGER NOT NULL,
  failed_ms TEXT NOT NULL,
  reason TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID"""

_LEARNED_LIMIT = """
CREATE TABLE learned_limit (
  deployment TEXT NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  value INTEGER NOT NULL,
  confidence REAL NOT NULL,
  learned_at INTEGER NOT NULL,
  PRIMARY KEY (deployment, kind, source)
) WITHOUT ROWID"""

_CHECK_RESULT = """
CREATE TABLE check_result (
  request_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  passed INTEGER NOT NULL,
  PRIMARY KEY (request_id, attempt, name)
) WITHOUT ROWID"""

_RATING = """
CREATE TABLE rating (
  request_id TEXT NOT NULL,
  rated_at INTEGER NOT NULL,
  good INTEGER NOT NULL,
  PRIMARY KEY (request_id)
) WITHOUT ROWID"""

# The only text of an answer that is stored anywhere; rows come from routes with `cache: true` alone.
_KEPT_ANSWER = """
CREATE TABLE kept_answer (
  key TEXT NOT NULL PRIMARY KEY,
  text TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
)"""

# The scope is a deployment's own, as in `health`: who ends its rest ends this as well.
_FULL_UNTIL = """
CREATE TABLE full_until (
  scope TEXT NOT NULL PRIMARY KEY,
  what TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID"""

# One row for each time that a key rises to a higher rank: half a budget, four fifths of it, all of it.
_ALERT = """
CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  rank INTEGER NOT NULL,
  event TEXT NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  details_json TEXT NOT NULL,
  UNIQUE (key, rank)
)"""

_ALERT_TOLD = """
CREATE TABLE alert_told (
  alert_id INTEGER NOT NULL REFERENCES alert (id),
  hook TEXT NOT NULL,
  tries INTEGER NOT NULL,
  tried_at INTEGER NOT NULL,
  told_at INTEGER,
  error TEXT,
  PRIMARY KEY (alert_id, hook)
) WITHOUT ROWID"""
