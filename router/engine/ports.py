"""What the engine needs of the world: small Protocols that adapters implement.

`providers` implements `Upstream`, `ledger` implements `Ledger` and `SpendReader`. The engine imports neither.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from router.core.exchange import Exchange
from router.core.model import Deployment, Message
from router.core.spend import DeploymentStats, Dimension, Entry, Intent, Settlement, Spend, SpendGroup, Window
from router.core.usage import UsageReading


class Clock(Protocol):
    """Where the time comes from."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never steps."""


class Chance(Protocol):
    """Where randomness comes from."""

    def token(self) -> str:
        """12 random hex digits."""

    def roll(self) -> float:
        """A number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt as an adapter sees it: ready to be put on the wire."""

    deployment: Deployment
    messages: tuple[Message, ...]
    max_tokens: int | None
    stream: bool = True


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


class Ledger(Protocol):
    """Where every attempt is written, by one writer."""

    async def admit(self, intent: Intent) -> None:
        """Commit an attempt's row before anything is sent. Raises LedgerError: then nothing may be sent."""

    def settle(self, settlement: Settlement) -> None:
        """Hand in an attempt's end: returns at once; written in order, fsynced soon after, never lost."""

    async def flush(self) -> None:
        """Wait until everything handed in is on disk. Raises LedgerError when it cannot be."""

    async def aclose(self) -> None:
        """Flush and close."""


class SpendReader(Protocol):
    """What screens and reports read; never blocks the writer."""

    async def version(self) -> int:
        """A number that changes when any process has committed anything. Cheap: asked once a second."""

    async def totals(self, windows: Sequence[Window]) -> list[Spend]:
        """One sum per window, in the same order."""

    async def groups(self, window: Window, by: Dimension) -> list[SpendGroup]:
        """A breakdown, dearest first. `by` is any dimension but `day`, which is `totals` of days."""

    async def recent(self, limit: int) -> list[Entry]:
        """The newest entries of all processes, newest first, running ones included."""

    async def deployment_stats(self, window: Window) -> Mapping[str, DeploymentStats]:
        """Attempts, failures and the median first-token time per deployment name."""

    async def aclose(self) -> None:
        """Close the connection."""
