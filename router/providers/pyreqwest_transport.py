"""The transport of the hot path: pyreqwest, a Rust client that costs 0.06 ms a call.

Owns its settings and the translation of its errors. A client is kept per proxy and connect time-out, because
both belong to the client there and not to the request.

One limit: pyreqwest 0.15 does not stop a request that is cancelled before its head arrives. The caller is
free at once, but the connection closes only when the body begins or `give_up_s` has passed. In the
body a cancel closes it at once. `httpx2_transport.py` closes it at once in both cases.

Another: it reads a hundred headers of an answer and no more. Who sent more is read by httpx2 from then on.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from types import TracebackType

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ConnectTimeoutError, DetailedPyreqwestError, PyreqwestError
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from router.core.failures.exchange import Fault, StreamEnd
from router.errors import TransportError
from router.providers.transport import (
    UNSENDABLE,
    HttpRequest,
    HttpResponse,
    Transport,
    host_of,
    is_loopback,
    join_headers,
)

IDLE_S = 30
"""How long an unused connection is kept: shorter than servers keep it, or a call may meet one just closed."""

_FAULTS = (
    ("dns error", Fault.DNS_FAILURE),
    ("invalid peer certificate", Fault.TLS_VERIFY_FAILED),
    ("client error (Connect)", Fault.CONNECT_REFUSED),
    ("operation was canceled", Fault.CLOSED_BEFORE_WRITTEN),
    ("Broken pipe", Fault.CLOSED_BEFORE_WRITTEN),
    ("message head is too large", Fault.HEAD_TOO_LARGE),
)
"""What an error's causes say, the first that fits; else the server may have read the request."""

_PROXY_WANTS_LOGIN = "proxy authorization required"
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class PyreqwestTransport:
    """Sends requests with pyreqwest. `extra_ca` is a PEM bundle trusted beside the system's."""

    def __init__(self, *, extra_ca: bytes = b"") -> None:
        self._extra_ca = _CERTIFICATE.findall(extra_ca)
        self._clients: dict[tuple[str | None, float], Client] = {}
        self._large_heads: set[str] = set()
        self._spare: Transport | None = None

    def send(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpResponse]:
        """Send `request`; see `Transport.send`."""
        if self._large_heads and host_of(request.url) in self._large_heads:
            return self._patient().send(request)
        return _Sending(self, request)

    def note_large_head(self, host: str) -> None:
        """Have the other client ask this host from now on."""
        self._large_heads.add(host)

    async def aclose(self) -> None:
        """Close every client."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.close()
        if self._spare is not None:
            await self._spare.aclose()

    def _patient(self) -> Transport:
        """Return the client that reads any number of headers; slow to import, and seldom needed."""
        if self._spare is None:
            from router.providers.httpx2_transport import Httpx2Transport

            self._spare = Httpx2Transport(extra_ca=b"\n".join(self._extra_ca))
        return self._spare

    def prepare(self, request: HttpRequest) -> StreamRequest:
        """Put a request into the client's form. Raises TransportError for what cannot be sent."""
        try:
            builder = self._client(request).request(request.method, request.url)
            for name, value in request.headers:
                builder = builder.header(name, value)
            if request.give_up_s is not None:
                builder = builder.timeout(timedelta(seconds=request.give_up_s))
            # With any other limit the client collects chunks before it hands them over.
            return builder.body_bytes(request.body).streamed_read_buffer_limit(0).build_streamed()
        except (ValueError, PyreqwestError):
            raise _no_head(request, Fault.CLOSED_BEFORE_WRITTEN, UNSENDABLE) from None

    def _client(self, request: HttpRequest) -> Client:
        proxy = None if is_loopback(request.url) else request.proxy
        key = (proxy, request.connect_timeout_s)
        if key not in self._clients:
            self._clients[key] = self._build(proxy, request.connect_timeout_s)
        return self._clients[key]

    def _build(self, proxy: str | None, connect_timeout_s: float) -> Client:
        builder = (
            ClientBuilder()
            .no_proxy()
            .follow_redirects(False)
            .tcp_nodelay(True)
            .connect_timeout(timedelta(seconds=connect_timeout_s))
            .pool_idle_timeout(timedelta(seconds=IDLE_S))
        )
        # Every call asks for an answer that is not compressed, so that each word arrives as it is written.
        # What comes compressed all the same is undone.
        builder = builder.gzip(True).brotli(True).zstd(True).deflate(True)
        for certificate in self._extra_ca:
            builder = builder.add_root_certificate_pem(certificate)
        if proxy is not None:
            builder = builder.proxy(ProxyBuilder.all(proxy))
        return builder.build()


class _Sending:
    """One request on its way; its answer's connection closes at the end of the block."""

    __slots__ = ("_opened", "_request", "_transport")

    def __init__(self, transport: PyreqwestTransport, request: HttpRequest) -> None:
        self._transport = transport
        self._request = request
        self._opened: StreamRequest | None = None

    async def __aenter__(self) -> HttpResponse:
        request = self._request
        try:
            sending = self._transport.prepare(request)
            response = await sending.__aenter__()
        except ConnectTimeoutError:
            raise _no_head(request, Fault.CONNECT_TIMEOUT, "the connect timed out") from None
        except PyreqwestError as error:
            causes = _causes(error)
            if _PROXY_WANTS_LOGIN in causes[-1]:
                return HttpResponse(407, {}, _empty())
            fault = _fault(causes)
            if fault is Fault.HEAD_TOO_LARGE:
                self._transport.note_large_head(host_of(request.url))
            raise _no_head(request, fault, causes[-1]) from None
        self._opened = sending
        return HttpResponse(
            response.status, join_headers(_pairs(response)), _chunks(response, host_of(request.url))
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.__aexit__(kind, error, trace)


async def _chunks(response: Response, host: str) -> AsyncIterator[bytes]:
    try:
        while (chunk := await response.body_reader.read_chunk()) is not None:
            yield bytes(chunk)
    except PyreqwestError as error:
        message = f"the answer of {host} broke off: {_causes(error)[-1]}"
        raise TransportError(message, end=StreamEnd.RESET) from None


def _pairs(response: Response) -> Iterator[tuple[str, str]]:
    """Yield the headers; one whose value is no ASCII is left out, since nothing reads such a one."""
    headers = response.headers
    for name in dict.fromkeys(headers.keys()):
        try:
            values = headers.getall(name)
        except ValueError:
            continue
        for value in values:
            yield name, value


async def _empty() -> AsyncIterator[bytes]:
    yield b""


def _causes(error: PyreqwestError) -> list[str]:
    details = error.details.get("causes") if isinstance(error, DetailedPyreqwestError) else None
    return [cause["message"] for cause in details or ()] or [error.message]


def _fault(causes: list[str]) -> Fault:
    chain = " | ".join(causes)
    return next((fault for words, fault in _FAULTS if words in chain), Fault.RESET_AFTER_SENT)


def _no_head(request: HttpRequest, fault: Fault, reason: str) -> TransportError:
    return TransportError(f"no answer from {host_of(request.url)}: {reason}", fault=fault)
