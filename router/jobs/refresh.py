"""Once a second: an engine learns what other processes have written about its deployments.

Not needed for what is right, which each admission asks the ledger itself; it spares refused choices, and lets
screens show what happens elsewhere. Every process does it for itself.
"""

from __future__ import annotations

import asyncio
import logging

from router.engine.engine import Engine
from router.engine.ports import SpendReader
from router.errors import LedgerError

EVERY_S = 1.0

log = logging.getLogger(__name__)


async def refresh(engine: Engine, reader: SpendReader) -> None:
    """Tell `engine` the health and the limits that are in the ledger. Raises LedgerError."""
    engine.refresh(await reader.health(), await reader.limits())


async def refresh_forever(engine: Engine, reader: SpendReader) -> None:
    """Do so whenever the ledger has changed, until cancelled. One that cannot be read is tried again."""
    seen: int | None = None
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            version = await reader.version()
            if version != seen:
                await refresh(engine, reader)
                seen = version
        except LedgerError as error:
            log.warning("what other processes know of the deployments was not read: %s", error)
