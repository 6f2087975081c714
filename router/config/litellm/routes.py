"""LiteLLM's model groups, fallbacks and aliases as our routes and aliases.

Fallbacks that lead back to where they came from, which LiteLLM allows, are written out deployment by
deployment, so that each is tried once and no route goes in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.config.findings import suggestion
from router.config.litellm.schema import ANY_GROUP, RouterSettings
from router.config.positions import Plain
from router.core.settings.routes import Strategy

_STRATEGIES: Mapping[str, Strategy] = {
    "simple-shuffle": Strategy.SHUFFLE,
    "least-busy": Strategy.SPREAD,
    "usage-based-routing": Strategy.SPREAD,
    "usage-based-routing-v2": Strategy.SPREAD,
    "latency-based-routing": Strategy.FASTEST,
    "cost-based-routing": Strategy.CHEAPEST,
}
"""`simple-shuffle`, LiteLLM's default, is a draw by weight, or by rpm or tpm where no weight is given."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Who stands behind each name, and what comes after whom."""

    members: Mapping[str, Sequence[str]]
    """Deployments by model group, in the order of the file."""
    by_id: Mapping[str, str]
    """Deployments by their `model_info.id`; fallbacks may name one."""
    follows: Mapping[str, Sequence[str]]
    """Groups and deployments after a group, in the order they are tried."""

    def reached_from(self, start: str) -> set[str]:
        """Return `start` and all that its fallbacks lead to."""
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self.follows.get(name, ())
        return reached

    def circles(self, name: str) -> bool:
        """Whether a group's fallbacks lead back to it."""
        return any(name in self.reached_from(target) for target in self.follows.get(name, ()))

    def written_out(self, start: str, seen: set[str]) -> list[str]:
        """Return a group's deployments and those of its fallbacks; `seen` are not entered again."""
        if start not in self.members:
            return [start]
        found: list[str] = []
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                found += self.members.get(name, (name,))
                waiting += reversed(self.follows.get(name, ()))
        return found


def grouped(
    members: Mapping[str, Sequence[str]], by_id: Mapping[str, str], settings: RouterSettings, notes: list[str]
) -> Groups:
    """Read the fallbacks; what they name in vain goes into `notes`."""
    special = {**dict(settings.fallbacks or ())}
    anywhere = (*special.pop(ANY_GROUP, ()), *(settings.default_fallbacks or ()))
    special = {**{name: anywhere for name in members if anywhere}, **special}
    after: dict[str, list[str]] = {name: list(names) for name, names in special.items()}
    for name, names in settings.context_window_fallbacks or ():
        for one in members if name == ANY_GROUP else (name,):
            after.setdefault(one, []).extend(names)
    if settings.context_window_fallbacks:
        notes.append("context_window_fallbacks: tried last, after any failure and not only for a long prompt")
    known = [*members, *by_id]
    notes += _unknown("fallbacks", (name for name in after if name not in members), [*members])
    notes += _unknown("fallbacks", (one for names in after.values() for one in names), known)
    follows = {
        name: [one if one in members else by_id[one] for one in names if one in known and one != name]
        for name, names in after.items()
        if name in members
    }
    groups = Groups(members, by_id, follows)
    circling = [f"`{name}`" for name in members if groups.circles(name)]
    if circling:
        notes.append(f"fallbacks: {', '.join(circling)} come after one another; each is tried once a request")
    return groups


def _unknown(key: str, names: Iterable[str], known: Sequence[str]) -> list[str]:
    missing = dict.fromkeys(name for name in names if name not in known)
    return [f"{key}: no model is called `{name}`. {suggestion(name, known)}" for name in missing]


def route_of(name: str, groups: Groups, strategy: Strategy) -> dict[str, Plain]:
    """Return a route in our written form, without its climb."""
    own = list(groups.members[name])
    fallbacks: list[str] = []
    seen = {name}
    for target in groups.follows.get(name, ()):
        if name in groups.reached_from(target):
            fallbacks += groups.written_out(target, seen)
        else:
            fallbacks.append(target)
    route: dict[str, Plain] = {"use": [*own]}
    if len(own) > 1 and strategy is not Strategy.ORDERED:
        route["strategy"] = strategy.value
    after = [one for one in dict.fromkeys(fallbacks) if one not in own]
    if after:
        route["fallbacks"] = [*after]
    return route


def strategy_of(settings: RouterSettings, notes: list[str]) -> Strategy:
    """Return what stands for a routing strategy; an unknown one is told in `notes`."""
    written = settings.routing_strategy
    if written is None or written in _STRATEGIES:
        return _STRATEGIES[written or "simple-shuffle"]
    notes.append(f"routing_strategy: `{written}` is none of {', '.join(_STRATEGIES)}; taken for the first")
    return Strategy.SHUFFLE


def aliases_of(
    settings: RouterSettings, members: Mapping[str, Sequence[str]], notes: list[str]
) -> dict[str, Plain]:
    """Return the aliases that lead somewhere; an alias with the name of a model is that model."""
    found: dict[str, Plain] = {}
    for alias, target in (settings.model_group_alias or {}).items():
        if alias in members:
            notes.append(f"model_group_alias: `{alias}` is a model here, so the model answers")
        elif target not in members:
            notes += _unknown("model_group_alias", [target], [*members])
        else:
            found[alias] = target
    return found
