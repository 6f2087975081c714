"""From a checked file to the engine's own values: references resolved, routes written out, keys read.

Refuses nothing: `loader.py` has checked the file before. The one place where the environment's keys are read.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.config import schema
from router.config.settings import Budget, Display, Policy
from router.core import model as core
from router.core.money import to_nano
from router.core.pricing import Price
from router.core.secret import Secret

EMBEDDED_MODEL = "smollm2-135m"
"""What the embedded model is called in the ledger and on screen."""


def assemble(
    file: schema.File, source: str, environ: Mapping[str, str], prices: Mapping[str, Price]
) -> core.RouterConfig:
    """Return the configuration as the engine knows it; `prices` are those of the file, by deployment."""
    providers = {name: _provider(name, written, environ) for name, written in file.providers.items()}
    tiers = {name: core.Tier(name, tier.label, rank) for rank, (name, tier) in enumerate(file.tiers.items())}
    deployments = {
        name: _deployment(name, written, tiers[written.tier], providers[written.provider], prices.get(name))
        for name, written in file.deployments.items()
    }
    return core.RouterConfig(
        source=source,
        providers=providers,
        tiers=tuple(tiers.values()),
        deployments=deployments,
        routes={name: _route(name, file) for name in file.routes},
        aliases=dict(file.aliases),
        tasks={
            name: core.TaskRule(task.route, task.min_tier, task.max_tier) for name, task in file.tasks.items()
        },
        levels={
            name: core.LevelRule(
                tuple(level.tiers),
                None if level.ceiling_usd_per_1k is None else to_nano(level.ceiling_usd_per_1k),
            )
            for name, level in file.levels.items()
        },
        budgets=tuple(_budget(budget) for budget in file.budgets),
        policy=_policy(file.policy),
        display=_display(file.display),
    )


def _provider(name: str, written: schema.Provider, environ: Mapping[str, str]) -> core.Provider:
    source = written.api_key
    variable = source.variable if source else None
    text = environ.get(variable, "").strip() if variable else ""
    return core.Provider(
        name=name,
        wire=written.wire,
        billing=written.billing,
        base_url=written.base_url,
        api_key=Secret(text) if text else (source.secret if source else None),
        key_name=variable,
        catalogue=written.catalogue,
        proxy=written.proxy,
    )


def _deployment(
    name: str, written: schema.Deployment, tier: core.Tier, provider: core.Provider, price: Price | None
) -> core.Deployment:
    keyless = provider.key_name is not None and provider.api_key is None
    limits, timeouts = written.limits, written.timeouts
    return core.Deployment(
        name=name,
        tier=tier,
        provider=provider,
        model=written.model or EMBEDDED_MODEL,
        billing=written.billing or provider.billing,
        price=price,
        context_window=written.context_window,
        max_output_tokens=written.max_output_tokens,
        limits=core.Limits(
            limits.rpm, limits.tpm, limits.rpd, limits.tpd, limits.parallel, limits.reset_timezone
        ),
        timeouts=core.Timeouts(timeouts.connect, timeouts.first_token, timeouts.idle, timeouts.total),
        off=f"no key: set {provider.key_name}" if keyless else None,
    )


def _route(name: str, file: schema.File) -> core.Route:
    written = file.routes[name]
    cap = written.climb.max_usd_per_call
    return core.Route(
        name=name,
        deployments=tuple(dict.fromkeys(_members(written, file))),
        ladder=tuple(written.ladder or ()),
        strategy=written.strategy,
        climb=core.Climb(written.climb.free_to_paid, None if cap is None else to_nano(cap)),
    )


def _members(route: schema.Route, file: schema.File) -> list[str]:
    """Return a route's deployments in order: its own, then those of the routes it falls back to."""
    own = list(route.use or ())
    for tier in route.ladder or ():
        own += [name for name, deployment in file.deployments.items() if deployment.tier == tier]
    for fallback in route.fallbacks:
        own += _members(file.routes[fallback], file)
    return own


def _budget(written: Budget) -> core.Budget:
    kind, _, target = written.scope.partition(":")
    return core.Budget(
        scope=core.BudgetScope(kind),
        target=target or None,
        window=written.window,
        limit_nano=to_nano(written.usd),
        hard=written.mode == "hard",
    )


def _policy(written: Policy) -> core.Policy:
    return core.Policy(
        max_attempts=written.max_attempts,
        default_max_tokens=written.default_max_tokens,
        deadline_s=written.deadline,
        cooldown_s=written.cooldown,
        allowed_fails=written.allowed_fails,
        fail_window_s=written.fail_window,
    )


def _display(written: Display) -> core.Display:
    return core.Display(
        currency=written.currency,
        usd_rate=written.usd_rate,
        rate_date=written.rate_date,
        timezone=written.timezone,
        theme=written.theme,
    )
