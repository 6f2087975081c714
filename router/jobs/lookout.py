"""What is known of the deployments beside their health: lately seen speed, errors, limits left,
budgets used, and how good their answers were found.

Reads the ledger now and then and keeps what it found, so that a decision waits for no database. What is
missing here costs a worse choice, never a wrong one: limits and budgets are asked again at admission.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from router.core.budget.budget import fraction_used, pressure, standing_caps
from router.core.catalog.quotas import left_by_deployment
from router.core.cost.experience import Experience, learn
from router.core.cost.prompt_cache import LIFE_MS, watches_prefixes
from router.core.health.exhausted import countable
from router.core.records.admission import Cap, Used
from router.core.records.answers import Evidence
from router.core.records.health import ExhaustedLimit
from router.core.records.history import Answered
from router.core.records.spend import DeploymentStats, Dimension, Window
from router.core.request import Request
from router.core.routing.facts import NOTHING, Observed
from router.core.settings.budgets import Budget, BudgetScope
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Work
from router.core.windows import calendar_days, span
from router.engine.ports import Clock, SpendReader
from router.services.daily_quotas import read_daily_quotas

LATELY_MS = 15 * 60_000
"""How far back speed and errors are looked at."""
MINUTE_MS = 60_000
JUDGED_MS = 30 * 24 * 3600_000
"""How far back ratings, checks, escalations and token counts go: models change behind their names."""


class Lookout:
    """Keeps the last look at the ledger for one configuration."""

    def __init__(self, config: RouterConfig, clock: Clock, zone: tzinfo) -> None:
        self.config = config
        """The one in use; whoever swaps it sets it here too."""
        self._clock = clock
        self._zone = zone
        self._seen = NOTHING
        self._judged_at: int | None = None
        self._learned_at: int | None = None

    def observe(self, request: Request) -> Observed:
        """Return what was seen at the last look; the same for every request."""
        return self._seen

    async def look(self, reader: SpendReader) -> None:
        """Read the ledger. Raises LedgerError; what was known before then stays."""
        now = self._clock.now_ms()
        today = span(calendar_days(now, self._zone, 1))
        tasks = await reader.groups(today, Dimension.TASK)
        self._seen = Observed(
            stats=await reader.deployment_stats(Window(now - LATELY_MS, now + 1)),
            left=_left(
                self.config.deployments.values(),
                await reader.deployment_stats(Window(now - MINUTE_MS, now + 1)),
                left_by_deployment(await read_daily_quotas(self.config, reader, now)),
            ),
            full=await self._full(reader, now),
            pressure=await self._pressure(reader, now),
            evidence=await self._evidence(reader, now),
            experience=await self._experience(reader, now),
            prefixes=await reader.prefixes(now - LIFE_MS) if watches_prefixes(self.config.policy) else {},
            requests_today={group.key: group.spend.requests for group in tasks if group.key},
        )

    async def _full(self, reader: SpendReader, now: int) -> Mapping[str, ExhaustedLimit]:
        """Return whose limits, configured and learned, have no room for one more."""
        learned = await reader.limits()
        asked = {
            name: countable(d.limits, [limit for limit in learned if limit.deployment == name], now)
            for name, d in self.config.deployments.items()
        }
        limited = {name: quotas for name, quotas in asked.items() if quotas}
        return await reader.counted_full(limited, now) if limited else {}

    async def _evidence(self, reader: SpendReader, now: int) -> Mapping[tuple[str, Work], Evidence]:
        """Return what is said of the answers; read once a minute at most, as it adds up many rows."""
        if self._judged_at is not None and now - self._judged_at < MINUTE_MS:
            return self._seen.evidence
        found = await reader.evidence(Window(now - JUDGED_MS, now + 1))
        self._judged_at = now
        return found

    async def _experience(self, reader: SpendReader, now: int) -> Mapping[str, Experience]:
        """Return what each model's calls have shown; once a minute, as a few calls more teach little."""
        if self._learned_at is not None and now - self._learned_at < MINUTE_MS:
            return self._seen.experience
        deployments = self.config.deployments
        calls: defaultdict[str, list[Answered]] = defaultdict(list)
        for name, answered in (await reader.answered(deployments, now - JUDGED_MS)).items():
            calls[deployments[name].model] += answered
        self._learned_at = now
        return {model: learn(each) for model, each in calls.items()}

    async def _pressure(self, reader: SpendReader, now: int) -> Mapping[str, float]:
        budgets = [budget for budget in self.config.budgets if standing_caps([budget], now, self._zone)]
        caps = standing_caps(budgets, now, self._zone)
        if not caps:
            return {}
        used = list(zip(budgets, caps, await reader.budgets(caps), strict=True))
        return {d.name: _pressure_on(d, used) for d in self.config.deployments.values()}


def _pressure_on(deployment: Deployment, used: Sequence[tuple[Budget, Cap, Used]]) -> float:
    return pressure(fraction_used(u.nano, cap) for budget, cap, u in used if _counts(budget, deployment))


def _counts(budget: Budget, deployment: Deployment) -> bool:
    """Tell whether every call to a deployment counts against a budget; tags and sessions vary by call."""
    match budget.scope:
        case BudgetScope.ALL:
            return True
        case BudgetScope.TIER:
            return budget.target == deployment.tier.name
        case BudgetScope.PROVIDER:
            return budget.target == deployment.provider.name
        case BudgetScope.DEPLOYMENT:
            return budget.target == deployment.name
        case _:
            return False


def _left(
    deployments: Iterable[Deployment], minute: Mapping[str, DeploymentStats], day: Mapping[str, float]
) -> Mapping[str, float]:
    """Return what remains of each deployment's tightest limit on requests, 0 to 1.

    `day` is what remains of its daily allowance, which it may share with others.
    """
    found = {}
    for deployment in deployments:
        limit, stats = deployment.limits.rpm, minute.get(deployment.name)
        left = [1 - (stats.attempts if stats else 0) / limit] if limit else []
        left += [day[deployment.name]] if deployment.name in day else []
        if left:
            found[deployment.name] = max(0.0, min(left))
    return found
