"""The one place where adapters meet ports; one module per need, so that a command loads what it needs.

configuration       the file in use, with prices
editing             what changes that file
reading             that and a ledger to read: reports
planning            and an engine that decides: explain, tiers
app                 and everything that sends: ask, the cockpit
cooldowns, upkeep   what a person does to a ledger beside its traffic
fit_centroids       an embeddings model fitted to the labelled asks
hook_test           hooks tried by hand
"""
