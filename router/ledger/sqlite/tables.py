"""What the migrations make: the tables as SQL. Frozen with the migration that makes each."""

from __future__ import annotations

# Times in milliseconds since 1970 UTC, money in nano-dollars; NULL is unknown, never 0.
TOKEN_SPEND = """
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

REQUEST_TAG = """
CREATE TABLE request_tag (
  request_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (request_id, key, value)
) WITHOUT ROWID"""

# What an attempt is known to have cost after it was settled otherwise; the newest one holds.
ADJUSTMENT = """
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
HEALTH = """
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

LEARNED_LIMIT = """
CREATE TABLE learned_limit (
  deployment TEXT NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  value INTEGER NOT NULL,
  confidence REAL NOT NULL,
  learned_at INTEGER NOT NULL,
  PRIMARY KEY (deployment, kind, source)
) WITHOUT ROWID"""

CHECK_RESULT = """
CREATE TABLE check_result (
  request_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  passed INTEGER NOT NULL,
  PRIMARY KEY (request_id, attempt, name)
) WITHOUT ROWID"""

RATING = """
CREATE TABLE rating (
  request_id TEXT NOT NULL,
  rated_at INTEGER NOT NULL,
  good INTEGER NOT NULL,
  PRIMARY KEY (request_id)
) WITHOUT ROWID"""

DOUBT = """
CREATE TABLE doubt (
  request_id TEXT NOT NULL,
  doubted_at INTEGER NOT NULL,
  PRIMARY KEY (request_id)
) WITHOUT ROWID"""

# The only text of an answer that is stored anywhere; rows come from routes with `cache: true` alone.
KEPT_ANSWER = """
CREATE TABLE kept_answer (
  key TEXT NOT NULL PRIMARY KEY,
  text TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  deployment TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
)"""

# The scope is a deployment's own, as in `health`: who ends its rest ends this as well.
FULL_UNTIL = """
CREATE TABLE full_until (
  scope TEXT NOT NULL PRIMARY KEY,
  what TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID"""

# One row for each time that a key rises to a higher rank: half a budget, four fifths of it, all of it.
ALERT = """
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

ALERT_TOLD = """
CREATE TABLE alert_told (
  alert_id INTEGER NOT NULL REFERENCES alert (id),
  hook TEXT NOT NULL,
  tries INTEGER NOT NULL,
  tried_at INTEGER NOT NULL,
  told_at INTEGER,
  error TEXT,
  PRIMARY KEY (alert_id, hook)
) WITHOUT ROWID"""


OFFER_READING = """
CREATE TABLE offer_reading (
  provider TEXT NOT NULL,
  asked TEXT NOT NULL,
  tried_at INTEGER NOT NULL,
  read_at INTEGER,
  problem TEXT,
  PRIMARY KEY (provider, asked)
) WITHOUT ROWID"""

# Rates in dollars per million tokens, as decimal text.
LISTED_MODEL = """
CREATE TABLE listed_model (
  provider TEXT NOT NULL,
  name TEXT NOT NULL,
  input_mtok TEXT,
  output_mtok TEXT,
  context_window INTEGER,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (provider, name)
) WITHOUT ROWID"""

ALLOWANCE = """
CREATE TABLE allowance (
  provider TEXT NOT NULL PRIMARY KEY,
  used INTEGER NOT NULL,
  allowed INTEGER NOT NULL,
  read_at INTEGER NOT NULL
) WITHOUT ROWID"""


# A run is the rows of one `run_id`. A verdict of NULL: stopped before anything was wrong.
STRESS_RESULT = """
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

STRESS_ATTEMPT = """
CREATE TABLE stress_attempt (
  run_id TEXT NOT NULL,
  deployment TEXT NOT NULL,
  n INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (run_id, deployment, n)
) WITHOUT ROWID"""


TAG_HOUR = """
CREATE TABLE tag_hour (
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  start INTEGER NOT NULL,
  budget_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (key, value, start)
) WITHOUT ROWID"""

GUARD_PAUSE = """
CREATE TABLE guard_pause (
  id INTEGER PRIMARY KEY,
  everyone INTEGER NOT NULL,
  session_id TEXT,
  paused_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  lifted_at INTEGER
)"""

# What a paid call is expected to cost while it runs, then what it cost; under the second it started in.
PAID_SECOND = """
CREATE TABLE paid_second (
  second INTEGER PRIMARY KEY,
  nano INTEGER NOT NULL,
  requests INTEGER NOT NULL
)"""

PAID_PROMPT = """
CREATE TABLE paid_prompt (
  session NOT NULL,
  prompt NOT NULL,
  second INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  PRIMARY KEY (session, prompt, second)
) WITHOUT ROWID"""

# Of one process and one budget or limit; in what that counts: nano-dollars, requests, tokens, calls at once.
BUDGET_LEASE = """
CREATE TABLE budget_lease (
  scope TEXT NOT NULL,
  owner TEXT NOT NULL,
  amount INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  PRIMARY KEY (scope, owner)
) WITHOUT ROWID"""

JOB_LEASE = """
CREATE TABLE job_lease (
  job TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID"""


ADJUSTMENT_MADE = """
CREATE TRIGGER adjustment_made AFTER INSERT ON adjustment BEGIN
  UPDATE adjustment SET (was_cost_nano_usd, was_cost_source) = (
    SELECT cost_nano_usd, cost_source FROM token_spend
    WHERE request_id = NEW.request_id AND attempt = NEW.attempt)
  WHERE id = NEW.id;
  UPDATE token_spend SET cost_nano_usd = NEW.cost_nano_usd, cost_source = NEW.cost_source,
    budget_nano_usd = coalesce(NEW.cost_nano_usd, settled_estimate_nano_usd, held_nano_usd)
  WHERE request_id = NEW.request_id AND attempt = NEW.attempt AND status <> 'open';
END"""
