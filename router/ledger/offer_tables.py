"""The tables of what providers offer: when they were asked, which models they list, what is left for free."""

from __future__ import annotations

from router.ledger.sqlite import Connection

_OFFER_READING = """
CREATE TABLE offer_reading (
  provider TEXT NOT NULL,
  asked TEXT NOT NULL,
  tried_at INTEGER NOT NULL,
  read_at INTEGER,
  problem TEXT,
  PRIMARY KEY (provider, asked)
) WITHOUT ROWID"""

# Rates in dollars per million tokens, as decimal text.
_LISTED_MODEL = """
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

_ALLOWANCE = """
CREATE TABLE allowance (
  provider TEXT NOT NULL PRIMARY KEY,
  used INTEGER NOT NULL,
  allowed INTEGER NOT NULL,
  read_at INTEGER NOT NULL
) WITHOUT ROWID"""


def make(connection: Connection) -> None:
    """Make them."""
    for table in (_OFFER_READING, _LISTED_MODEL, _ALLOWANCE):
        connection.execute(table)
