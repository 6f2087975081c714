"""At a time of day: deployments are made ready before the first person asks, by one process, at no cost.

Ollama loads a model without a call, and only one that is not in memory; another local model is loaded by one
short call. Everywhere else the providers' lists are read, which proves
address, key and name without a call. Nothing that costs money is ever asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import tzinfo

from router.core.catalog.due import WARM_UP_MS, warm_up_due
from router.core.message import Message
from router.core.request import Request
from router.core.routing.resolve import FREE
from router.core.settings.deployments import Deployment
from router.core.settings.jobs import WarmUp
from router.core.settings.providers import Billing, Wire
from router.engine.engine import Engine
from router.engine.ports import Clock, Upkeep
from router.errors import LedgerError, RouterError, TransportError
from router.jobs.offers import OfferWatch
from router.providers.ollama_wire import OllamaUpstream
from router.providers.transport import Transport

LOOK_S = 20.0
SOURCE = "warmup"
"""What the ledger calls who asked; `cockpit spend --by source` has it as a line of its own."""
PROMPT = "Say ok."

log = logging.getLogger(__name__)


class Warmer:
    """Does the warm-ups of the configuration in use."""

    def __init__(
        self,
        ledger: Upkeep,
        engine: Engine,
        offers: OfferWatch,
        clock: Clock,
        zone: tzinfo,
        connect: Callable[[], Transport],
    ) -> None:
        """`connect` makes a transport, where an Ollama is to load something."""
        self._ledger = ledger
        self._engine = engine
        self._offers = offers
        self._clock = clock
        self._zone = zone
        self._connect = connect
        self._seen: set[str] = set()

    async def forever(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(LOOK_S)

    async def once(self) -> None:
        """Do the warm-ups whose time it is, each once a day, in one process."""
        for warm_up in self._engine.config.jobs.warm_ups:
            run = warm_up_due(warm_up, self._clock.now_ms(), self._zone)
            if run is None or run in self._seen:
                continue
            self._seen.add(run)
            job = f"warm-up {run}"
            try:
                if await self._ledger.take_lease(job, self._clock.now_ms(), WARM_UP_MS):
                    await self._warm(warm_up)
            except LedgerError as error:
                log.warning("the warm-up of %s was not done: %s", warm_up.at, error)

    async def _warm(self, warm_up: WarmUp) -> None:
        meant = [d for name in warm_up.deployments if not (d := self._engine.config.deployments[name]).off]
        local = [deployment for deployment in meant if deployment.billing is Billing.LOCAL]
        for deployment in local:  # one after the other: they share one machine
            if deployment.provider.wire is Wire.OLLAMA:
                await self._load(deployment)
            else:
                await self._call(deployment.name)
        if len(local) < len(meant):
            await self._offers.once(everyone=True)

    async def _load(self, deployment: Deployment) -> None:
        """Have Ollama load a model; no token is generated, so there is nothing to book."""
        async with aclosing(OllamaUpstream(self._connect())) as ollama:
            try:
                await ollama.load(deployment)
            except TransportError as error:
                log.info("%s could not be warmed up: %s", deployment.name, error)

    async def _call(self, name: str) -> None:
        """Ask for a single token; `:free` behind the name forbids what costs money."""
        request = Request((Message("user", PROMPT),), name=name + FREE, max_tokens=1, source=SOURCE)
        try:
            async with aclosing(self._engine.stream(request)) as events:
                async for _ in events:
                    pass
        except RouterError as error:
            log.info("%s could not be warmed up: %s", name, error)
