"""The ledger: SQLite through sqlite-utils, one writer thread, many readers."""
