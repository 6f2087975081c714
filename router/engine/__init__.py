"""Orchestration: the path of one request, over ports. Adapters are known here as Protocols only."""
