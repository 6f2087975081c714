"""What screens and the engine read of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from router.core.records.admission import Cap, Quota, Used
from router.core.records.alerts import Alert, StandingPause
from router.core.records.answers import CachedResponse, Evidence
from router.core.records.entries import Entry
from router.core.records.health import ExhaustedLimit, LearnedLimit, ScopeHealth, TrackRecord
from router.core.records.history import Answered, Billed
from router.core.records.offers import Offers
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.stress import StressResult
from router.core.settings.deployments import Work
from router.core.settings.hooks import Hook


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

    async def track_records(self, deployments: Collection[str]) -> Mapping[str, TrackRecord]:
        """How the last calls and the last stress test of each went; none for one never asked."""

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

    async def pauses(self) -> Sequence[StandingPause]:
        """The pauses of the runaway guard that nobody has lifted."""

    async def has_news(self, seen: Sequence[Alert], hooks: Sequence[Hook], now_ms: int) -> bool:
        """Whether an alert among those `seen` is to be written down, or any to be told."""

    async def aclose(self) -> None:
        """Close the connection."""
