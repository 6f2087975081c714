"""The embedded model as an upstream: the openai wire, to a process of our own.

Owns the step before the wire: start the process if need be and say so. The process is `llamacpp_server.py`'s.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from router.core.failures.exchange import Exchange
from router.engine.ports import Call, Chance, Ended, Upstream, UpstreamEvent, Waiting
from router.errors import TransportError
from router.providers.llamacpp_server import EmbeddedServer, unavailable

__all__ = ["CONTEXT", "EmbeddedUpstream", "unavailable"]

CONTEXT = 4096
"""The context in tokens of a deployment that names none."""


class EmbeddedUpstream:
    """Answers calls with the embedded model; an `Upstream`. Each context size has a process of its own.

    `openai` is the upstream of the openai wire; it stays its owner's to close. `log` is the processes' log.
    """

    def __init__(self, openai: Upstream, log: Path, chance: Chance) -> None:
        self._openai = openai
        self._log = log
        self._chance = chance
        self._servers: dict[int, EmbeddedServer] = {}

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Start the model if it does not run, then answer; see `Upstream.stream`."""
        server = self.server(call.deployment.context_window or CONTEXT)
        for first in (True, False):
            if server.pid is None:
                yield Waiting("starting the embedded model")
            try:
                await server.ensure()
            except TransportError as error:
                vendor = call.deployment.provider.vendor
                yield Ended(Exchange(vendor, call.stream, fault=error.fault, text=str(error)))
                return
            url = server.url
            async with aclosing(self._openai.stream(_addressed(call, server))) as events:
                async for event in events:
                    if await _unheard(event, server, url) and first:
                        break
                    yield event
                else:
                    return

    def server(self, context: int) -> EmbeddedServer:
        """Return the process for a context of that many tokens; it need not run yet."""
        if context not in self._servers:
            self._servers[context] = EmbeddedServer(self._log, self._chance, context=context)
        return self._servers[context]

    async def aclose(self) -> None:
        """End the processes."""
        for server in self._servers.values():
            await server.aclose()


async def _unheard(event: UpstreamEvent, server: EmbeddedServer, url: str) -> bool:
    """Tell whether a call got no answer because the process at `url` had died: then it may be sent again.

    Any answer that breaks off is a reason to look after the process, so that the next call knows.
    """
    if not isinstance(event, Ended):
        return False
    exchange = event.exchange
    broke_off = exchange.fault is not None or (exchange.status == 200 and exchange.finish_reason is None)
    return broke_off and await server.gone(url) and exchange.fault is not None


def _addressed(call: Call, server: EmbeddedServer) -> Call:
    """Return `call` with the running process as its provider's address."""
    provider = replace(call.deployment.provider, base_url=f"{server.url}/v1", api_key=server.key)
    return replace(call, deployment=replace(call.deployment, provider=provider))
