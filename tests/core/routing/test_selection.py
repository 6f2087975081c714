"""Ranking: every deployment in or out with a reason, scores shown, sessions that stay, whatever the facts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.cost.price_config import price_from_config
from router.core.records.spend import DeploymentStats
from router.core.retry.fallback import decide, first_try
from router.core.retry.why import describe, plan_to_json, selection_to_json
from router.core.routing.assignment import Assignment
from router.core.routing.bounds import pool
from router.core.routing.clamp import Clamp
from router.core.routing.facts import DeploymentFacts, Quality
from router.core.routing.selection import Plan, PlanMoment, Selection, plan
from router.core.routing.stickiness import Pin
from router.core.settings.deployments import Need
from router.core.settings.policy import Policy, Weights
from router.core.settings.providers import Billing
from router.core.settings.routes import Climb, Privacy, Route, Strategy
from tests.configs import CLIMB, T0, T1, T2, deployment
from tests.core.routing.plain_plan import plain_plan
from tests.core.routing.sample import ASK, assigned, costing, fact

TIERS = (T0, T1, T2)


@st.composite
def anyone(draw: st.DrawFn, name: str) -> DeploymentFacts:
    billing = draw(st.sampled_from(Billing))
    made = replace(
        deployment(name, draw(st.sampled_from(TIERS)), billing),
        off=draw(st.sampled_from([None, None, None, "no key"])),
        weight=draw(st.sampled_from([0.0, 1.0, 2.5])),
        order=draw(st.integers(0, 2)),
        max_error_rate=draw(st.sampled_from([None, 0.1])),
        context_window=draw(st.sampled_from([None, 10, 100_000])),
    )
    known = fact(name, deployed=made)
    return replace(
        known,
        blocked=draw(st.sampled_from([None, None, "cooling for 7 s"])),
        back_in_s=7.0,
        full=draw(st.sampled_from([None, None, "full: 10 requests a minute"])),
        frees_in_s=12.0,
        stats=draw(st.none() | st.builds(DeploymentStats, st.integers(5, 9), st.integers(0, 5), st.none())),
        left=draw(st.none() | st.floats(0, 1)),
        pressure=draw(st.floats(0, 1)),
        quality=Quality(draw(st.floats(0, 1)), draw(st.integers(0, 9))),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Assignment, list[DeploymentFacts], PlanMoment]:
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True))
    facts = [draw(anyone(name)) for name in names]
    route = Route(
        "r",
        (),
        strategy=draw(st.sampled_from(Strategy)),
        own=draw(st.none() | st.integers(0, len(names))),
        climb=draw(st.sampled_from([CLIMB, Climb(), Climb(free_to_paid=True, max_cost_nano=3_000_000)])),
        free_only=draw(st.booleans()),
        without=draw(st.sampled_from([{}, {names[0]: "its model is gone"}])),
    )
    request = replace(
        ASK,
        max_cost_nano=draw(st.sampled_from([None, None, 1_000_000, 3_000_000])),
        needs=draw(st.sampled_from([frozenset(), frozenset({Need.VISION})])),
    )
    assignment = replace(
        assigned(*facts, route=route, request=request),
        privacy=draw(st.sampled_from([Privacy(), Privacy(local_only=True), Privacy(no_training=True)])),
        ceiling_nano_per_1k=draw(st.none() | st.integers(0, 10**9)),
        bounds=draw(st.sampled_from([(), (pool("level L1", TIERS, ("T0", "T1")),)])),
    )
    pin = draw(st.none() | st.builds(Pin, st.sampled_from(names), st.just(0), st.integers(0, 50)))
    return assignment, facts, PlanMoment(roll=draw(st.floats(0, 0.999)), now_ms=1000, pin=pin)


@st.composite
def anything(draw: st.DrawFn) -> tuple[Plan, list[DeploymentFacts]]:
    assignment, facts, moment = draw(cases())
    return plan(assignment, facts, moment), facts


@settings(max_examples=200)
@given(cases())
def test_a_selection_is_the_plain_decision_and_its_first_choice_is_the_plan_s(
    case: tuple[Assignment, list[DeploymentFacts], PlanMoment],
) -> None:
    made, expected = Selection(*case), plain_plan(*case)
    chosen = made.chosen
    if expected.chosen is None:
        assert chosen is None
    else:
        assert chosen is not None
        assert chosen.deployment.name == expected.chosen.deployment
        assert made.limit_nano(chosen) == expected.chosen.limit_nano
    assert made.plan == expected
    assert (made.skipped, made.first, made.notes) == (expected.skipped, expected.first, expected.notes)
    assert describe(made) == describe(expected)
    stored = json.loads(selection_to_json(made))
    assert [(c["deployment"], c["eligible"], c["reason"]) for c in stored["candidates"]] == [
        (c.deployment, c.eligible, c.reason) for c in expected.candidates
    ]
    at_once = first_try(made)
    assert at_once is None or at_once == decide(expected, (), Policy(wait_for_free_s=9, queue_s=9), 60)


@settings(max_examples=50)
@given(anything())
def test_a_ranking_is_a_permutation_with_a_reason_and_a_score_for_each(
    case: tuple[Plan, list[DeploymentFacts]],
) -> None:
    made, facts = case
    assert sorted(c.deployment for c in made.candidates) == sorted(f.deployment.name for f in facts)
    assert all(candidate.reason and candidate.score for candidate in made.candidates)
    eligible = [candidate.eligible for candidate in made.candidates]
    assert eligible == sorted(eligible, reverse=True)
    stored = json.loads(plan_to_json(made))
    assert [c["deployment"] for c in stored["candidates"]] == [c.deployment for c in made.candidates]
    assert made.route in describe(made)


@settings(max_examples=50)
@given(anything())
def test_nobody_that_is_off_or_rests_is_ever_chosen(case: tuple[Plan, list[DeploymentFacts]]) -> None:
    made, facts = case
    known = {fact.deployment.name: fact for fact in facts}
    for candidate in made.candidates:
        fact = known[candidate.deployment]
        if fact.blocked or fact.deployment.off:
            assert not candidate.eligible
        assert candidate.off == (fact.deployment.off is not None)
        assert candidate.back_in_s is None or fact.blocked or fact.full


def test_the_first_that_can_serve_says_how_many_before_it_cannot() -> None:
    facts = (replace(fact("a"), blocked="cooling"), fact("b"))
    assert plan(assigned(*facts), facts).candidates[0].reason == "first that can serve; 1 before it cannot"


def test_a_score_is_shown_with_its_inputs_also_where_it_decides_nothing() -> None:
    seen = replace(
        costing("a", 70_000), pressure=0.5, quality=Quality(0.8, 12), stats=DeploymentStats(9, 5), left=1.0
    )
    assignment = replace(assigned(seen), ceiling_nano_per_1k=140_000_000)
    [candidate] = plan(assignment, (seen,), PlanMoment(weights=Weights())).candidates
    assert candidate.score
    assert (candidate.score.cost, candidate.score.quality, candidate.score.pressure) == (0.5, 0.8, 0.5)
    assert candidate.score.health == pytest.approx(0.5)
    assert candidate.score.total == pytest.approx(0.5 * 0.5 + 0.2 * 0.8 + 0.3 * 0.5)
    assert candidate.quality_count == 12


def test_without_a_ceiling_costs_are_measured_against_the_dearest() -> None:
    facts = (costing("dear", 1000), costing("cheap", 250), fact("free"))
    scores = {c.deployment: c.score.cost for c in plan(assigned(*facts), facts).candidates if c.score}
    assert scores == {"dear": 0.0, "cheap": 0.75, "free": 1.0}


def test_a_clamp_s_reason_is_kept_with_the_candidate_and_in_what_is_stored() -> None:
    cut = replace(fact("a"), clamp=Clamp(8192, "max_tokens 65536 → 8192: a gives at most that many", 2000))
    made = plan(assigned(cut), (cut,))
    [candidate] = made.candidates
    assert (candidate.max_tokens, candidate.thinking_tokens) == (8192, 2000)
    assert "65536 → 8192" in (candidate.clamped or "")
    assert "65536 → 8192" in plan_to_json(made)


def test_a_session_stays_where_its_beginning_is_known_and_says_what_a_switch_would_cost() -> None:
    facts = (fact("first", Billing.METERED, T2), fact("pinned", Billing.METERED, T2))
    pin = Pin("pinned", 0, 1000)
    kept = plan(assigned(*facts), facts, PlanMoment(now_ms=10_000, pin=pin))
    assert [c.deployment for c in kept.candidates] == ["first", "pinned"]  # nothing is cached at one rate

    price = price_from_config({"input_mtok": "1", "output_mtok": "2", "cache_read_mtok": "0.1"})
    cached = [replace(f, deployment=replace(f.deployment, price=price)) for f in facts]
    stays = plan(assigned(*cached), cached, PlanMoment(now_ms=10_000, pin=pin))
    assert [c.deployment for c in stays.candidates] == ["pinned", "first"]
    assert "would cost $0.00" in stays.candidates[0].reason
    assert stays.candidates[0].reason in describe(stays)


@pytest.mark.parametrize(
    "moment", [PlanMoment(now_ms=400_000, pin=Pin("b", 0, 1000)), PlanMoment(pin=Pin("gone", 0, 9))]
)
def test_a_cold_cache_and_a_deployment_that_left_the_route_hold_nobody(moment: PlanMoment) -> None:
    facts = (fact("a", Billing.METERED), fact("b", Billing.METERED))
    made = plan(assigned(*facts, request=ASK), facts, moment)
    assert [c.deployment for c in made.candidates] == ["a", "b"]
    assert made.notes == ()
