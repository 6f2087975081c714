"""The ledger: SQLite through sqlite-utils, one writer thread, many readers.

Wiring calls `attempts.open_ledger`, `reader.open_reader`, `reports.open_reports` and `upkeep.SqliteUpkeep` of
`sqlite`; `memory.MemoryLedger` is all of them without a file. This package decides nothing about money: it
stores what it is given and adds it up.
"""
