"""Calls to put on a wire, and what comes back gathered in a list."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.records.usage import Usage
from router.core.settings.deployments import Deployment, Tier, Timeouts
from router.core.settings.providers import Billing, Provider, Wire
from router.core.settings.secret import Secret
from router.engine.ports import Call, Content, Ended, UpstreamEvent, UsageReport
from router.providers.transport import HttpRequest, HttpResponse

KEY = "sk-test-0123456789abcdef"
TIER = Tier("T0", "tier", 0)


def a_call(
    base_url: str = "http://127.0.0.1:1",
    *,
    vendor: str = "fake",
    stream: bool = True,
    timeouts: Timeouts | None = None,
    messages: tuple[Message, ...] = (Message("user", "Hello"),),
    max_tokens: int | None = 64,
) -> Call:
    provider = Provider(vendor, Wire.OPENAI, Billing.METERED, base_url=base_url, api_key=Secret(KEY))
    deployment = Deployment(
        "d", TIER, provider, "some-model", Billing.METERED, timeouts=timeouts or Timeouts()
    )
    return Call(deployment, messages, max_tokens, stream)


async def gather(events: AsyncGenerator[UpstreamEvent, None]) -> list[UpstreamEvent]:
    return [event async for event in events]


def ending(events: list[UpstreamEvent]) -> Exchange:
    """The exchange; exactly one event tells it and it is the last."""
    ended = [event for event in events if isinstance(event, Ended)]
    assert ended == events[-1:]
    return ended[0].exchange


def pieces(events: Sequence[UpstreamEvent]) -> list[tuple[str, str]]:
    return [(event.kind, event.text) for event in events if isinstance(event, Content)]


def usage(events: Sequence[UpstreamEvent]) -> Usage:
    return next(event.reading.usage for event in reversed(events) if isinstance(event, UsageReport))


@dataclass(slots=True)
class PlayedTransport:
    """A transport without a network that yields what `body` yields: for deadlines in virtual time."""

    body: AsyncIterator[bytes]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    left: bool = False

    def send(self, request: HttpRequest) -> AbstractAsyncContextManager[HttpResponse]:
        return self._send()

    @asynccontextmanager
    async def _send(self) -> AsyncIterator[HttpResponse]:
        try:
            yield HttpResponse(self.status, self.headers, self.body)
        finally:
            self.left = True

    async def aclose(self) -> None:
        """Nothing to close."""
