"""What runs by the clock beside requests. Each job holds a lease in the ledger, so one process does it."""
