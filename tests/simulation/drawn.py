"""The configurations of simulated worlds, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import replace

from router.core.cost.price_config import price_from_config
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Limits, Tier
from router.core.settings.policy import Policy
from router.core.settings.providers import Billing, Provider, Wire
from router.core.settings.routes import Climb, Route
from router.core.settings.secret import Secret
from tests.simulation.bills import RATES

ALL_DAY = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 60_000_000)
"""Room for a handful of calls at once, each of which may cost some eight million nano-dollars."""
DEAR_HOUR = Budget(BudgetScope.TIER, "T2", BudgetWindow.HOUR, 20_000_000)


def config(chance: random.Random, many: int) -> RouterConfig:
    """Draw a configuration of `many` deployments, some of which share a key."""
    tiers = tuple(Tier(f"T{n}", f"tier {n}", n) for n in range(3))
    providers = [_provider(n) for n in range(many)]
    deployments: dict[str, Deployment] = {}
    for n in range(many):
        billing = chance.choice([Billing.FREE, Billing.LOCAL, Billing.METERED])
        deployments[f"d{n}"] = Deployment(
            f"d{n}",
            chance.choice(tiers),
            providers[chance.choice([n, n, chance.randrange(many)])],
            f"m{n}",
            billing,
            price_from_config(RATES) if billing is Billing.METERED else None,
            limits=Limits(rpm=chance.choice([None, None, None, 5])),
        )
    ladder = sorted(deployments.values(), key=lambda d: d.tier.rank)
    route = Route("auto", tuple(d.name for d in ladder), climb=Climb(free_to_paid=True))
    return RouterConfig(
        source="simulation",
        providers={provider.name: provider for provider in providers},
        tiers=tiers,
        deployments=deployments,
        routes={"auto": route},
        policy=Policy(max_attempts=6, deadline_s=300),
        budgets=tuple(budget for budget in (ALL_DAY, DEAR_HOUR) if chance.random() < 0.3),
    )


def with_new_key(known: RouterConfig, old: str) -> RouterConfig:
    """Return the same configuration with another key where `old` stood."""
    new = Secret(f"{old}, renewed")
    providers = {
        name: replace(provider, api_key=new)
        if provider.api_key and provider.api_key.reveal() == old
        else provider
        for name, provider in known.providers.items()
    }
    deployments = {
        name: replace(deployment, provider=providers[deployment.provider.name])
        for name, deployment in known.deployments.items()
    }
    return replace(known, providers=providers, deployments=deployments)


def _provider(n: int) -> Provider:
    return Provider(f"p{n}", Wire.OPENAI, Billing.METERED, f"http://127.0.0.1:{n + 1}", Secret(f"key {n}"))
