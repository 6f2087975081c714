"""The ledger's tables, as migrations. Append only: a migration that has been released never changes.

Imported by `schema.migrate` alone. A new migration needs `schema.VERSION` one higher.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

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
