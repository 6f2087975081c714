"""One plain HTTP exchange off the hot path, with an address that a person named: bounded in time and size."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from router.core.failures.exchange import Fault, StreamEnd
from router.errors import TransportError
from router.providers.transport import HttpRequest, LoopbackOnly, Transport, host_of, is_loopback


def spare_transport(environ: Mapping[str, str]) -> Transport:
    """Return a client for what is off the hot path, bound to this machine where the environment says so."""
    from router.providers.httpx2_transport import Httpx2Transport  # slow to import, and seldom needed

    spare = Httpx2Transport()
    return LoopbackOnly(spare) if environ.get("COCKPIT_LOOPBACK_ONLY") else spare


async def fetched(url: str, environ: Mapping[str, str], *, within_s: float, most_bytes: int) -> bytes:
    """Return what is at an address that a person named. Raises TransportError."""
    transport = spare_transport(environ)
    try:
        request = HttpRequest("GET", url, headers=(("accept", "application/json"),))
        status, body = await exchange(transport, request, within_s=within_s, most_bytes=most_bytes)
    finally:
        await transport.aclose()
    if status != 200:
        raise TransportError(f"{host_of(url)} answered with status {status} and no file")
    return body


async def exchange(
    transport: Transport, request: HttpRequest, *, within_s: float, most_bytes: int
) -> tuple[int, bytes]:
    """Send `request`; return the status and the whole body. Follows no redirect.

    Raises TransportError, whose words hold no more of the address than its host: it may carry a secret. An
    address that is neither https nor on this machine is refused before anything is sent.
    """
    host = host_of(request.url)
    if not request.url.lower().startswith("https://") and not is_loopback(request.url):
        message = f"{host} would be spoken to unencrypted; name an https:// address"
        raise TransportError(message, fault=Fault.CLOSED_BEFORE_WRITTEN)
    body = bytearray()
    try:
        async with asyncio.timeout(within_s), transport.send(request) as response:
            async for chunk in response.chunks:
                body += chunk
                if len(body) > most_bytes:
                    raise TransportError(
                        f"{host} sent more than {most_bytes:,} bytes", end=StreamEnd.TOO_LONG
                    )
            return response.status, bytes(body)
    except TimeoutError:
        message = f"{host} did not answer within {within_s:g} s"
        raise TransportError(message, fault=Fault.READ_TIMEOUT_AFTER_SENT) from None
