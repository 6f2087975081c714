"""What a schema cannot see: whether the names in a configuration are defined in it, each once.

Works on the plain values, so that these findings come together with the schema's own; what is missing or
misshapen is passed over here, the schema tells it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from router.config.findings import Finding, dotted, suggestion
from router.config.positions import Plain, Steps


def findings(document: Plain) -> list[Finding]:
    """Return every name that nothing defines, is defined twice over, or goes in a circle."""
    file = _mapping(document)
    names = _Names(file)
    return [
        *_deployments(file, names),
        *_routes(file, names),
        *_ambiguous(file),
        *_aliases_and_tasks(file, names),
        *_limits(file, names),
        *_rules_and_jobs(file, names),
        *_classifier(file, names),
        *_commands(file),
        *_variables(document, ()),
    ]


class _Names:
    """Every name the file defines, by kind."""

    def __init__(self, file: Mapping[str, Plain]) -> None:
        self.providers = list(_mapping(file.get("providers")))
        self.tiers = list(_mapping(file.get("tiers")))
        self.deployments = list(_mapping(file.get("deployments")))
        self.routes = list(_mapping(file.get("routes")))
        self.targets = [*self.routes, *self.tiers, *self.deployments]


def _deployments(file: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    providers = _mapping(file.get("providers"))
    for steps, deployment in _entries(file, "deployments"):
        yield from _undefined((*steps, "tier"), deployment.get("tier"), "tier", names.tiers)
        provider = deployment.get("provider")
        yield from _undefined((*steps, "provider"), provider, "provider", names.providers)
        wire = _mapping(providers.get(str(provider))).get("wire")
        if provider in names.providers and "model" not in deployment and wire != "llamacpp":
            yield Finding(
                steps, f"{dotted(steps)} lacks `model`. Add the model's name at {provider}", at_key=True
            )


def _routes(file: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    manned = {deployment.get("tier") for _, deployment in _entries(file, "deployments")}
    for steps, route in _entries(file, "routes"):
        ladder = list(_items((*steps, "ladder"), route.get("ladder")))
        for where, tier in ladder:
            yield from _undefined(where, tier, "tier", names.tiers)
        if ladder and all(tier in names.tiers and tier not in manned for _, tier in ladder):
            yield Finding(steps, f"{dotted(steps)}: no deployment stands on its tiers. Add one", at_key=True)
        highest = _mapping(route.get("climb")).get("max_tier")
        yield from _undefined((*steps, "climb", "max_tier"), highest, "tier", names.tiers)
        for where, deployment in _items((*steps, "use"), route.get("use")):
            yield from _undefined(where, deployment, "deployment", names.deployments)
        for deployment in _mapping(route.get("without")):
            yield from _undefined(
                (*steps, "without", deployment), deployment, "deployment", names.deployments
            )
        for where, fallback in _items((*steps, "fallbacks"), route.get("fallbacks")):
            yield from _undefined(where, fallback, "route or deployment", [*names.routes, *names.deployments])
    yield from _circles(_mapping(file.get("routes")))


def _circles(routes: Mapping[str, Plain]) -> Iterator[Finding]:
    """Find fallbacks that lead back to their own route."""
    follows = {
        name: [str(item) for _, item in _items((), _mapping(route).get("fallbacks"))]
        for name, route in routes.items()
    }
    told: set[str] = set()
    for name in routes:
        way = _way_back(name, follows)
        if way and not told.issuperset(way):
            told.update(way)
            steps = ("routes", name, "fallbacks")
            yield Finding(steps, f"{dotted(steps)} goes in a circle: {' → '.join(way)}. Remove one of them")


def _way_back(name: str, follows: Mapping[str, list[str]]) -> list[str]:
    """Return a way from `name` back to itself, or an empty list."""
    ways = [[name]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for step in follows.get(way[-1], []):
            if step == name:
                return [*way, step]
            if step not in seen:
                seen.add(step)
                ways.append([*way, step])
    return []


def _ambiguous(file: Mapping[str, Plain]) -> Iterator[Finding]:
    """Routes, tiers and deployments are all asked for by name, so no two may share one."""
    taken: dict[str, str] = {}
    for section, kind in (("tiers", "tier"), ("routes", "route"), ("deployments", "deployment")):
        for name in _mapping(file.get(section)):
            if name in taken:
                message = f"`{name}` is the name of a {taken[name]} and of a {kind}. Give one another name"
                yield Finding((section, name), message, at_key=True)
            taken.setdefault(name, kind)


def _aliases_and_tasks(file: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    for alias, target in _mapping(file.get("aliases")).items():
        yield from _no_target(("aliases", alias), target, names)
    for steps, task in _entries(file, "tasks"):
        yield from _no_target((*steps, "route"), task.get("route"), names)
        yield from _tier_span(steps, task, names)


def _no_target(steps: Steps, name: Plain, names: _Names) -> Iterator[Finding]:
    """Find a name that callers could not use either; `:free` may stand behind any of theirs."""
    if not (isinstance(name, str) and name.removesuffix(":free") in names.targets):
        yield from _undefined(steps, name, "route, tier or deployment", names.targets)


def _tier_span(steps: Steps, rule: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    low, high = rule.get("min_tier"), rule.get("max_tier")
    yield from _undefined((*steps, "min_tier"), low, "tier", names.tiers)
    yield from _undefined((*steps, "max_tier"), high, "tier", names.tiers)
    if low in names.tiers and high in names.tiers and _rank(names, low) > _rank(names, high):
        message = f"{dotted(steps)}: min_tier {low} stands above max_tier {high}. Exchange them"
        yield Finding((*steps, "min_tier"), message)


def _rank(names: _Names, tier: Plain) -> int:
    return names.tiers.index(str(tier))


def _limits(file: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    for steps, level in _entries(file, "levels"):
        for where, tier in _items((*steps, "tiers"), level.get("tiers")):
            yield from _undefined(where, tier, "tier", names.tiers)
    known = {
        "tier": names.tiers,
        "provider": names.providers,
        "deployment": names.deployments,
        "route": names.routes,
    }
    for steps, budget in _items(("budgets",), file.get("budgets")):
        scope = _mapping(budget).get("scope", "all")
        kind, _, target = scope.partition(":") if isinstance(scope, str) else ("all", "", "")
        if kind in known and target:
            yield from _undefined((*steps, "scope"), target, kind, known[kind])
        elif not re.fullmatch(r"all|session(:.+)?|tag:[^=]+=.+", str(scope)):
            named = ", ".join(f"`{kind}:NAME`" for kind in known)
            wanted = f"`all`, {named}, `session` or `tag:KEY=VALUE`"
            yield Finding((*steps, "scope"), f"{dotted((*steps, 'scope'))} must be {wanted}")


def _rules_and_jobs(file: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    rules = _mapping(file.get("policy")).get("rules")
    for steps, rule in _items(("policy", "rules"), rules):
        yield from _no_target((*steps, "route"), _mapping(rule).get("route"), names)
        yield from _tier_span(steps, _mapping(rule), names)
    warm_up = _mapping(file.get("jobs")).get("warm_up")
    for steps, job in _items(("jobs", "warm_up"), warm_up):
        for where, name in _items((*steps, "deployments"), _mapping(job).get("deployments")):
            yield from _undefined(where, name, "deployment", names.deployments)


def _classifier(file: Mapping[str, Plain], names: _Names) -> Iterator[Finding]:
    """Find a classifier whose deployment is not there, or speaks a wire without embeddings."""
    steps = ("classifier", "embeddings")
    name = _mapping(file.get("classifier")).get("embeddings")
    yield from _undefined(steps, name, "deployment", names.deployments)
    deployment = _mapping(_mapping(file.get("deployments")).get(str(name)))
    provider = deployment.get("provider")
    wire = _mapping(_mapping(file.get("providers")).get(str(provider))).get("wire")
    if wire in {"anthropic", "llamacpp"}:
        message = f"wire {wire} makes no embeddings. Name a deployment of wire openai or ollama"
        yield Finding(steps, f"{dotted(steps)}: {message}")


def _commands(file: Mapping[str, Plain]) -> Iterator[Finding]:
    """Find checks and hooks that run a program where nobody has said that programs may run."""
    if _mapping(file.get("policy")).get("allow_commands") is True:
        return
    for steps, route in _entries(file, "routes"):
        for where, check in _items((*steps, "checks"), route.get("checks")):
            if _mapping(check).get("kind") == "command":
                message = "runs a program on what a model answers: say `allow_commands: true` under policy"
                yield Finding(where, f"{dotted(where)} {message}, or remove it")
    for where, hook in _items(("hooks",), file.get("hooks")):
        if "run" in _mapping(hook):
            message = "runs a program when something happened: say `allow_commands: true` under policy"
            yield Finding(where, f"{dotted(where)} {message}, or remove it")


def _variables(value: Plain, steps: Steps) -> Iterator[Finding]:
    """Find `${NAME}` where it is not read: everywhere but in keys and in hooks' addresses."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _variables(inner, (*steps, key))
        case list():
            for number, inner in enumerate(value):
                yield from _variables(inner, (*steps, number))
        case str() if "${" in value and not _is_secret(steps):
            yield Finding(
                steps,
                f"{dotted(steps)}: `${{…}}` is read in api_key, headers, query and hooks' url. "
                "Write the value itself here",
            )
        case _:
            pass


def _is_secret(steps: Steps) -> bool:
    places = (steps[:1], steps[2:])
    return (
        steps == ("gateway", "api_key")
        or places
        in (
            (("providers",), ("api_key",)),
            (("hooks",), ("url",)),
        )
        or (steps[:1] == ("providers",) and len(steps) == 4 and steps[2] in ("headers", "query"))
    )


def _undefined(steps: Steps, name: Plain, kind: str, known: Collection[str]) -> Iterator[Finding]:
    if isinstance(name, str) and name and known and name not in known:
        yield Finding(steps, f"{dotted(steps)}: no {kind} is called `{name}`. {suggestion(name, known)}")


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return value if isinstance(value, dict) else {}


def _entries(file: Mapping[str, Plain], section: str) -> Iterator[tuple[Steps, Mapping[str, Plain]]]:
    for name, value in _mapping(file.get(section)).items():
        yield (section, name), _mapping(value)


def _items(steps: Steps, value: Plain) -> Iterator[tuple[Steps, Plain]]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        yield (*steps, number), item
