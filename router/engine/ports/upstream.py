"""A model server as the engine sees it: a call goes out, events come back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.settings.deployments import Deployment
from router.core.usage import UsageReading
from router.core.value import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt as an adapter sees it: ready to be put on the wire."""

    deployment: Deployment
    messages: tuple[Message, ...]
    max_tokens: int | None
    stream: bool = True
    thinking_tokens: int | None = None
    """The part of `max_tokens` that may go into thinking, where the deployment takes such a budget."""
    at_most_s: float = float("inf")
    """How long it may take at most, where its request has less time left than its deployment allows."""

    @property
    def total_s(self) -> float:
        """How long it may take, in seconds."""
        return min(self.deployment.timeouts.total_s, self.at_most_s)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The adapter is busy before it can send: a model loads."""

    what: str
    """In words for the user: `starting the embedded model`."""


@dataclass(frozen=True, slots=True)
class Answering:
    """The answer's head arrived."""

    status: int
    provider_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A piece of the answer."""

    text: str
    kind: str = "text"
    """`text`, `reasoning`, `refusal` or `tool`."""
    raw: bytes = b""
    """The bytes it came in, for callers that speak the same dialect."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What the wire says of usage so far; the last one wins, it is already merged field by field."""

    reading: UsageReading
    model_served: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Always the last: how it went."""

    exchange: Exchange


UpstreamEvent = Waiting | Answering | Content | UsageReport | Ended


class Upstream(Protocol):
    """A wire: sends a call and tells what comes back."""

    def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Send `call`; yield what arrives, `Ended` last. Raises nothing that the wire can cause.

        Holds `deployment.timeouts` itself. Closing the generator closes the connection.
        """

    async def aclose(self) -> None:
        """Release connections and child processes."""
