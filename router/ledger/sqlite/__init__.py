"""The ledger in a SQLite file: each file that is named like a port implements it.

The others are floors beneath: the
tables, their rows, the sums over them, the thread that writes."""
