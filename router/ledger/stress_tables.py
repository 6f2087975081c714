"""What migration 16 makes: what stress tests found. SQL only, and frozen with that migration."""

from __future__ import annotations

from router.ledger.sqlite import Connection

# A run is the rows of one `run_id`. A verdict of NULL: stopped before anything was wrong.
_STRESS_RESULT = """
CREATE TABLE stress_result (
  run_id TEXT NOT NULL,
  deployment TEXT NOT NULL,
  model TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  pattern TEXT NOT NULL,
  requests INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,
  letters TEXT NOT NULL,
  sent INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  timeouts INTEGER NOT NULL,
  rate_limited INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  ttft_p50_ms INTEGER,
  duration_p50_ms INTEGER,
  verdict TEXT,
  cause TEXT,
  evidence TEXT NOT NULL,
  stopped TEXT,
  learned_rpm INTEGER,
  cost_nano_usd INTEGER,
  PRIMARY KEY (run_id, deployment)
) WITHOUT ROWID"""

_STRESS_ATTEMPT = """
CREATE TABLE stress_attempt (
  run_id TEXT NOT NULL,
  deployment TEXT NOT NULL,
  n INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (run_id, deployment, n)
) WITHOUT ROWID"""


def make(connection: Connection) -> None:
    """Make the tables and their indexes."""
    connection.execute(_STRESS_RESULT)
    connection.execute("CREATE INDEX stress_result_started_at ON stress_result (started_at)")
    connection.execute("CREATE INDEX stress_result_deployment ON stress_result (deployment, started_at)")
    connection.execute(_STRESS_ATTEMPT)
