"""The one flow all HTTP wires share: send, wait for the head, read, keep the deadlines, end.

Owns the deadlines. What is sent and what comes back mean something only to the dialect; what is kept of it is
`reading.py`'s.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

from router.core.failures.exchange import Fault, StreamEnd
from router.engine.ports import Call, Content, UpstreamEvent
from router.errors import TransportError
from router.providers.extras import laid_over, with_extras
from router.providers.reading import AnswerReading, Decoder, Reader
from router.providers.transport import HttpRequest, HttpResponse, Transport

ERROR_BODY_S = 10.0
"""How long an error's body may take; its status already tells most."""
USAGE_S = 10.0
"""How long usage may come after the finish reason."""
GOODBYE_S = 1.0
"""How long the connection may end after the wire's last word, so that it can be used again."""
LATER_S = 5.0
"""How much later than the whole call's deadline the client lets go by itself."""


T = TypeVar("T")


class Dialect(Protocol):
    """A wire: how a call is put, how its answer is framed, what the events mean."""

    def request(self, call: Call) -> HttpRequest:
        """Put `call` into bytes."""

    def decoder(self) -> Decoder:
        """Return a decoder for one stream."""

    def reader(self) -> Reader:
        """Return a reader for one answer."""


class HttpUpstream:
    """Answers calls over a transport in one dialect; an `Upstream`."""

    def __init__(self, transport: Transport, dialect: Dialect) -> None:
        self._transport = transport
        self._dialect = dialect

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Send `call` and yield what comes back, `Ended` last; see `Upstream.stream`."""
        reading = AnswerReading(call, self._dialect.decoder(), self._dialect.reader())
        async with AsyncExitStack() as connection:
            patience = connection.enter_context(Patience(call))
            head = await self._send(call, connection, patience)
            if isinstance(head, TransportError):
                yield reading.no_head(head)
                return
            yield reading.head(head.status, head.headers)
            if not reading.ok:
                patience.wait_at_most(ERROR_BODY_S)
            while not isinstance(chunk := await _next(head.chunks, patience), StreamEnd):
                events = reading.feed(chunk)
                for event in events:
                    yield event
                if reading.stopped:
                    break
                patience.note(reading, events)
            for event in reading.finish(
                chunk if isinstance(chunk, StreamEnd) else reading.stopped or StreamEnd.EOF
            ):
                yield event

    async def aclose(self) -> None:
        """Close the transport; others that share it may close it too."""
        await self._transport.aclose()

    async def _send(
        self, call: Call, connection: AsyncExitStack, patience: Patience
    ) -> HttpResponse | TransportError:
        request = with_extras(self._dialect.request(call), call.deployment.provider)
        try:
            return await patience.wait(connection.enter_async_context(self._transport.send(request)))
        except TransportError as error:
            return error
        except TimeoutError:
            return TransportError("no answer in time", fault=Fault.READ_TIMEOUT_AFTER_SENT)


class Patience:
    """Until when the next wait may last, in the event loop's time, and the one timer that ends it.

    Only content moves it. Comments, pings, blank lines and deltas without content do not, or a server that is
    stuck but polite would keep a caller for hours. Time the caller takes between events is not counted. The
    timer is left where it is when the wait's end moves on, and set again only when it rings too early.
    """

    def __init__(self, call: Call) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeouts = call.deployment.timeouts
        self._total_at = self._loop.time() + call.total_s
        self._ending_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None
        self._rang = False
        self.until = self._total_at
        if call.stream:
            self.wait_at_most(self._timeouts.first_token_s)

    def __enter__(self) -> Patience:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def wait(self, coming: Awaitable[T]) -> T:
        """Wait for what comes. Raises TimeoutError when it has not come in time."""
        self._waiting = task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        if self._timer is None or self._timer.when() > self.until:
            self._set_timer()
        try:
            return await coming
        except asyncio.CancelledError:
            if not self._rang or (task is not None and task.uncancel() > before):
                raise  # somebody else wants the task to end as well
            raise TimeoutError from None
        finally:
            self._waiting, self._rang = None, False

    def wait_at_most(self, seconds: float) -> None:
        """Allow `seconds` from now, and never more than the whole call has left."""
        self.until = min(self._total_at, self._loop.time() + seconds)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self.until, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if self._loop.time() < self.until:
            self._set_timer()
        else:
            self._rang = True
            self._waiting.cancel()

    def note(self, reading: AnswerReading, events: list[UpstreamEvent]) -> None:
        """Set the time for the next wait by what has just arrived."""
        content = any(isinstance(event, Content) for event in events)
        ending_s = GOODBYE_S if reading.whole else USAGE_S if reading.finishing and not content else None
        if ending_s is not None:
            if ending_s != self._ending_s:  # what trickles in after the end does not prolong it
                self._ending_s = ending_s
                self.wait_at_most(ending_s)
        elif content:  # also after a finish reason: some servers put one into every chunk
            self._ending_s = None
            self.wait_at_most(self._timeouts.idle_s)


async def _next(chunks: AsyncIterator[bytes], patience: Patience) -> bytes | StreamEnd:
    """Wait for the next piece of the body, or for its end."""
    try:
        return await patience.wait(anext(chunks, StreamEnd.EOF))
    except TimeoutError:
        return StreamEnd.HANG
    except TransportError as error:
        return error.end or StreamEnd.RESET


def json_post(
    call: Call, url: str, headers: tuple[tuple[str, str], ...], body: Mapping[str, object]
) -> HttpRequest:
    """Return the request that carries `body`; `headers` are what the wire wants beside the usual ones.

    What answers, and does not only embed, gets what the provider's own `body` says laid over it.
    """
    provider, deployment = call.deployment.provider, call.deployment
    written = laid_over(body, provider.body) if provider.body and not deployment.embeds else body
    usual = (
        ("content-type", "application/json"),
        ("accept", "text/event-stream, application/json" if call.stream else "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "tier-cockpit"),
    )
    return HttpRequest(
        method="POST",
        url=url,
        headers=usual + headers,
        # A lone surrogate, which a terminal can produce, is no UTF-8: it becomes a question mark.
        body=json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"),
        proxy=provider.proxy,
        connect_timeout_s=deployment.timeouts.connect_s,
        give_up_s=max(0.0, call.total_s) + LATER_S,
    )
