"""Every minute: the calls of dead processes are closed, so that what they held is told as what it is.

The ledger does the same when it is opened; this job is for the ones that die while we run.
"""

from __future__ import annotations

import asyncio
import logging

from router.engine.ports import Clock, Upkeep
from router.errors import LedgerError

EVERY_S = 60.0
LEASE_MS = 90_000
"""Longer than the pause between two rounds, so that it stays with one process while that one lives."""

log = logging.getLogger(__name__)


async def sweep_forever(ledger: Upkeep, clock: Clock) -> None:
    """Sweep once a minute until cancelled. A ledger that cannot be written is tried again next time."""
    while True:
        await asyncio.sleep(EVERY_S)
        await sweep_once(ledger, clock)


async def sweep_once(ledger: Upkeep, clock: Clock) -> int | None:
    """Do one round; return how many calls were closed, None when another process does it or it failed."""
    try:
        closed = await ledger.sweep(clock.now_ms(), LEASE_MS)
    except LedgerError as error:
        log.warning("dead calls were not looked for: %s", error)
        return None
    if closed:
        log.info("%s calls of processes that died are closed as unknown", closed)
    return closed
