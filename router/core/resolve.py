"""From the name a caller used to the route that serves it: exact matches, then aliases, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from router.core.model import Climb, Deployment, Route, RouterConfig

EXPLICIT = Climb(free_to_paid=True)
"""Who names a tier or a deployment has declared it himself."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is called this."""

    name: str
    nearest: tuple[str, ...]


def resolve(config: RouterConfig, name: str) -> Route | Unknown:
    """Return the route called `name`, or one made of the tier, the deployment or the alias of that name."""
    exact = _exact(config, name)
    if exact is not None:
        return exact
    for pattern, target in config.aliases.items():
        if fnmatchcase(name, pattern):
            return _exact(config, target) or Unknown(target, nearest_names(config, target))
    return Unknown(name, nearest_names(config, name))


def _exact(config: RouterConfig, name: str) -> Route | None:
    if name in config.routes:
        return config.routes[name]
    if name in config.deployments:
        return Route(name=name, deployments=(name,), climb=EXPLICIT)
    if any(tier.name == name for tier in config.tiers):
        return Route(name=name, deployments=on_tier(config, name), ladder=(name,), climb=EXPLICIT)
    return None


def on_tier(config: RouterConfig, tier: str) -> tuple[str, ...]:
    """Return the names of a tier's deployments in the order of the configuration."""
    return tuple(d.name for d in config.deployments.values() if d.tier.name == tier)


def members(config: RouterConfig, route: Route) -> tuple[Deployment, ...]:
    """Return a route's deployments in its order."""
    return tuple(config.deployments[name] for name in route.deployments)


def nearest_names(config: RouterConfig, name: str) -> tuple[str, ...]:
    """Return up to three defined names that look like `name`."""
    known = [*config.routes, *(tier.name for tier in config.tiers), *config.deployments, *config.aliases]
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    return tuple(by_lower[match] for match in close)
