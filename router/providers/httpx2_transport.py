"""The spare transport: httpx2, for platforms without pyreqwest's wheel and for what that client cannot do.

Owns its settings and the translation of its errors. It stands on httpx2's transport and not on its client,
which would bring cookies, redirects and proxies from the environment.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from router.core.failures.exchange import Fault, StreamEnd
from router.errors import TransportError
from router.providers.transport import (
    UNSENDABLE,
    HttpRequest,
    HttpResponse,
    host_of,
    is_loopback,
    join_headers,
)

LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)
"""No queue for streams; connections are kept for less time than servers keep them."""


class Httpx2Transport:
    """Sends requests with httpx2. `extra_ca` is a PEM bundle trusted beside the system's."""

    def __init__(self, *, extra_ca: bytes = b"") -> None:
        self._tls = httpx2.create_ssl_context(trust_env=False)
        if extra_ca:
            self._tls.load_verify_locations(cadata=extra_ca.decode())
        self._pools: dict[str | None, httpx2.AsyncHTTPTransport] = {}

    @asynccontextmanager
    async def send(self, request: HttpRequest) -> AsyncIterator[HttpResponse]:
        """Send `request`; see `Transport.send`."""
        pool, prepared = self._prepare(request)
        try:
            response = await pool.handle_async_request(prepared)
        except httpx2.ProxyError as error:
            if not str(error).startswith("407"):
                raise _no_head(request, Fault.CONNECT_REFUSED, str(error)) from None
            response = httpx2.Response(407, stream=httpx2.ByteStream(b""))
        except (
            httpx2.LocalProtocolError,
            httpx2.UnsupportedProtocol,
        ):  # their words quote the header: the key
            raise _no_head(request, Fault.CLOSED_BEFORE_WRITTEN, UNSENDABLE) from None
        except httpx2.TransportError as error:
            raise _no_head(request, _fault(error), str(error) or type(error).__name__) from None
        try:
            chunks = _chunks(response, host_of(request.url))
            yield HttpResponse(response.status_code, join_headers(response.headers.multi_items()), chunks)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every pool."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()

    def _prepare(self, request: HttpRequest) -> tuple[httpx2.AsyncHTTPTransport, httpx2.Request]:
        try:
            prepared = httpx2.Request(
                request.method,
                request.url,
                headers=list(request.headers),
                content=request.body,
                extensions={"timeout": {"connect": request.connect_timeout_s}},
            )
            return self._pool(request), prepared
        except (ValueError, httpx2.InvalidURL):
            raise _no_head(request, Fault.CLOSED_BEFORE_WRITTEN, UNSENDABLE) from None

    def _pool(self, request: HttpRequest) -> httpx2.AsyncHTTPTransport:
        proxy = None if is_loopback(request.url) else request.proxy
        if proxy not in self._pools:
            self._pools[proxy] = httpx2.AsyncHTTPTransport(
                verify=self._tls,
                trust_env=False,
                limits=LIMITS,
                proxy=proxy,
                socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            )
        return self._pools[proxy]


async def _chunks(response: httpx2.Response, host: str) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise TransportError(f"the answer of {host} broke off: {error}", end=StreamEnd.RESET) from None


def _fault(error: httpx2.TransportError) -> Fault:
    causes = _chain(error)
    match error:
        case httpx2.ConnectTimeout():
            return Fault.CONNECT_TIMEOUT
        case httpx2.ConnectError() if any(isinstance(cause, socket.gaierror) for cause in causes):
            return Fault.DNS_FAILURE
        case httpx2.ConnectError() if any(
            isinstance(cause, ssl.SSLCertVerificationError) for cause in causes
        ):
            return Fault.TLS_VERIFY_FAILED
        case httpx2.ConnectError():
            return Fault.CONNECT_REFUSED
        case httpx2.WriteError():
            return Fault.CLOSED_BEFORE_WRITTEN
        case _:
            return Fault.RESET_AFTER_SENT


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and everything it was raised from or during."""
    causes: list[BaseException] = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes


def _no_head(request: HttpRequest, fault: Fault, reason: str) -> TransportError:
    return TransportError(f"no answer from {host_of(request.url)}: {reason}", fault=fault)
