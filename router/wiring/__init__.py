"""The one place where adapters meet ports; one module per need, so that a command loads what it needs.

configuration   the file in use, with prices
editing         what changes that file
reading         that and a ledger to read: reports
planning        and an engine that decides: explain, tiers
sending         and everything that sends: ask, the cockpit
rests, upkeep   what a person does to a ledger beside its traffic
"""
