"""The nouns of the ledger: what is written of attempts, health, offers and tests, and read back."""
