"""From the name a caller used to the route that serves it: exact matches, then aliases, never a guess.

`:free` behind a name forbids what costs money. Names may contain `:` themselves, so the whole name is looked
for first: a model that is called `gemma:free` is that model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.routes import Climb, Route

EXPLICIT = Climb(free_to_paid=True, subscription_to_metered=True)
"""Who names a tier or a deployment has declared it himself."""
FREE = ":free"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is called this."""

    name: str
    nearest: tuple[str, ...]


def resolve(config: RouterConfig, name: str) -> Route | Unknown:
    """Return the route called `name`, or one made of the tier, the deployment or the alias of that name."""
    found = named(config, name)
    if isinstance(found, Route):
        return found
    stem = name.removesuffix(FREE)
    exact = [wanted for wanted in (name, stem) if wanted in config.aliases]
    for pattern, target in config.aliases.items():
        if pattern in exact or (not exact and (fits(name, pattern) or fits(stem, pattern))):
            found = named(config, target)
            return without_paid(found) if isinstance(found, Route) and stem != name else found
    return found


def fits(name: str, pattern: str) -> bool:
    """Tell whether an alias stands for a name; `*` and `?` are its only signs, brackets are letters."""
    signs = {"*": ".*", "?": "."}
    return (
        re.fullmatch("".join(signs.get(sign) or re.escape(sign) for sign in pattern), name, re.DOTALL)
        is not None
    )


def named(config: RouterConfig, name: str) -> Route | Unknown:
    """Return what the configuration itself calls `name`, with or without `:free` behind it; no alias."""
    exact = _exact(config, name)
    if exact is not None:
        return exact
    stem = name.removesuffix(FREE)
    found = _exact(config, stem)
    return without_paid(found) if found else Unknown(name, nearest_names(config, stem))


def without_paid(route: Route) -> Route:
    """Return the route as `:free` behind its name asks for it."""
    return route if route.free_only else replace(route, name=route.name + FREE, free_only=True)


def _exact(config: RouterConfig, name: str) -> Route | None:
    if name in config.routes:
        return config.routes[name]
    if name in config.deployments:
        return Route(name=name, deployments=(name,), climb=EXPLICIT, explicit=True)
    if any(tier.name == name for tier in config.tiers):
        tiers = on_tier(config, name)
        without = dropped(config.deployments, tiers)
        return Route(name, tiers, ladder=(name,), climb=EXPLICIT, explicit=True, without=without)
    return None


def dropped(deployments: Mapping[str, Deployment], names: Iterable[str]) -> dict[str, str]:
    """Return which of several deployments were dropped from every route, and why."""
    return {name: why for name in names if (why := deployments[name].dropped)}


def on_tier(config: RouterConfig, tier: str) -> tuple[str, ...]:
    """Return the names of a tier's deployments in the order of the configuration."""
    return tuple(d.name for d in config.deployments.values() if d.tier.name == tier and not d.embeds)


def members(config: RouterConfig, route: Route) -> tuple[Deployment, ...]:
    """Return a route's deployments in its order."""
    return tuple(config.deployments[name] for name in route.deployments)


def nearest_names(config: RouterConfig, name: str) -> tuple[str, ...]:
    """Return up to three defined names that look like `name`."""
    known = [*config.routes, *(tier.name for tier in config.tiers), *config.deployments, *config.aliases]
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    return tuple(by_lower[match] for match in close)
