"""From a checked file to the engine's own values: references resolved, routes written out, keys read.

Refuses nothing: `loader.py` has checked the file before. The one place where the environment's keys are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from router.config import schema, settings
from router.config.check_schema import checks_of
from router.config.choices import priors_of, privacy_of, rules_of, weights_of
from router.config.hook_schema import hook_of
from router.config.scalars import KeySource
from router.config.settings import BudgetSection, GuardSection, PolicySection
from router.core.money import to_nano
from router.core.routing.resolve import dropped
from router.core.settings.budgets import Budget, BudgetScope, Guard
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Limits, Tier, Timeouts
from router.core.settings.display import Display
from router.core.settings.jobs import Jobs, WarmUp
from router.core.settings.policy import Policy, ResponseCache, StressDefaults
from router.core.settings.prices import Price
from router.core.settings.providers import Provider
from router.core.settings.routes import Climb, Route, RoutePart, Strategy
from router.core.settings.secret import Secret
from router.core.settings.tasks import EmbeddingsClassifier, LevelRule, TaskRule

EMBEDDED_MODEL = "smollm2-135m"
"""What the embedded model is called in the ledger and on screen."""


def assemble(
    file: schema.File, source: str, environ: Mapping[str, str], prices: Mapping[str, Price]
) -> RouterConfig:
    """Return the configuration as the engine knows it; `prices` are those of the file, by deployment."""
    providers = {name: _provider(name, written, environ) for name, written in file.providers.items()}
    tiers = {
        name: Tier(name=name, label=tier.label, rank=rank)
        for rank, (name, tier) in enumerate(file.tiers.items())
    }
    deployments = {
        name: _deployment(
            name,
            written,
            tiers[written.tier],
            providers[written.provider],
            prices.get(name),
            _unset(file.providers[written.provider], environ),
        )
        for name, written in file.deployments.items()
    }
    if file.classifier:
        embeds = file.classifier.embeddings
        deployments[embeds] = replace(deployments[embeds], embeds=True)
    return RouterConfig(
        source=source,
        providers=providers,
        tiers=tuple(tiers.values()),
        deployments=deployments,
        routes={name: _route(name, file, deployments) for name in file.routes},
        aliases=dict(file.aliases),
        tasks={
            name: TaskRule(route=task.route, min_tier=task.min_tier, max_tier=task.max_tier)
            for name, task in file.tasks.items()
        },
        levels={
            name: LevelRule(
                tiers=tuple(level.tiers),
                ceiling_nano_per_1k=None
                if level.ceiling_usd_per_1k is None
                else to_nano(level.ceiling_usd_per_1k),
            )
            for name, level in file.levels.items()
        },
        budgets=tuple(_budget(budget) for budget in file.budgets),
        policy=_policy(file.policy),
        hooks=tuple(
            hook_of(place, hook, _key(hook.url, environ)) for place, hook in enumerate(file.hooks, start=1)
        ),
        jobs=Jobs(
            watch_models_s=file.jobs.watch_models,
            warm_ups=tuple(
                WarmUp(at=one.at, deployments=tuple(one.deployments)) for one in file.jobs.warm_up
            ),
        ),
        display=_display(file.display),
        gateway_key=_key(file.gateway.api_key, environ),
        classifier=_classifier(file.classifier),
        local_only_tasks=frozenset(file.privacy.local_only),
        stress=StressDefaults(requests=file.stress.requests, timeout_s=file.stress.timeout),
    )


def _provider(name: str, written: schema.ProviderSection, environ: Mapping[str, str]) -> Provider:
    return Provider(
        name=name,
        wire=written.wire,
        billing=written.billing,
        base_url=written.base_url,
        api_key=_key(written.api_key, environ),
        key_name=written.api_key.variable if written.api_key else None,
        catalogue=written.catalogue,
        proxy=written.proxy,
        trains=written.trains,
        headers=_secrets(written.headers, environ),
        query=_secrets(written.query, environ),
        body=written.body,
        usage_at=written.usage_at,
    )


def _secrets(written: Mapping[str, KeySource], environ: Mapping[str, str]) -> tuple[tuple[str, Secret], ...]:
    found = ((name, _key(source, environ)) for name, source in written.items())
    return tuple((name, secret) for name, secret in found if secret is not None)


def _unset(written: schema.ProviderSection, environ: Mapping[str, str]) -> str | None:
    """Return why a provider is off: the first variable of its key, headers or query that is not set."""
    sources = [("key", written.api_key), *written.headers.items(), *written.query.items()]
    missing = (
        f"no {name}: set {source.variable}"
        for name, source in sources
        if source is not None and source.variable is not None and _key(source, environ) is None
    )
    return next(missing, None)


def _key(source: KeySource | None, environ: Mapping[str, str]) -> Secret | None:
    if source is None or source.variable is None:
        return source.secret if source else None
    text = environ.get(source.variable, "").strip()
    return Secret(text) if text else None


def _deployment(
    name: str,
    written: schema.DeploymentSection,
    tier: Tier,
    provider: Provider,
    price: Price | None,
    unset: str | None,
) -> Deployment:
    limits, timeouts = written.limits, written.timeouts
    return Deployment(
        name=name,
        tier=tier,
        provider=provider,
        model=written.model or EMBEDDED_MODEL,
        billing=written.billing or provider.billing,
        price=price,
        context_window=written.context_window,
        max_output_tokens=written.max_output_tokens,
        limits=Limits(
            rpm=limits.rpm,
            tpm=limits.tpm,
            rpd=limits.rpd,
            tpd=limits.tpd,
            parallel=limits.parallel,
            reset_timezone=limits.reset_timezone,
        ),
        timeouts=Timeouts(
            connect_s=timeouts.connect,
            first_token_s=timeouts.first_token,
            idle_s=timeouts.idle,
            total_s=timeouts.total,
        ),
        off=written.switched_off or unset,
        dropped=written.dropped,
        cooldown_s=written.cooldown,
        weight=written.weight,
        order=written.order,
        capabilities=None if written.capabilities is None else frozenset(written.capabilities),
        trains=written.trains,
        max_error_rate=written.max_error_rate,
        quality=priors_of(written),
    )


def _classifier(written: settings.ClassifierSection | None) -> EmbeddingsClassifier | None:
    if written is None:
        return None
    return EmbeddingsClassifier(
        deployment=written.embeddings, timeout_s=written.timeout, margin=written.margin
    )


def _embeds(file: schema.File) -> str | None:
    """Return the name of the deployment that makes embeddings, if any."""
    return file.classifier.embeddings if file.classifier else None


def _route(name: str, file: schema.File, deployments: Mapping[str, Deployment]) -> Route:
    written = file.routes[name]
    cap = written.climb.max_usd_per_call
    own, *after = _parts(written, file)
    everyone = tuple(member for part in (own, *after) for member in part.members)
    return Route(
        name=name,
        deployments=everyone,
        without={**dropped(deployments, everyone), **written.without},
        ladder=tuple(written.ladder or ()),
        own=len(own.members) if written.fallbacks else None,
        fallbacks=tuple(RoutePart(len(part.members), part.strategy) for part in after),
        strategy=written.strategy,
        climb=Climb(
            free_to_paid=written.climb.free_to_paid,
            max_cost_nano=None if cap is None else to_nano(cap),
            max_tier=written.climb.max_tier,
            subscription_to_metered=written.climb.subscription_to_metered,
        ),
        privacy=privacy_of(written),
        cache=written.cache,
        checks=checks_of(written.checks),
    )


def _own(route: schema.RouteSection, file: schema.File) -> list[str]:
    written = file.deployments
    own = sorted(route.use or (), key=lambda name: written[name].order)  # stable: equals stay as written
    for tier in route.ladder or ():
        standing = [name for name, d in written.items() if d.tier == tier and name != _embeds(file)]
        own += sorted(standing, key=lambda name: written[name].order)
    return own


class _Part(NamedTuple):
    members: tuple[str, ...]
    strategy: Strategy


def _parts(route: schema.RouteSection, file: schema.File) -> list[_Part]:
    """Return a route's own deployments, then its fallbacks, routes written out; each where it comes first."""
    written = [_Part(tuple(_own(route, file)), route.strategy)]
    for fallback in route.fallbacks:
        if fallback in file.routes:
            of = file.routes[fallback]
            written += [
                _Part(tuple(name for name in part.members if name not in of.without), part.strategy)
                for part in _parts(of, file)
            ]
        else:
            written.append(_Part((fallback,), Strategy.ORDERED))
    seen: set[str] = set()
    found = []
    for part in written:
        fresh = tuple(name for name in dict.fromkeys(part.members) if name not in seen)
        seen.update(fresh)
        found.append(part._replace(members=fresh))
    return [found[0], *(part for part in found[1:] if part.members)]


def members(route: schema.RouteSection, file: schema.File) -> list[str]:
    """Return a route's deployments in order: its own, then its fallbacks, routes written out."""
    return [name for part in _parts(route, file) for name in part.members]


def _budget(written: BudgetSection) -> Budget:
    kind, _, target = written.scope.partition(":")
    return Budget(
        scope=BudgetScope(kind),
        target=target or None,
        window=written.window,
        limit_nano=to_nano(written.usd),
        hard=written.mode == "hard",
        rolling=written.rolling,
    )


def _policy(written: PolicySection) -> Policy:
    return Policy(
        max_attempts=written.max_attempts,
        default_max_tokens=written.default_max_tokens,
        deadline_s=written.deadline,
        cooldown_s=written.cooldown,
        allowed_fails=written.allowed_fails,
        fail_window_s=written.fail_window,
        wait_for_free_s=written.wait_for_free or 0.0,
        queue_s=written.queue,
        slow_s=written.slow,
        weights=weights_of(written.weights),
        rules=rules_of(written),
        cache_prompts=written.cache.prompts == "auto",
        guard=_guard(written.guard),
        keeping=ResponseCache(age_s=written.cache.ttl, answers=written.cache.answers, mib=written.cache.mib),
    )


def _guard(written: GuardSection) -> Guard:
    return Guard(
        nano_per_10m=None if written.usd_per_10m is None else to_nano(written.usd_per_10m),
        requests_per_minute=written.requests_per_minute,
        identical_calls=written.identical_calls,
    )


def _display(written: settings.DisplaySection) -> Display:
    return Display(
        currency=written.currency,
        usd_rate=written.usd_rate,
        rate_date=written.rate_date,
        timezone=written.timezone,
        theme=written.theme,
    )
