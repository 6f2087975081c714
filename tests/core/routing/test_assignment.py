"""Where a request goes: names, the task map, levels, rules, and what the classifier may and may not say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from router.core.classify.tasks import Classification
from router.core.request import Request
from router.core.routing.assignment import Assignment, assign, depends_on_work
from router.core.routing.facts import Observed
from router.core.routing.resolve import Unknown
from router.core.routing.stickiness import Pin
from router.core.settings.config import RouterConfig
from router.core.settings.policy import Policy
from router.core.settings.routes import Climb, Privacy, Route, Strategy
from router.core.settings.tasks import LevelRule, RoutingRule, RuleCondition, TaskRule
from tests.configs import T0, T1, T2, small_config
from tests.core.routing.sample import ASK

SURE = Classification("code_gen", "L1", "en", 0.93, False, "model")
EASY = Classification("lookup", "L1", "en", 0.93, False, "model")
UNSURE = Classification("chat", "L1", "ja", 0.31, True, "no task is sure enough")


def config(*rules: RoutingRule, climb: Climb | None = None) -> RouterConfig:
    made = small_config(policy=Policy(rules=rules))
    routes = {
        **made.routes,
        "auto": replace(made.routes["auto"], climb=climb or made.routes["auto"].climb),
    }
    return replace(
        made,
        routes=routes,
        tasks={
            "code_gen": TaskRule("skill/code", min_tier="T1"),
            "lookup": TaskRule("auto", max_tier="T0"),
            "secret": TaskRule("T2"),
            "default": TaskRule("auto", min_tier="T1"),
        },
        levels={"L1": LevelRule(("T0", "T1"), 140_000_000), "L3": LevelRule(("T2",))},
        local_only_tasks=frozenset({"diary"}),
    )


def assigned(
    request: Request, *rules: RoutingRule, found: Classification | None = None, seen: Observed | None = None
) -> Assignment:
    result = assign(config(*rules), request, found, seen or Observed())
    assert isinstance(result, Assignment)
    return result


def tiers_left(assignment: Assignment) -> str:
    """Return the tiers that every bound leaves."""
    kept = [
        tier.name
        for tier in (T0, T1, T2)
        if not any(bound.keeps_out(tier, stranded=False) for bound in assignment.bounds)
    ]
    return " ".join(kept)


@pytest.mark.parametrize(
    ("request_", "found", "route", "tiers"),
    [
        pytest.param(ASK, None, "auto", "T0 T1 T2", id="nothing is known: the name decides"),
        pytest.param(replace(ASK, task="code_gen"), None, "skill/code", "T1 T2", id="a stated task"),
        pytest.param(replace(ASK, task="lookup"), None, "auto", "T0", id="its highest tier"),
        pytest.param(
            replace(ASK, task="knitting"), None, "auto", "T1 T2", id="a task the map lacks: default"
        ),
        pytest.param(ASK, UNSURE, "auto", "T1 T2", id="an abstention: default, never the lowest rung"),
        pytest.param(ASK, SURE, "skill/code", "T1 T2", id="a found level lowers no task that is not easy"),
        pytest.param(ASK, EASY, "auto", "T0", id="a found task and its level"),
        pytest.param(replace(ASK, level="L3"), None, "auto", "T2", id="a stated level"),
        pytest.param(
            replace(ASK, level="L3"), SURE, "skill/code", "T2", id="a stated level beats a found one"
        ),
        pytest.param(replace(ASK, task="lookup"), SURE, "auto", "T0", id="a stated task beats a found one"),
        pytest.param(replace(ASK, name="skill/code"), SURE, "skill/code", "T0 T1 T2", id="a named route"),
        pytest.param(
            replace(ASK, name="skill/code", task="lookup"), None, "skill/code", "T0 T1 T2", id="it stays"
        ),
        pytest.param(
            replace(ASK, name="skill/code", level="L1"),
            None,
            "skill/code",
            "T0 T1",
            id="level bounds a route",
        ),
        pytest.param(replace(ASK, name="T2", level="L1"), SURE, "T2", "T0 T1 T2", id="a tier is a tier"),
        pytest.param(
            replace(ASK, name="paid", task="lookup"), None, "paid", "T0 T1 T2", id="a deployment too"
        ),
    ],
)
def test_who_asks_for_auto_leaves_the_choice_and_who_names_something_gets_it(
    request_: Request, found: Classification | None, route: str, tiers: str
) -> None:
    made = assigned(request_, found=found)
    assert (made.route.name, tiers_left(made)) == (route, tiers)


def test_an_alias_of_auto_is_auto() -> None:
    made = assign(replace(config(), aliases={"gpt-*": "auto"}), replace(ASK, name="gpt-9", task="lookup"))
    assert isinstance(made, Assignment)
    assert tiers_left(made) == "T0"


def test_free_goes_along_where_the_task_map_sends() -> None:
    made = assigned(replace(ASK, name="auto:free", task="code_gen"))
    assert (made.route.name, made.route.free_only) == ("skill/code:free", True)


def test_what_the_task_map_names_is_not_the_callers_own_choice() -> None:
    made = assigned(replace(ASK, task="secret", level="L1"))
    assert (made.route.name, made.route.explicit) == ("T2", False)
    assert tiers_left(made) == "T0 T1"


def test_what_was_found_is_written_into_the_request_and_what_was_said_stays() -> None:
    made = assigned(replace(ASK, task="lookup"), found=SURE).request
    assert (made.task, made.level, made.language) == ("lookup", "L1", "en")


def test_a_guess_that_was_abstained_from_is_no_task_but_the_language_is_known() -> None:
    made = assigned(ASK, found=UNSURE)
    assert (made.request.task, made.request.level, made.request.language) == (None, None, "ja")
    assert "abstains" in made.notes[0]


def test_the_ceiling_of_a_level_comes_with_it() -> None:
    assert assigned(replace(ASK, level="L1")).ceiling_nano_per_1k == 140_000_000
    assert assigned(replace(ASK, name="paid", level="L1")).ceiling_nano_per_1k is None


def test_a_rule_that_speaks_of_tiers_stands_in_place_of_the_task_and_the_level() -> None:
    rule = RoutingRule(RuleCondition(accuracy_over=95), min_tier="T2")
    request = replace(ASK, task="lookup", level="L1", accuracy=96.0)
    made = assigned(request, rule)
    assert (tiers_left(made), made.ceiling_nano_per_1k) == ("T2", None)
    assert tiers_left(assigned(replace(request, accuracy=95.0), rule)) == "T0"


def test_a_rule_of_tiers_leaves_the_task_its_route() -> None:
    made = assigned(replace(ASK, task="code_gen"), RoutingRule(max_tier="T0"))
    assert (made.route.name, tiers_left(made)) == ("skill/code", "T0")


def test_a_rule_may_send_a_language_elsewhere() -> None:
    japanese = RoutingRule(RuleCondition(language="ja"), route="skill/code")
    assert assigned(replace(ASK, language="ja"), japanese).route.name == "skill/code"
    assert assigned(ASK, japanese, found=UNSURE).route.name == "skill/code"
    assert assigned(replace(ASK, language="en"), japanese).route.name == "auto"


def test_a_rule_that_only_advises_changes_nothing_else() -> None:
    rule = RoutingRule(RuleCondition(urgent=False), batch=True, cache_prefix=True)
    made = assigned(replace(ASK, task="lookup", urgent=False), rule)
    assert (made.batch, made.cache_prefix, tiers_left(made)) == (True, True, "T0")
    assert any("half price" in note for note in made.notes)
    assert not assigned(replace(ASK, task="lookup"), rule).batch


def test_rules_see_what_was_observed() -> None:
    busy = RoutingRule(RuleCondition(tasks=("lookup",), requests_per_day_over=10), max_tier="T0")
    again = RoutingRule(RuleCondition(repeated_prefix=True), cache_prefix=True)
    seen = Observed(requests_today={"lookup": 11}, repeated_prefix=True)
    assert tiers_left(assigned(replace(ASK, task="lookup"), busy, seen=seen)) == "T0"
    assert assigned(ASK, busy, again, seen=seen).cache_prefix


def test_no_rule_has_a_say_where_a_tier_or_deployment_is_named() -> None:
    assert tiers_left(assigned(replace(ASK, name="paid"), RoutingRule(max_tier="T0"))) == "T0 T1 T2"


def test_the_climb_of_a_route_ends_at_its_highest_tier() -> None:
    made = assign(config(climb=Climb(free_to_paid=True, max_tier="T1")), ASK)
    assert isinstance(made, Assignment)
    assert tiers_left(made) == "T0 T1"


def test_privacy_is_what_request_route_and_task_ask_for_together() -> None:
    made = config()
    private = replace(made.routes["auto"], privacy=Privacy(no_training=True))
    private_config = replace(made, routes={**made.routes, "auto": private})
    for request, wanted in (
        (ASK, Privacy(no_training=True)),
        (replace(ASK, privacy=Privacy(local_only=True)), Privacy(no_training=True, local_only=True)),
        (replace(ASK, task="diary"), Privacy(no_training=True, local_only=True)),
        (replace(ASK, task="code_gen"), Privacy(no_training=True)),
        (replace(ASK, name="paid", task="diary"), Privacy(local_only=True)),
    ):
        result = assign(private_config, request)
        assert isinstance(result, Assignment)
        assert result.privacy == wanted


def test_an_unknown_name_stays_unknown() -> None:
    assert isinstance(assign(config(), replace(ASK, name="atuo")), Unknown)


@pytest.mark.parametrize(
    ("task", "found", "acted_on"),
    [
        ("lookup", "L1", "L1"),
        ("lookup", "L3", "L3"),
        ("code_gen", "L1", "L2"),
        ("code_gen", "L3", "L3"),
        ("architecture", "L1", "L3"),
    ],
)
def test_a_found_level_raises_and_never_lowers_what_the_task_says(
    task: str, found: str, acted_on: str
) -> None:
    assert assigned(ASK, found=replace(SURE, task=task, level=found)).request.level == acted_on


def test_a_stated_task_of_ones_own_is_not_lowered_by_a_found_level() -> None:
    assert assigned(replace(ASK, task="knitting"), found=EASY).request.level == "L3"


@pytest.mark.parametrize(
    ("before", "left"),
    [("paid", "T2"), ("local", "T1 T2"), ("free", "T1 T2"), ("gone", "T1 T2"), (None, "T1 T2")],
)
def test_a_complaint_holds_the_tier_whose_answer_it_is_about(before: str | None, left: str) -> None:
    seen = Observed(pin=Pin(before, 0, 100) if before else None)
    complaint = replace(UNSURE, complaint=True)
    result = assigned(ASK, found=complaint, seen=seen)
    assert (result.complaint, tiers_left(result)) == (True, left)
    free = assigned(replace(ASK, name="skill/code"), found=complaint, seen=seen)
    assert tiers_left(free) == {"paid": "T2", "local": "T1 T2"}.get(before or "", "T0 T1 T2")


def test_a_complaint_about_a_deployment_asked_by_name_goes_there_again() -> None:
    seen = Observed(pin=Pin("paid", 0, 100))
    result = assigned(replace(ASK, name="free"), found=replace(UNSURE, complaint=True), seen=seen)
    assert (result.route.explicit, result.bounds, result.complaint) == (True, (), True)


@pytest.mark.parametrize(
    ("change", "name", "matters"),
    [
        ({}, "auto", False),
        ({"tasks": {"default": TaskRule("auto")}}, "auto", True),
        ({"tasks": {"default": TaskRule("auto")}}, "skill/code", False),
        ({"levels": {"L1": LevelRule(("T1",))}}, "auto:free", True),
        ({"local_only_tasks": frozenset({"chat"})}, "paid", True),
        ({"policy": Policy(rules=(RoutingRule(RuleCondition(urgent=True)),))}, "skill/code", False),
        ({"policy": Policy(rules=(RoutingRule(RuleCondition(language="de")),))}, "skill/code", True),
        ({"policy": Policy(rules=(RoutingRule(RuleCondition(tasks=("chat",))),))}, "paid", False),
        ({"routes": {"w": Route("w", ("paid",), strategy=Strategy.WEIGHTED)}}, "w", True),
        ({}, "nobody", False),
    ],
)
def test_what_kind_of_work_it_is_matters_only_where_something_is_decided_by_it(
    change: dict[str, Any], name: str, matters: bool
) -> None:
    assert depends_on_work(replace(small_config(), **change), Request((), name)) is matters
