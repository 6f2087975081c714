"""The seam between the wires and the network: one request in; a status, headers and a byte stream out.

Owns the types of the seam, the rule what loopback is, and the guard that refuses everything else. Does no I/O
and retries nothing: a retry is a decision, and decisions are not made down here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import field
from typing import Protocol

from router.core.failures.exchange import Fault
from router.core.value import dataclass
from router.errors import TransportError

UNSENDABLE = "its URL, a header, the key or the proxy's address has characters that cannot be sent"
"""What is said of a request that a client refuses; the client's own words may quote the key."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, ready for the wire. Its repr shows neither keys nor prompts."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    proxy: str | None = field(default=None, repr=False)
    """The proxy's URL, for hosts that are not loopback; nothing else ever makes a request take one."""
    connect_timeout_s: float = 5.0
    give_up_s: float | None = None
    """When a client that cannot be cancelled at once may let go; later than every deadline of the caller."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer whose head has arrived."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; what came several times is joined with commas."""
    chunks: AsyncIterator[bytes]
    """The body as it arrives; raises TransportError with an `end` when it breaks off."""


class Transport(Protocol):
    """An HTTP client: redirects off, certificates checked, one connection attempt per `send`."""

    def send(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpResponse]:
        """Send `request` and wait for the head; leaving the block closes what is unread.

        Raises TransportError with a `fault` when no head arrives. It sets no time-out but the connect's.
        """

    async def aclose(self) -> None:
        """Close idle connections. May be called more than once."""


_LOOPBACK = re.compile(
    r"https?://(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?(?:[/?#]|\Z)", re.IGNORECASE
)


def is_loopback(url: str) -> bool:
    """Tell whether `url` names 127.0.0.0/8, ::1 or localhost.

    It compares the text with the spellings it allows and parses nothing, so that a client which reads a
    strange URL differently (a backslash, a user name) cannot be led elsewhere.
    """
    return _LOOPBACK.match(url) is not None


def host_of(url: str) -> str:
    """Return the host and port of `url` for messages: no user name, path or query."""
    found = re.match(r"\w+://(?:[^/?#@]*@)?([^/?#@\\\s]*)", url)
    return found[1] if found and found[1] else "an address that cannot be read"


def join_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name in lower case, repeated ones joined with commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


class LoopbackOnly:
    """A transport that reaches this machine and nothing else; every test runs behind it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @asynccontextmanager
    async def send(self, request: HttpRequest) -> AsyncIterator[HttpResponse]:
        """Send to loopback; for any other host raise TransportError before a name is even looked up."""
        if not is_loopback(request.url):
            message = f"{host_of(request.url)} is not on this machine, and only loopback is allowed here"
            raise TransportError(message, fault=Fault.CONNECT_REFUSED)
        async with self._transport.send(request) as response:
            yield response

    async def aclose(self) -> None:
        """Close the transport behind."""
        await self._transport.aclose()
