"""The order of each strategy, its words, and what stays where it is whatever the strategy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from router.core.records.spend import DeploymentStats
from router.core.routing.facts import DeploymentFacts, Quality
from router.core.routing.selection import Plan, PlanMoment, plan
from router.core.settings.routes import Route, RoutePart, Strategy
from tests.configs import CLIMB
from tests.core.routing.sample import assigned, costing, fact


def ranked(strategy: Strategy, *facts: DeploymentFacts, own: int | None = None, roll: float = 0.0) -> Plan:
    route = Route("r", (), climb=CLIMB, strategy=strategy, own=own)
    return plan(assigned(*facts, route=route), facts, PlanMoment(roll=roll))


def names(made: Plan) -> str:
    return " ".join(candidate.deployment for candidate in made.candidates)


def measured(name: str, ttft_ms: int | None) -> DeploymentFacts:
    return replace(fact(name), stats=DeploymentStats(10, 0, ttft_ms))


def left(name: str, share: float | None) -> DeploymentFacts:
    return replace(fact(name), left=share)


def weighing(name: str, weight: float, order: int = 0) -> DeploymentFacts:
    made = fact(name)
    return replace(made, deployment=replace(made.deployment, weight=weight, order=order))


def good(name: str, quality: float) -> DeploymentFacts:
    return replace(fact(name), quality=Quality(quality))


@pytest.mark.parametrize(
    ("strategy", "facts", "order", "words"),
    [
        (Strategy.ORDERED, (costing("a", 9), costing("b", 1)), "a b", "first in the route's order"),
        (
            Strategy.CHEAPEST,
            (costing("unknown", None), costing("dear", 9), costing("cheap", 1), costing("same", 1)),
            "cheap same dear unknown",
            "costs about $0.000000001",
        ),
        (
            Strategy.FASTEST,
            (fact("new"), measured("silent", None), measured("slow", 900), measured("quick", 250)),
            "quick slow new silent",
            "first token after 0.25 s",
        ),
        (
            Strategy.SPREAD,
            (left("used", 0.1), left("half", 0.5), left("endless", None)),
            "endless half used",
            "100% of its limits left",
        ),
        (Strategy.WEIGHTED, (good("poor", 0.1), good("fine", 0.9)), "fine poor", "scores 0.96"),
    ],
)
def test_a_strategy_orders_and_says_by_what(
    strategy: Strategy, facts: tuple[DeploymentFacts, ...], order: str, words: str
) -> None:
    made = ranked(strategy, *facts)
    assert names(made) == order
    assert made.candidates[0].reason == words


@pytest.mark.parametrize("strategy", Strategy)
def test_equals_keep_the_route_s_order(strategy: Strategy) -> None:
    assert names(ranked(strategy, fact("c"), fact("a"), fact("b"))) == "c a b"


@pytest.mark.parametrize("strategy", [s for s in Strategy if s is not Strategy.ORDERED])
def test_a_lower_order_comes_first_and_fallbacks_come_last_as_written(strategy: Strategy) -> None:
    last, first = weighing("last", 1.0, order=2), weighing("first", 1.0, order=1)
    made = ranked(strategy, last, first, costing("z", 0), costing("y", 0), own=2)
    assert names(made) == "first last z y"
    assert made.candidates[2].reason == "a fallback of the route"


@pytest.mark.parametrize(("roll", "first"), [(0.0, "one"), (0.24, "one"), (0.26, "three"), (0.99, "three")])
def test_different_weights_draw_who_comes_first_and_a_weight_of_nothing_comes_last(
    roll: float, first: str
) -> None:
    facts = (weighing("none", 0), weighing("one", 1), weighing("three", 3))
    made = ranked(Strategy.WEIGHTED, *facts, roll=roll).candidates
    assert made[0].deployment == first
    assert made[-1].deployment == "none"


def test_a_draw_is_among_those_of_the_lowest_order() -> None:
    facts = (weighing("later", 9, order=2), weighing("sooner", 1, order=1))
    assert names(ranked(Strategy.WEIGHTED, *facts, roll=0.99)) == "sooner later"


def test_where_all_weights_are_the_same_no_roll_changes_anything() -> None:
    facts = (good("poor", 0.1), good("fine", 0.9))
    assert {names(ranked(Strategy.WEIGHTED, *facts, roll=roll / 10)) for roll in range(10)} == {"fine poor"}


ROLLS = [(number + 0.5) / 1000 for number in range(1000)]
"""A thousand calls' chances, spread as chance spreads them in the long run."""


@pytest.mark.parametrize(
    ("strategy", "facts", "shares"),
    [
        (Strategy.SHUFFLE, (weighing("a", 1), weighing("b", 1)), {"a": 0.5, "b": 0.5}),
        (Strategy.SHUFFLE, (weighing("a", 3), weighing("b", 1)), {"a": 0.75, "b": 0.25}),
        (Strategy.SHUFFLE, (weighing("a", 1), weighing("b", 0)), {"a": 1.0}),
        (Strategy.SHUFFLE, (weighing("a", 0), weighing("b", 0)), {"a": 0.5, "b": 0.5}),
        (Strategy.WEIGHTED, (weighing("a", 9), weighing("b", 1)), {"a": 0.9, "b": 0.1}),
        (Strategy.SPREAD, (left("a", None), left("b", None), left("c", 0.2)), {"a": 0.5, "b": 0.5}),
        (Strategy.SPREAD, (left("a", 0.4), left("b", 0.9)), {"b": 1.0}),
        (Strategy.SHUFFLE, (weighing("a", 1), weighing("b", 9, order=1)), {"a": 1.0}),
    ],
)
def test_the_load_of_a_thousand_calls_is_shared_as_the_weights_say(
    strategy: Strategy, facts: tuple[DeploymentFacts, ...], shares: dict[str, float]
) -> None:
    firsts = [ranked(strategy, *facts, roll=roll).candidates[0].deployment for roll in ROLLS]
    for fact_ in facts:
        name = fact_.deployment.name
        assert firsts.count(name) / len(firsts) == pytest.approx(shares.get(name, 0.0), abs=0.02)


def test_two_that_weigh_the_same_are_not_drawn_where_the_score_decides() -> None:
    facts = (good("poor", 0.1), good("fine", 0.9))
    assert {ranked(Strategy.WEIGHTED, *facts, roll=roll).candidates[0].deployment for roll in ROLLS} == {
        "fine"
    }


def test_a_fallback_keeps_its_own_strategy_and_shares_whoever_of_the_route_failed() -> None:
    route = Route(
        "r", (), climb=CLIMB, strategy=Strategy.SHUFFLE, own=2, fallbacks=(RoutePart(2, Strategy.SHUFFLE),)
    )
    facts = (fact("a"), fact("b"), weighing("heavy", 3), weighing("light", 1))
    chance = Random(7)
    led: dict[str, Counter[str]] = {"a": Counter(), "b": Counter()}
    for _ in range(4_000):
        order = names(plan(assigned(*facts, route=route), facts, PlanMoment(roll=chance.random()))).split()
        assert set(order[:2]) == {"a", "b"}
        led[order[0]][order[2]] += 1
    for counts in led.values():
        assert counts["heavy"] / counts.total() == pytest.approx(0.75, abs=0.04)
    assert led["a"].total() / 4_000 == pytest.approx(0.5, abs=0.04)


def test_a_fallback_that_is_ordered_stays_as_it_is_written() -> None:
    parts = (RoutePart(2, Strategy.ORDERED), RoutePart(2, Strategy.CHEAPEST))
    route = Route("r", (), climb=CLIMB, strategy=Strategy.SHUFFLE, own=1, fallbacks=parts)
    facts = (fact("own"), costing("y", 9), costing("x", 1), costing("dear", 9), costing("cheap", 1))
    for roll in (0.0, 0.3, 0.9):
        made = plan(assigned(*facts, route=route), facts, PlanMoment(roll=roll))
        assert names(made) == "own y x cheap dear"
