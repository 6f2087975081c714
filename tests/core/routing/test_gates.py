"""What keeps a deployment out, each gate with its words, and in which order they speak."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.records.spend import DeploymentStats
from router.core.request import FoundPoor
from router.core.routing.assignment import Assignment
from router.core.routing.bounds import pool, span
from router.core.routing.clamp import MARGIN
from router.core.routing.facts import DeploymentFacts
from router.core.routing.gates import Stop, call_limit, company, stop
from router.core.settings.deployments import Need
from router.core.settings.providers import Billing, Wire
from router.core.settings.routes import Climb, Privacy, Route
from tests.configs import CLIMB, T0, T1, T2
from tests.core.routing.sample import ASK, assigned, costing, fact

TIERS = (T0, T1, T2)
FREE, LOCAL = fact("free"), fact("local", Billing.LOCAL, T1)
PAID = fact("paid", Billing.METERED, T2)


def stopped(assignment: Assignment, one: DeploymentFacts, *others: DeploymentFacts) -> Stop | None:
    return stop(assignment, one, company(assignment, (one, *others)))


def changed(one: DeploymentFacts, **changes: object) -> DeploymentFacts:
    return replace(one, deployment=replace(one.deployment, **changes))  # type: ignore[arg-type]  # a table's columns


def test_nothing_keeps_out_who_can_serve() -> None:
    assert stopped(assigned(FREE), FREE) is None


@pytest.mark.parametrize(
    ("one", "assignment", "words"),
    [
        pytest.param(changed(FREE, off="no key: set K"), assigned(), "no key: set K", id="off"),
        pytest.param(replace(FREE, blocked="cooling for 7 s"), assigned(), "cooling", id="health"),
        pytest.param(changed(FREE, context_window=10), assigned(), "context of 10", id="context"),
        pytest.param(
            FREE, replace(assigned(), privacy=Privacy(local_only=True)), "is not local", id="local only"
        ),
        pytest.param(
            FREE, replace(assigned(), privacy=Privacy(no_training=True)), "`trains: false`", id="not said"
        ),
        pytest.param(
            changed(FREE, trains=True),
            replace(assigned(), privacy=Privacy(no_training=True)),
            "trains on prompts, and",
            id="known to train",
        ),
        pytest.param(
            FREE, assigned(request=replace(ASK, needs=frozenset({Need.VISION}))), "vision", id="no eyes"
        ),
        pytest.param(
            PAID, replace(assigned(), bounds=(pool("level L1", TIERS, ("T0",)),)), "level L1", id="level"
        ),
        pytest.param(
            replace(FREE, stats=DeploymentStats(10, 2)), assigned(), None, id="failures without a threshold"
        ),
        pytest.param(
            changed(replace(FREE, stats=DeploymentStats(10, 2)), max_error_rate=0.1),
            assigned(),
            "2 of its last 10 calls failed, more than 10%",
            id="failures above the threshold",
        ),
        pytest.param(
            changed(replace(FREE, stats=DeploymentStats(10, 1)), max_error_rate=0.1),
            assigned(),
            None,
            id="failures at the threshold",
        ),
        pytest.param(
            changed(replace(FREE, stats=DeploymentStats(4, 4)), max_error_rate=0.1),
            assigned(),
            None,
            id="too few calls to say anything",
        ),
    ],
)
def test_each_gate_keeps_out_with_its_reason(
    one: DeploymentFacts, assignment: Assignment, words: str | None
) -> None:
    # The second one stays within every bound, so that nothing is let in for want of anybody else.
    found = stopped(assignment, one, FREE)
    assert (found is None) if words is None else (found is not None and words in found.reason)


@pytest.mark.parametrize(
    ("privacy", "one"),
    [
        (Privacy(local_only=True, no_training=True), LOCAL),
        (Privacy(no_training=True), changed(FREE, trains=False)),
        (Privacy(no_training=True), changed(FREE, provider=replace(FREE.deployment.provider, trains=False))),
    ],
)
def test_privacy_lets_in_what_is_known_to_keep_it(privacy: Privacy, one: DeploymentFacts) -> None:
    assert stopped(replace(assigned(one), privacy=privacy), one) is None


@pytest.mark.parametrize(
    ("wire", "can"),
    [
        (Wire.OPENAI, {Need.TOOLS, Need.JSON}),
        (Wire.ANTHROPIC, {Need.VISION, Need.TOOLS, Need.JSON}),
        (Wire.OLLAMA, {Need.JSON}),
        (Wire.LLAMACPP, {Need.JSON}),
    ],
)
def test_what_a_wire_usually_can_holds_until_the_deployment_says_otherwise(
    wire: Wire, can: set[Need]
) -> None:
    provider = replace(FREE.deployment.provider, wire=wire)
    usual = changed(FREE, provider=provider)
    for need in Need:
        assignment = assigned(request=replace(ASK, needs=frozenset({need})))
        assert (stopped(assignment, usual) is None) == (need in can)
        assert stopped(assignment, changed(usual, capabilities=frozenset({need}))) is None
        assert stopped(assignment, changed(usual, capabilities=frozenset())) is not None


def test_what_was_dropped_from_the_route_is_out_with_the_reason_and_strands_nobody() -> None:
    assignment = assigned(
        FREE, LOCAL, route=Route("r", (), climb=CLIMB, without={"free": "2026-11-26: slow"})
    )
    assert stopped(assignment, FREE, LOCAL) == Stop("dropped from r: 2026-11-26: slow")
    assert stopped(assignment, LOCAL, FREE) is None
    bounded = replace(assignment, bounds=(pool("level L2", TIERS, ("T0",)),))
    assert company(assignment, (FREE, LOCAL)).stranded is False
    assert company(bounded, (FREE, LOCAL)).stranded is True


def test_a_prompt_that_leaves_no_room_in_the_context_does_not_fit() -> None:
    tokens = FREE.estimate.input_expected_tokens
    assert stopped(assigned(), changed(FREE, context_window=tokens + MARGIN)) is not None
    assert stopped(assigned(), changed(FREE, context_window=tokens + MARGIN + 1)) is None


def test_free_to_paid_is_a_climb_that_the_route_must_declare() -> None:
    closed = replace(assigned(), route=replace(assigned().route, climb=Climb()))
    assert stopped(closed, PAID) is None  # nobody is free there: it is no climb
    found = stopped(closed, PAID, FREE)
    assert found
    assert "climb: free_to_paid" in found.reason
    assert stopped(assigned(), PAID, FREE) is None


def test_a_free_only_route_never_costs_money_even_where_nobody_is_free() -> None:
    free_only = replace(assigned(), route=replace(assigned().route, name="auto:free", free_only=True))
    found = stopped(free_only, PAID)
    assert found
    assert "auto:free forbids" in found.reason
    assert stopped(free_only, fact("sub", Billing.SUBSCRIPTION)) is None


@pytest.mark.parametrize("bound", [None, 2_000])
@pytest.mark.parametrize("limit", ["climb", "caller", "ceiling"])
def test_a_price_above_a_cap_or_an_unknown_one_is_out_for_money_alone(limit: str, bound: int | None) -> None:
    def capped(nano: int) -> Assignment:
        match limit:
            case "climb":
                climb = Climb(free_to_paid=True, max_cost_nano=nano)
                return replace(assigned(), route=replace(assigned().route, climb=climb))
            case "caller":
                return assigned(request=replace(ASK, max_cost_nano=nano))
            case _:
                return replace(assigned(), ceiling_nano_per_1k=nano * 1000)

    found = stopped(capped(1_999), costing("paid", bound), FREE)
    assert found
    assert found.money
    assert ("unknown" in found.reason) == (bound is None)
    if bound is not None:
        assert stopped(capped(2_000), costing("paid", bound), FREE) is None


def test_a_climb_s_cap_does_not_bind_where_nothing_is_free() -> None:
    capped = replace(assigned(), route=replace(assigned().route, climb=Climb(True, 1)))
    assert stopped(capped, costing("paid", 2_000)) is None


def test_what_only_rests_is_told_apart_from_what_can_never_serve() -> None:
    resting = replace(PAID, blocked="cooling for 7 s", back_in_s=7.0, full="full: 9 requests", frees_in_s=1.0)
    found = stopped(assigned(), resting, FREE)
    assert found
    assert (found.back_in_s, found.full, found.money) == (7.0, False, False)
    too_dear = stopped(assigned(request=replace(ASK, max_cost_nano=0)), resting, FREE)
    assert too_dear
    assert (too_dear.back_in_s, too_dear.money) == (None, True)


def test_what_is_only_full_is_told_with_the_moment_it_frees() -> None:
    full = replace(PAID, full="full: 9 requests a minute, free in 4 s", frees_in_s=4.0)
    found = stopped(assigned(), full, FREE)
    assert found == Stop("full: 9 requests a minute, free in 4 s", back_in_s=4.0, full=True)


def hard(*on: DeploymentFacts) -> dict[str, bool]:
    """Return who may serve a request whose level leaves T2 only."""
    assignment = replace(assigned(*on), bounds=(pool("level L3", TIERS, ("T2",)),))
    return {one.deployment.name: stop(assignment, one, company(assignment, on)) is None for one in on}


def test_what_stands_below_a_bound_may_serve_only_when_nothing_within_is_switched_on() -> None:
    assert hard(FREE, LOCAL, PAID) == {"free": False, "local": False, "paid": True}
    off = changed(PAID, off="no key")
    assert hard(FREE, LOCAL, off) == {"free": True, "local": True, "paid": False}
    resting = replace(PAID, blocked="cooling for 7 s")
    assert hard(FREE, LOCAL, resting) == {"free": False, "local": False, "paid": False}


def test_a_bound_never_lets_anybody_up() -> None:
    bound = span("task lookup", TIERS, None, "T0")
    assert bound
    assignment = replace(assigned(FREE, PAID), bounds=(bound,))
    alone = company(assignment, (changed(FREE, off="no key"), PAID))
    assert alone.stranded
    assert stop(assignment, PAID, alone) is not None


def test_a_span_counts_both_its_ends() -> None:
    bound = span("rule 1", TIERS, "T1", "T1")
    assert bound
    assert [bound.keeps_out(tier, stranded=False) is None for tier in TIERS] == [False, True, False]
    assert span("nobody", TIERS, None, None) is None


@pytest.mark.parametrize(("bound", "stops"), [(1_000, False), (1_001, True)])
def test_a_climb_from_a_poor_answer_is_held_to_the_climb_s_cap_also_from_paid_to_paid(
    bound: int, stops: bool
) -> None:
    capped = assigned(request=replace(ASK, instead_of=FoundPoor("r1", "T1")))
    capped = replace(capped, route=replace(capped.route, climb=Climb(False, 1_000)))
    found = stopped(capped, costing("paid", bound))
    assert (found is not None and found.money) == stops


@pytest.mark.parametrize(
    ("cap", "asked", "most"),
    [(900, 500, 500), (500, 900, 500), (None, 900, 900), (500, None, 500), (None, None, None)],
)
def test_the_tighter_of_the_caller_s_limit_and_the_climb_s_cap_wins(
    cap: int | None, asked: int | None, most: int | None
) -> None:
    facts = (fact("free"), costing("paid", 1))
    made = assigned(*facts, request=replace(ASK, max_cost_nano=asked))
    made = replace(made, route=replace(made.route, climb=Climb(free_to_paid=True, max_cost_nano=cap)))
    assert call_limit(made, facts[1], company(made, facts)) == most
