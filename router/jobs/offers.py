"""Now and then: providers are asked what they list and what is left for free, by one process, at no cost.

What could not be read is kept with its reason and tried again; nothing here disturbs a call. Keys go to their
providers and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from router.core.catalog.due import due
from router.core.records.offers import AllowanceRead, Asked, ListingRead, OfferFinding, OfferNotRead
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Billing, Provider
from router.engine.ports import Clock, SpendReader, Upkeep
from router.errors import LedgerError
from router.providers.allowances import read_allowance, tells
from router.providers.model_lists import NotRead, has_list, read_models
from router.providers.transport import Transport

LOOK_S = 60.0
LEASE_MS = 120_000
JOB = "offers"
ALLOWANCE_MS = 5 * 60_000
"""A day's worth of free requests moves with every call, also with those of other programs."""
NEVER_MS = 1 << 53
MOST_WORDS = 200

Wanted = tuple[str, Asked]

log = logging.getLogger(__name__)


class OfferWatch:
    """Asks the providers of the configuration in use and writes what they answer into the ledger."""

    def __init__(
        self,
        ledger: Upkeep,
        reader: SpendReader,
        clock: Clock,
        config: Callable[[], RouterConfig],
        connect: Callable[[], Transport],
    ) -> None:
        """`connect` makes a transport for one round; `config` returns what is in use at that moment."""
        self._ledger = ledger
        self._reader = reader
        self._clock = clock
        self._config = config
        self._connect = connect

    async def forever(self) -> None:
        """Ask whoever is due, until cancelled. A ledger that cannot be used is tried again."""
        while True:
            try:
                await self.once()
            except LedgerError as error:
                log.warning("what providers offer was not looked at: %s", error)
            await asyncio.sleep(LOOK_S)

    async def once(self, *, everyone: bool = False) -> None:
        """Ask whoever is due, or everyone now. Raises LedgerError."""
        config = self._config()
        wanted = list(_wanted(config))
        if not everyone:
            every = {Asked.MODELS: _ms(config.jobs.watch_models_s), Asked.ALLOWANCE: ALLOWANCE_MS}
            readings = (await self._reader.offers()).readings
            wanted = due(wanted, readings, every, self._clock.now_ms())
        if not wanted:
            return
        if not (everyone or await self._ledger.take_lease(JOB, self._clock.now_ms(), LEASE_MS)):
            return
        async with self._transport() as transport:
            found = await asyncio.gather(*(self._ask(transport, config, one) for one in wanted))
        await self._ledger.note_offers(found)

    async def _ask(self, transport: Transport, config: RouterConfig, one: Wanted) -> OfferFinding:
        """Ask one provider one thing; return what came of it."""
        name, asked = one
        provider = config.providers[name]
        try:
            if asked is Asked.MODELS:
                models = await read_models(transport, provider)
                return ListingRead(name, tuple(models), self._clock.now_ms())
            allowance = await read_allowance(transport, provider)
            return AllowanceRead(name, allowance, self._clock.now_ms())
        except NotRead as error:
            problem = str(error)[:MOST_WORDS]
            log.info("%s of %s could not be read: %s", asked, name, problem)
            return OfferNotRead(name, asked, problem, self._clock.now_ms())

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[Transport]:
        transport = self._connect()
        try:
            yield transport
        finally:
            await transport.aclose()


def _wanted(config: RouterConfig) -> Iterator[Wanted]:
    """Yield what can be asked: of providers that something usable here stands at."""
    usable = [deployment for deployment in config.deployments.values() if not deployment.off]
    providers: dict[str, Provider] = {d.provider.name: d.provider for d in usable}
    free = {d.provider.name for d in usable if d.billing is Billing.FREE}
    for name, provider in providers.items():
        if has_list(provider):
            yield name, Asked.MODELS
        if name in free and tells(provider):
            yield name, Asked.ALLOWANCE


def _ms(seconds: float | None) -> int:
    return NEVER_MS if seconds is None else round(seconds * 1000)
