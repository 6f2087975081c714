"""Every minute: providers that can be asked what a call cost are asked about those nobody knows the cost of.

OpenRouter alone has such a question. An answer that was cut, or a call that ended unknown, is booked by its
estimate; what the provider says becomes a correction, and the call is known from then on. Off the hot path,
by one process, and each call is asked about a few times only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from urllib.parse import quote

from router.core.cost.generation import PATH, VENDOR, generation_cost_nano
from router.core.money import CostSource, usd
from router.core.records.history import Correction, Unbilled
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Provider
from router.engine.ports import Clock, Upkeep
from router.errors import LedgerError, TransportError
from router.providers.plain_http import exchange
from router.providers.transport import HttpRequest, Transport

EVERY_S = 60.0
LEASE_MS = 90_000
WITHIN_S = 10.0
MOST_BYTES = 64 * 1024
AT_ONCE = 20
"""How many calls are asked about in one round at most."""
TRIES = 5
FIRST_WAIT_MS = 60_000
"""Between the first two questions about one call; doubled each time."""
AGE_MS = 24 * 3600 * 1000
"""Older calls are not asked about any more."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Reconciler:
    """Asks, and keeps how often it has asked."""

    ledger: Upkeep
    clock: Clock
    config: Callable[[], RouterConfig]
    """Returns the one in use."""
    client: Callable[[], Transport]
    """Makes an HTTP client, when there is anything to ask."""
    _tried: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """By attempt: how often it was asked about, and when it may be again."""

    async def reconcile_forever(self) -> None:
        """Do a round once a minute until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.round()

    async def round(self) -> int:
        """Ask about the newest calls without a cost; return how many are known now."""
        providers = {p.name: p for p in self.config().providers.values() if p.vendor == VENDOR and p.base_url}
        if not providers:
            return 0
        try:
            calls = await self._due(providers)
            return await self._ask_all(calls, providers) if calls else 0
        except LedgerError as error:
            log.warning("calls without a cost were not asked about: %s", error)
            return 0

    async def _due(self, providers: Collection[str]) -> list[Unbilled]:
        now = self.clock.now_ms()
        found = await self.ledger.unbilled(providers, (now, now - AGE_MS), LEASE_MS)
        kept = {call.place for call in found}
        self._tried = {place: tried for place, tried in self._tried.items() if place in kept}
        return [call for call in found if self._may_ask(call, now)][:AT_ONCE]

    def _may_ask(self, call: Unbilled, now: int) -> bool:
        times, again = self._tried.get(call.place, (0, 0))
        return times < TRIES and again <= now

    async def _ask_all(self, calls: list[Unbilled], providers: dict[str, Provider]) -> int:
        transport = self.client()
        try:
            return sum([await self._ask(transport, call, providers[call.provider]) for call in calls])
        finally:
            await transport.aclose()

    async def _ask(self, transport: Transport, call: Unbilled, provider: Provider) -> bool:
        now = self.clock.now_ms()
        times, _ = self._tried.get(call.place, (0, 0))
        self._tried[call.place] = (times + 1, now + FIRST_WAIT_MS * 2**times)
        url = f"{provider.base_url}{PATH}{quote(call.provider_request_id, safe='')}"
        key = provider.api_key
        headers = (("authorization", f"Bearer {key.reveal()}"),) if key else ()
        headers = (("accept", "application/json"), *headers)
        request = HttpRequest("GET", url, headers, proxy=provider.proxy)
        try:
            status, body = await exchange(transport, request, within_s=WITHIN_S, most_bytes=MOST_BYTES)
        except TransportError as error:
            log.info("%s did not tell what a call cost: %s", provider.name, error)
            return False
        cost = generation_cost_nano(body) if status == 200 else None
        if cost is None:
            return False
        evidence = f"{provider.name} says afterwards: ${usd(cost)} for {call.provider_request_id}"
        correction = Correction(cost, CostSource.PROVIDER_REPORTED, evidence)
        return await self.ledger.adjust(call.place, correction, now)
