"""What the engine needs of the world: small Protocols that adapters implement.

`providers` implements `Upstream`, `ledger` implements `Ledger` and `SpendReader`. The engine imports neither.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from router.core.checks.judge import CommandResult
from router.core.failures.exchange import Exchange
from router.core.records.admission import NO_TERMS, Admission, Cap, Hold, Lesson, Quota, Terms, Used
from router.core.records.alerts import WrittenAlert
from router.core.records.answers import CachedResponse, CheckStats, CheckVerdict, Evidence
from router.core.records.entries import Entry, Intent, Settlement
from router.core.records.health import ExhaustedLimit, LearnedLimit, ScopeHealth
from router.core.records.history import Answered, Billed, Divisions, ListValue, Lot, PrefixUse
from router.core.records.offers import Offers
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.stress import StressResult
from router.core.request import Message
from router.core.settings.checks import CheckCommand
from router.core.settings.deployments import Deployment, Work
from router.core.settings.policy import ResponseCache
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
    thinking_tokens: int | None = None
    """The part of `max_tokens` that may go into thinking, where the deployment takes such a budget."""


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
    """Where every attempt is written, by one writer, and what all processes share of their deployments."""

    async def admit(self, intent: Intent, terms: Terms = NO_TERMS) -> Admission:
        """Commit an attempt's row before anything is sent, if its terms are met at this moment.

        Refused, nothing is written and nothing may be sent. Raises LedgerError: then nothing may be sent.
        """

    async def extend(self, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
        """Have `hold` held for the running attempt at (request, attempt), if `caps` allow what it adds.

        Refused, what was held stays. Raises LedgerError: then it stays as well.
        """

    def settle(self, settlement: Settlement, lesson: Lesson | None = None) -> None:
        """Hand in an attempt's end: returns at once; written in order, fsynced soon after, never lost.

        What it taught about the health of its scopes is written with it, for all processes.
        """

    def learn(self, lesson: Lesson, at_ms: int) -> None:
        """Hand in what an attempt teaches before its end: that its answer has begun."""

    def learn_limits(self, limits: Sequence[LearnedLimit]) -> None:
        """Hand in what a provider allows; the newest of a deployment, kind and source is kept."""

    def fill(self, scope: str, full: ExhaustedLimit) -> None:
        """Hand in that a provider says a limit is used up; of two for one scope the later end is kept."""

    def checked(self, request_id: str, attempt: int, verdicts: Sequence[CheckVerdict]) -> None:
        """Hand in what a route's checks said of an attempt's answer, for their pass rates."""

    def rate(self, request_id: str, *, good: bool, at_ms: int) -> None:
        """Hand in whether somebody found a request's answer good; the last word holds."""

    def keep(self, answer: CachedResponse, bounds: ResponseCache) -> None:
        """Hand in an answer that may stand in for its like; the newest within `bounds` are kept."""

    def stressed(self, result: StressResult) -> None:
        """Hand in what a stress test found of one target, for its history."""

    async def clear_health(self, keys: Collection[str] | None = None) -> None:
        """Forget the rests of the scopes under `keys`, and that they are full, of all when None.

        Raises LedgerError.
        """

    async def flush(self) -> None:
        """Wait until everything handed in is on disk. Raises LedgerError when it cannot be."""

    async def aclose(self) -> None:
        """Flush and close."""


class CheckRunner(Protocol):
    """Runs a user's own program on an answer."""

    async def run(self, command: CheckCommand, answer: str) -> CommandResult:
        """Run `command` with `answer` on its standard input. Raises nothing that the program can cause."""


class SpendReader(Protocol):
    """What screens and reports read; never blocks the writer."""

    async def version(self) -> int:
        """A number that changes when any process has committed anything. Cheap: asked once a second."""

    async def totals(self, windows: Sequence[Window]) -> list[Spend]:
        """One sum per window, in the same order."""

    async def groups(self, window: Window, by: Dimension) -> list[SpendGroup]:
        """A breakdown, dearest first. `by` is any dimension but `day`, which is `totals` of days."""

    async def budgets(self, caps: Sequence[Cap]) -> list[Used]:
        """What counts against each cap, in the same order: posted, held, and how much has no figure."""

    async def recent(self, limit: int) -> list[Entry]:
        """The newest entries of all processes, newest first, running ones included."""

    async def health(self) -> Mapping[str, ScopeHealth]:
        """What is known of every scope that was ever in trouble, by key; any other is healthy."""

    async def limits(self) -> Sequence[LearnedLimit]:
        """Every limit that was learned, however long ago."""

    async def told_full(self) -> Mapping[str, ExhaustedLimit]:
        """What providers said is used up, by the key of a deployment's own health scope."""

    async def counted_full(
        self, asked: Mapping[str, Sequence[Quota]], now_ms: int
    ) -> Mapping[str, ExhaustedLimit]:
        """Which deployments have no room within their quotas for one more, by name."""

    async def offers(self) -> Offers:
        """What providers were found to offer when they were last asked."""

    async def deployment_stats(self, window: Window) -> Mapping[str, DeploymentStats]:
        """Attempts, failures and the median first-token time per deployment name."""

    async def stress_results(self, limit: int, deployment: str | None = None) -> list[StressResult]:
        """The newest results of stress tests, newest first; of one deployment or of all."""

    async def evidence(self, window: Window) -> Mapping[tuple[str, Work], Evidence]:
        """What ratings, checks and escalations say of deployments, for answers begun in a window."""

    async def billed(self, since_ms: int) -> Sequence[Billed]:
        """Each deployment's newest calls since a moment whose cost was reported and could be computed."""

    async def kept(self, key: str, since_ms: int) -> CachedResponse | None:
        """The answer kept under a request's fingerprint, at that moment or later."""

    async def prefixes(self, since_ms: int) -> Mapping[str, frozenset[str]]:
        """The beginnings sent since a moment, as fingerprints, and the deployments that cached each."""

    async def answered(self, deployments: Collection[str], since_ms: int) -> Mapping[str, Sequence[Answered]]:
        """The newest answered and counted calls by deployment, begun at or after a moment."""

    async def aclose(self) -> None:
        """Close the connection."""


class ReportReader(Protocol):
    """What reports read beside the sums: every row of a window, so it may take seconds."""

    async def entries(self, window: Window) -> list[Entry]:
        """Every entry of a window, oldest first."""

    async def lots(self, window: Window, divisions: Divisions) -> list[Lot]:
        """What has ended in a window, in lots that the prices in question treat alike."""

    async def subscribed(self, window: Window) -> ListValue:
        """What the calls of subscriptions in a window were worth at list prices; no part of any spend."""

    async def prefix_uses(self, window: Window) -> list[PrefixUse]:
        """The prefixes that metered calls repeated within a cache's life, and did not cache."""

    async def check_stats(self, window: Window) -> list[CheckStats]:
        """What each check of each route has led to, for answers begun in a window."""

    async def last_alerts(self, limit: int) -> Sequence[WrittenAlert]:
        """The newest alerts, newest first, with the hooks that were told."""

    async def differences(self) -> list[str]:
        """Each stored sum that is not what its rows add up to, in words. Reads the whole ledger."""
