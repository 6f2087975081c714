"""Reads a LiteLLM file: says in our own format what it says, so that everything after it is the same.

The result is a document like any of ours, each part at the line it came from; `loader.py` checks and
assembles it, `write.py` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from router.config import problems
from router.config.findings import Finding
from router.config.litellm.budgets import budgets_of
from router.config.litellm.combine import own_variables, with_credentials, with_includes
from router.config.litellm.deployments import Accounts, Read, deployment_of, orders, read, weights
from router.config.litellm.known import refusals
from router.config.litellm.ladder import Ladder, ladder_of
from router.config.litellm.policy import gateway_of, merged, policy_of
from router.config.litellm.prices import price_of
from router.config.litellm.routes import Groups, aliases_of, grouped, route_of, strategy_of
from router.config.litellm.schema import LiteLlmFile, RouterSettings, pattern
from router.config.litellm.unread import not_set, resolved, unread
from router.config.positions import Document, Plain, SourcePosition, Steps
from router.core.cost.price_config import Listed
from router.core.settings.providers import Billing
from router.core.settings.routes import Strategy
from router.errors import ConfigError

AUTO = "auto"
"""The route for callers who name none; made of the whole ladder where the file has no such model."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A LiteLLM file in our format."""

    document: Document
    """Ours; its places are LiteLLM's."""
    ignored: tuple[str, ...]
    """What the file says in vain, or with another meaning than it has here."""


def translate(document: Document, environ: Mapping[str, str], listed: Listed) -> Translation:
    """Return a LiteLLM file in our format. Raises ConfigError with every problem."""
    unset: dict[Steps, str] = {}
    document = with_includes(document)
    own = own_variables(document.value, environ)
    environ = {**environ, **own}
    file, prices = _checked(document, with_credentials(resolved(document.value, environ, unset), unset))
    settings, notes = merged(file), [*unread(document), *not_set(document, unset)]
    reads = read(file, prices, unset)
    groups = _groups(reads, settings, notes)
    accounts = Accounts(environ, own)
    ladder = ladder_of(reads, listed, {*groups.members, *(one.name for one in reads)})
    strategy = strategy_of(settings, notes)
    deployments = _deployments(reads, settings, accounts, ladder, strategy)
    routes = {name: _route(name, groups, strategy, reads) for name in groups.members}
    climbing = [f"`{name}`" for name, route in routes.items() if "climb" in route]
    if climbing:
        notes.append(f"{', '.join(climbing)}: free and paid in one list, so the paid are used as well")
    if AUTO not in routes:
        routes[AUTO] = {"ladder": [*ladder.labels]}
    nearest = [1 + len(groups.members[name]) for name in groups.members if groups.follows.get(name)]
    found: list[Finding] = [*refusals(document.value)]
    budgets = budgets_of(
        file, reads, {name: str(one["provider"]) for name, one in deployments.items()}, found
    )
    if found:
        raise ConfigError([document.problem(one.steps, one.message, at_key=one.at_key) for one in found])
    ours: dict[str, Plain] = {
        "version": 1,
        "providers": {**accounts.written},
        "tiers": {name: {"label": label} for name, label in ladder.labels.items()},
        "deployments": {**deployments},
        "routes": {**routes},
        "aliases": {**_spaced(file), **aliases_of(settings, groups.members, notes)},
        "budgets": budgets,
        "policy": {**policy_of(settings, nearest, notes)},
        "gateway": {**gateway_of(file)},
    }
    ours = {key: value for key, value in ours.items() if value not in ({}, [])}
    places = _places(document, reads, ours)
    return Translation(Document(document.path, ours, {}, places), tuple(notes))


def _checked(document: Document, value: Plain) -> tuple[LiteLlmFile, list[dict[str, Plain]]]:
    """Return the file and the price of each of its entries."""
    found: list[Finding] = []
    prices: list[dict[str, Plain]] = []
    entries = value.get("model_list") if isinstance(value, dict) else None
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        price: dict[str, Plain] = {}
        for key in ("model_info", "litellm_params"):  # the latter wins
            section = entry.get(key) if isinstance(entry, dict) else None
            given, wrong = price_of(section, ("model_list", number, key))
            price |= given
            found += wrong
        prices.append(price)
    file = None
    try:
        file = LiteLlmFile.model_validate(value)
    except ValidationError as error:
        found += problems.findings(error, LiteLlmFile)
    placed = [document.problem(one.steps, one.message, at_key=one.at_key) for one in found]
    if file is None or placed or document.problems:
        raise ConfigError([*document.problems, *placed])
    return file, prices


def _groups(reads: Sequence[Read], settings: RouterSettings, notes: list[str]) -> Groups:
    members: dict[str, list[str]] = {}
    for one in reads:
        members.setdefault(one.group, []).append(one.name)
    by_id = {one.info.id: one.name for one in reads if one.info.id}
    return grouped(members, by_id, settings, notes)


def _deployments(
    reads: Sequence[Read], settings: RouterSettings, accounts: Accounts, ladder: Ladder, strategy: Strategy
) -> dict[str, dict[str, Plain]]:
    arranged: dict[str, tuple[float, int]] = {}
    for group in dict.fromkeys(one.group for one in reads):
        own = [one for one in reads if one.group == group]
        for one, weight, order in zip(own, weights(own, strategy), orders(own), strict=True):
            arranged[one.name] = weight, order
    written: dict[str, dict[str, Plain]] = {}
    for one in reads:
        provider = accounts.of(one)
        deployment: dict[str, Plain] = {"tier": ladder.tier_of[one.name], "provider": provider}
        deployment |= deployment_of(one, settings, billing=accounts.billing(provider))
        weight, order = arranged[one.name]
        if weight != 1:
            deployment["weight"] = int(weight) if weight.is_integer() else weight
        if order:
            deployment["order"] = order
        written[one.name] = deployment
    return written


def _route(name: str, groups: Groups, strategy: Strategy, reads: Sequence[Read]) -> dict[str, Plain]:
    """Return a route; its file lists who may serve it, so it may turn from the free ones to the paid ones."""
    route = route_of(name, groups, strategy)
    billed = {one.name: one.billing is Billing.METERED for one in reads if not one.off}
    bills = {billed[one] for one in groups.written_out(name, set()) if one in billed}
    if len(bills) > 1:
        route["climb"] = {"free_to_paid": True}
    return route


def _spaced(file: LiteLlmFile) -> dict[str, Plain]:
    """Return aliases for models whose names hold spaces, which names here may not."""
    entries = [entry for entry in file.model_list if entry.group != entry.model_name]
    return {pattern(entry.model_name): entry.group for entry in entries}


def _places(
    document: Document, reads: Sequence[Read], ours: Mapping[str, Plain]
) -> dict[Steps, SourcePosition]:
    """Return where each part of ours comes from: its first entry, or its section."""
    deployments = ours["deployments"]
    origins: dict[Steps, Steps] = {("policy",): ("router_settings",), ("gateway",): ("general_settings",)}
    for one in reads:
        entry: Steps = ("model_list", one.number)
        origins["deployments", one.name] = entry
        origins.setdefault(("routes", one.group), (*entry, "model_name"))
        written = deployments.get(one.name) if isinstance(deployments, dict) else None
        if isinstance(written, dict):
            origins.setdefault(("tiers", str(written["tier"])), (*entry, "model_info", "tier"))
            provider = str(written["provider"])
            origins.setdefault(("providers", provider), (*entry, "litellm_params"))
            origins.setdefault(("providers", provider, "api_key"), (*entry, "litellm_params", "api_key"))
    return {steps: document.place(origin) for steps, origin in origins.items()}
