"""Where a request goes: its name, its task, its level and the rules, brought together into one decision.

Who names a tier or a deployment gets exactly that. Who names a route gets that route, within what rules say
of tiers. Who asks for `auto` leaves the choice to us: the first rule that speaks of routes or tiers, else the
task map and the level's pool. A level bounds `auto`; other routes only when the caller states it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.core.classify.tasks import USUAL_LEVEL, Classification, LevelName
from router.core.request import Request
from router.core.routing.bounds import Bound, pool, span
from router.core.routing.facts import NOTHING, Observed
from router.core.routing.resolve import FREE, Unknown, named, resolve, without_paid
from router.core.routing.rules import RuleCase, first_fit
from router.core.settings.config import RouterConfig
from router.core.settings.routes import ANYBODY, Privacy, Route, Strategy
from router.core.settings.tasks import RoutingRule
from router.core.value import dataclass

if TYPE_CHECKING:
    from router.core.routing.stickiness import Pin


AUTO = "auto"
"""What is asked for by those who leave the choice to the router."""
DEFAULT = "default"
"""Where the task map sends work that nobody could name: the classifier abstained, or the map lacks the task.

A request that nobody tried to classify is not such work: it goes where its name says.
"""


NO_RULE = RoutingRule()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A request with everything filled in that is known of it, and who may serve it."""

    request: Request
    """With the task, level and language that were found, where the caller said nothing."""
    route: Route
    bounds: tuple[Bound, ...] = ()
    ceiling_nano_per_1k: int | None = None
    """The most that 1,000 requests like this one may cost."""
    privacy: Privacy = ANYBODY
    batch: bool = False
    """A rule says that it can wait for the provider's batch API."""
    cache_prefix: bool = False
    """A rule says that its beginning is worth marking for the provider's prompt cache."""
    complaint: bool = False
    """Its last words are that the session's answer before was no good."""
    notes: tuple[str, ...] = ()
    """How it came here, in words."""


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a rule or the task map sends a request, and between which tiers."""

    who: str
    route: str | None
    low: str | None
    high: str | None


def assign(
    config: RouterConfig, asked: Request, found: Classification | None = None, seen: Observed = NOTHING
) -> Assignment | Unknown:
    """Decide where a request goes. `found` is the classifier's word; None where nobody asked it."""
    route = resolve(config, asked.name)
    if isinstance(route, Unknown):
        return route
    if asked.instead_of and route.explicit and AUTO in config.routes:
        # A tier or a deployment asked by name is a rung of the ladder, and that is what is climbed.
        route = resolve(config, f"{AUTO}{FREE}" if route.free_only else AUTO)
        assert isinstance(route, Route)
    request = _labelled(asked, found)
    complaint = found is not None and found.complaint
    if route.explicit:
        return replace(_assigned(config, request, route, route, _told(found)), complaint=complaint)
    ours = route.name.removesuffix(FREE) == AUTO
    rules = config.policy.rules
    fit = first_fit(rules, _case(request, seen), routed=not ours) if rules else None
    number, rule = fit or (0, NO_RULE)
    task = _task_way(config, request, found) if ours else None
    ruled = _rule_way(number, rule, task)
    way = ruled or task
    served = _sent(config, route, way.route) if way and way.route else route
    if isinstance(served, Unknown):
        return served
    assigned = _assigned(config, request, route, served, (*_told(found), *_advice(number, rule)))
    if rule.batch or rule.cache_prefix or complaint:
        assigned = replace(
            assigned, batch=bool(rule.batch), cache_prefix=bool(rule.cache_prefix), complaint=complaint
        )
    if complaint:
        assigned = _held_up(config, assigned, seen.pin)
    if way:
        assigned = _within(config, assigned, way)
    level_counts = ruled is None and (ours or asked.level is not None)
    return _at_level(config, assigned) if level_counts else assigned


def depends_on_work(config: RouterConfig, asked: Request) -> bool:
    """Tell whether it bears on `asked` what kind of work it is: else nobody needs to find out before it goes.

    A task map, a level's pool, a rule, a private task, or an order by what each is good at or will cost.
    """
    route = resolve(config, asked.name)
    if isinstance(route, Unknown):
        return False
    if config.local_only_tasks:
        return True
    if route.explicit:
        return asked.instead_of is not None
    ours = route.name.removesuffix(FREE) == AUTO
    if ours and (config.tasks or config.levels):
        return True
    if {route.strategy, *(part.strategy for part in route.fallbacks)} & {
        Strategy.WEIGHTED,
        Strategy.CHEAPEST,
    }:
        return True
    asks = (rule.when for rule in config.policy.rules)
    return any(when.tasks or when.language or when.requests_per_day_over is not None for when in asks)


def _labelled(asked: Request, found: Classification | None) -> Request:
    """Fill in what the classifier found; what the caller said stands, a guess without confidence does not."""
    if found is None:
        return asked
    sure = not found.abstained
    return replace(
        asked,
        task=asked.task or (found.task if sure else None),
        level=asked.level or (_level(found, asked.task or found.task) if sure else None),
        language=asked.language or found.language,
    )


def _level(found: Classification, task: str | None) -> str | None:
    """Return the level that was found, or the task's usual one where that is higher.

    How hard a single ask is can hardly be told from its words, what it asks for can: no tier is lowered by
    the level of a task that is not known to be easy.
    """
    usual = USUAL_LEVEL.get(task or "", LevelName.L3)
    return max(found.level, usual) if found.level else None


def _held_up(config: RouterConfig, assigned: Assignment, pin: Pin | None) -> Assignment:
    """Hold a complaint to the tier whose answer it is about, and to those above."""
    before = config.deployments.get(pin.deployment) if pin else None
    bound = span("the complaint about its answer", config.tiers, before.tier.name, None) if before else None
    return replace(assigned, bounds=(*assigned.bounds, bound)) if bound else assigned


def _case(request: Request, seen: Observed) -> RuleCase:
    return RuleCase(
        task=request.task,
        language=request.language,
        urgent=request.urgent,
        accuracy=request.accuracy,
        repeated_prefix=seen.repeated_prefix,
        requests_today=seen.requests_today.get(request.task) if request.task else None,
    )


def _task_way(config: RouterConfig, request: Request, found: Classification | None) -> _Way | None:
    name = request.task
    if name not in config.tasks:
        name = DEFAULT if name or (found and found.abstained) else None
    entry = config.tasks.get(name) if name else None
    return _Way(f"task {name}", entry.route, entry.min_tier, entry.max_tier) if entry else None


def _rule_way(number: int, rule: RoutingRule, task: _Way | None) -> _Way | None:
    """Return what a rule makes of the way; one that speaks of tiers only leaves the task its route."""
    if not (rule.route or rule.min_tier or rule.max_tier):
        return None
    route = rule.route or (task.route if task else None)
    return _Way(f"rule {number}", route, rule.min_tier, rule.max_tier)


def _sent(config: RouterConfig, asked: Route, target: str) -> Route | Unknown:
    """Return the route the configuration sends to; `:free` behind what was asked for goes along."""
    found = named(config, target)
    if isinstance(found, Unknown):
        return found
    found = replace(found, explicit=False)  # the configuration named it, so its bounds and levels still count
    return without_paid(found) if asked.free_only else found


def _assigned(
    config: RouterConfig, request: Request, asked: Route, served: Route, notes: tuple[str, ...]
) -> Assignment:
    local = Privacy(local_only=True) if request.task in config.local_only_tasks else ANYBODY
    climb = span(f"the climb of {served.name}", config.tiers, None, served.climb.max_tier)
    return Assignment(
        request=request,
        route=served,
        bounds=(climb,) if climb else (),
        privacy=request.privacy | asked.privacy | served.privacy | local,
        notes=notes,
    )


def _within(config: RouterConfig, assigned: Assignment, way: _Way) -> Assignment:
    bound = span(way.who, config.tiers, way.low, way.high)
    sent = (f"{way.who} sends it to {way.route}",) if way.route else ()
    return replace(
        assigned,
        bounds=(*assigned.bounds, bound) if bound else assigned.bounds,
        notes=(*assigned.notes, *sent),
    )


def _at_level(config: RouterConfig, assigned: Assignment) -> Assignment:
    level = assigned.request.level
    entry = config.levels.get(level) if level else None
    if entry is None:
        return assigned
    return replace(
        assigned,
        bounds=(*assigned.bounds, pool(f"level {level}", config.tiers, entry.tiers)),
        ceiling_nano_per_1k=entry.ceiling_nano_per_1k,
    )


def _told(found: Classification | None) -> tuple[str, ...]:
    if found is None:
        return ()
    if found.abstained:
        return (f"the classifier abstains: {found.reason}",)
    return (f"classified as {found.task} {found.level} ({found.confidence:.2f}, {found.reason})",)


def _advice(number: int, rule: RoutingRule) -> tuple[str, ...]:
    words = (
        (rule.batch, "it could wait for the provider's batch API, at half price"),
        (rule.cache_prefix, "its beginning is worth the provider's prompt cache"),
    )
    return tuple(f"rule {number}: {said}" for holds, said in words if holds)
