"""The ledger: SQLite through sqlite-utils, one writer thread, many readers.

`sqlite_ledger.open_ledger` and `reader.open_reader` are what wiring calls; `memory.MemoryLedger` is the same
without a file. This package decides nothing about money: it stores what it is given and adds it up.
"""
