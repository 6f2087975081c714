"""What a ledger says afterwards: other policies, advice, trends."""
