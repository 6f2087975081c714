"""The ladder as it stands: every deployment with its health, how it has done, and one word for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from router.core.health.standing import Standing, standing, weakness
from router.core.records.health import UNTRIED, TrackRecord
from router.core.records.spend import DeploymentStats, Dimension, Spend
from router.core.settings.deployments import Deployment
from router.core.windows import calendar_days, rolling_hours
from router.engine.health_board import DeploymentState
from router.engine.ports import SpendReader

STATS_HOURS = 24
NO_CALLS = DeploymentStats()
NOTHING_SPENT = Spend()


@dataclass(frozen=True, slots=True)
class TierRow:
    """One deployment of the ladder."""

    state: DeploymentState
    stats: DeploymentStats = NO_CALLS
    """Of the last 24 hours."""
    record: TrackRecord = UNTRIED
    """Of its last ten calls, however long ago, and its last stress test."""
    today: Spend = NOTHING_SPENT
    """What it has cost since local midnight."""

    @property
    def deployment(self) -> Deployment:
        """The deployment itself."""
        return self.state.deployment

    @property
    def standing(self) -> Standing:
        """How it stands, in one word."""
        return standing(
            self.state.health,
            self.record,
            off=self.deployment.off is not None,
            dropped=self.deployment.dropped is not None,
            full=self.state.full,
        )

    @property
    def reason(self) -> str | None:
        """Why it is away, or why it is weak; None when all is well."""
        return self.state.reason or (weakness(self.record) if self.standing is Standing.WEAK else None)

    @property
    def error_rate(self) -> float | None:
        """The share of its calls that failed in the last 24 hours, 0 to 1; None without calls."""
        return self.stats.failures / self.stats.calls if self.stats.calls else None


@dataclass(frozen=True, slots=True)
class LadderFigures:
    """What the ledger says of deployments, by name."""

    stats: Mapping[str, DeploymentStats] = field(default_factory=dict)
    records: Mapping[str, TrackRecord] = field(default_factory=dict)
    today: Mapping[str | None, Spend] = field(default_factory=dict)

    def rows(self, states: Sequence[DeploymentState]) -> tuple[TierRow, ...]:
        """Return the ladder with these figures, in the order given."""
        return tuple(
            TierRow(
                state,
                self.stats.get(state.deployment.name, NO_CALLS),
                self.records.get(state.deployment.name, UNTRIED),
                self.today.get(state.deployment.name, NOTHING_SPENT),
            )
            for state in states
        )


async def ladder_figures(
    reader: SpendReader, names: Sequence[str], now_ms: int, zone: tzinfo
) -> LadderFigures:
    """Read the figures of deployments. Raises LedgerError."""
    [today] = calendar_days(now_ms, zone, 1)
    spent = await reader.groups(today, Dimension.DEPLOYMENT)
    return LadderFigures(
        stats=await reader.deployment_stats(rolling_hours(now_ms, STATS_HOURS)),
        records=await reader.track_records(names),
        today={group.key: group.spend for group in spent},
    )


async def tier_rows(
    reader: SpendReader, states: Sequence[DeploymentState], now_ms: int, zone: tzinfo
) -> tuple[TierRow, ...]:
    """Return the ladder, cheapest tier first. Raises LedgerError."""
    figures = await ladder_figures(reader, [state.deployment.name for state in states], now_ms, zone)
    return figures.rows(states)
