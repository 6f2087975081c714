"""Small configurations for tests, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from router.core.cost.price_config import price_from_config
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.policy import Policy
from router.core.settings.prices import Price
from router.core.settings.providers import Billing, Provider, Wire
from router.core.settings.routes import Climb, Route
from router.core.settings.secret import Secret

T0, T1, T2 = Tier("T0", "free cloud", 0), Tier("T1", "local", 1), Tier("T2", "paid", 2)
CLIMB = Climb(free_to_paid=True)


def price(input_mtok: str = "1", output_mtok: str = "2") -> Price:
    """A plain price in dollars per million tokens."""
    return price_from_config({"input_mtok": input_mtok, "output_mtok": output_mtok})


def provider(name: str, billing: Billing, wire: Wire = Wire.OPENAI) -> Provider:
    """A provider with a key of its own."""
    return Provider(name, wire, billing, f"http://127.0.0.1:1/{name}", api_key=Secret(f"key of {name}"))


def deployment(name: str, tier: Tier, billing: Billing) -> Deployment:
    """A deployment with a provider of its own; a metered one costs $1 and $2 per million tokens."""
    made = Deployment(name, tier, provider(f"at-{name}", billing), f"model-{name}", billing)
    return replace(made, price=price()) if billing is Billing.METERED else made


def small_config(
    *,
    climb: Climb = CLIMB,
    aliases: Mapping[str, str] | None = None,
    policy: Policy | None = None,
    changes: Mapping[str, Deployment] | None = None,
) -> RouterConfig:
    """Three deployments on three tiers: `free`, `local` and `paid`; routes `auto` and `skill/code`."""
    deployments = {
        "free": deployment("free", T0, Billing.FREE),
        "local": deployment("local", T1, Billing.LOCAL),
        "paid": deployment("paid", T2, Billing.METERED),
    } | dict(changes or {})
    return RouterConfig(
        source="test",
        providers={d.provider.name: d.provider for d in deployments.values()},
        tiers=(T0, T1, T2),
        deployments=deployments,
        routes={
            "auto": Route("auto", ("free", "local", "paid"), ladder=("T0", "T1", "T2"), climb=climb),
            "skill/code": Route("skill/code", ("paid", "local"), climb=climb),
        },
        aliases={"claude-haiku-*": "skill/code"} if aliases is None else aliases,
        policy=policy or Policy(),
    )


def rate(dollars: str) -> Decimal:
    """A rate or amount that never was a float."""
    return Decimal(dollars)
