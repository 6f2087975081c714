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
from router.jobs.lookout import Lookout

EVERY_S = 1.0

log = logging.getLogger(__name__)


async def refresh(engine: Engine, reader: SpendReader, lookout: Lookout | None = None) -> None:
    """Tell `engine` what is in the ledger of its deployments. Raises LedgerError."""
    engine.refresh(await reader.health(), await reader.limits(), await reader.told_full())
    if lookout:
        await lookout.look(reader)


async def refresh_forever(engine: Engine, reader: SpendReader, lookout: Lookout | None = None) -> None:
    """Do so whenever the ledger has changed, until cancelled. One that cannot be read is tried again."""
    seen: int | None = None
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            version = await reader.version()
            if version != seen:
                await refresh(engine, reader, lookout)
                seen = version
        except LedgerError as error:
            log.warning("what other processes know of the deployments was not read: %s", error)
