"""What the engine needs of the world: small Protocols that adapters implement, a file for each.

`providers` implements `Upstream`; `ledger` implements the rest that is stored. The engine imports neither.
"""

from __future__ import annotations

from typing import Protocol

from router.engine.ports.attempts import Attempts
from router.engine.ports.checks import CheckRunner
from router.engine.ports.clock import Chance, Clock
from router.engine.ports.facts import Facts
from router.engine.ports.reader import SpendReader
from router.engine.ports.reports import ReportReader
from router.engine.ports.upkeep import Upkeep
from router.engine.ports.upstream import (
    Answering,
    Call,
    Content,
    Ended,
    Upstream,
    UpstreamEvent,
    UsageReport,
    Waiting,
)

__all__ = [
    "Answering",
    "Attempts",
    "Call",
    "Chance",
    "CheckRunner",
    "Clock",
    "Content",
    "Ended",
    "Facts",
    "Ledger",
    "ReportReader",
    "SpendReader",
    "Upkeep",
    "Upstream",
    "UpstreamEvent",
    "UsageReport",
    "Waiting",
]


class Ledger(Attempts, Facts, Protocol):
    """What the engine writes to."""
