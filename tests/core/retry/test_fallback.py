"""What happens next: another attempt, a short wait, a kept answer, or the end, and that there is one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange, Fault
from router.core.records.diagnosis import Action, Diagnosis, FailureClass, Lacking
from router.core.retry.fallback import (
    ANSWERED,
    Decision,
    GiveUp,
    PastAttempt,
    RequestStanding,
    Try,
    UseCached,
    Wait,
    decide,
)
from router.core.routing.selection import Candidate, Plan
from router.core.settings.deployments import Need
from router.core.settings.policy import Policy

POLICY = Policy(max_attempts=4, deadline_s=60)
PATIENT = replace(POLICY, wait_for_free_s=8.0)
DOWN = classify(Exchange("x", status=503), 0)
AGAIN = replace(DOWN, action=Action.RETRY_SAME)
TOO_LONG = replace(
    DOWN,
    failure_class=FailureClass.BAD_REQUEST,
    action=Action.FALL_OVER_IF_CAPABLE,
    counts_toward_breaker=False,
    lacking=Lacking.WINDOW,
)
TOO_DEAR = replace(TOO_LONG, failure_class=FailureClass.BILLING, lacking=Lacking.MONEY)
NO_TOOLS = replace(TOO_LONG, lacking=Lacking.CAPABILITY)
TOO_FAST = replace(TOO_LONG, lacking=Lacking.TOKEN_RATE)


def one(name: str, **changes: object) -> Candidate:
    made = Candidate(name, "T0", True, "next in the route's order", context_window=8_000, bound_nano_usd=0)
    return replace(made, **changes)  # type: ignore[arg-type]  # a table's columns


def paid(name: str, bound: int | None = 1000) -> Candidate:
    return one(name, paid=True, bound_nano_usd=bound)


def resting(name: str, back_in_s: float | None, *, costs: bool = False) -> Candidate:
    return one(name, eligible=False, reason="cooling", back_in_s=back_in_s, paid=costs)


def of(*candidates: Candidate, needs: frozenset[Need] = frozenset()) -> Plan:
    return Plan("r", None, None, None, candidates, needs=needs)


def tried(decision: Decision) -> str | None:
    return decision.deployment if isinstance(decision, Try) else None


def test_the_first_that_is_in_is_tried_and_then_the_next() -> None:
    plan = of(one("a"), one("b"))
    assert tried(decide(plan, [], POLICY, 60)) == "a"
    assert tried(decide(plan, [PastAttempt("a", DOWN)], POLICY, 60)) == "b"


def test_what_is_safe_to_repeat_is_repeated_once_and_nothing_else_is() -> None:
    plan = of(one("a"), one("b"))
    assert tried(decide(plan, [PastAttempt("a", AGAIN)], POLICY, 60)) == "a"
    assert tried(decide(plan, [PastAttempt("a", AGAIN), PastAttempt("a", AGAIN)], POLICY, 60)) == "b"


@pytest.mark.parametrize("action", [Action.RETURN_TO_CALLER, Action.SURFACE_STREAM_ERROR])
def test_after_a_final_action_nobody_else_may_answer(action: Action) -> None:
    end = decide(
        of(one("a"), one("b")),
        [PastAttempt("a", replace(DOWN, action=action))],
        POLICY,
        60,
        RequestStanding(cached=True),
    )
    assert isinstance(end, GiveUp)


def test_an_answer_is_no_giving_up() -> None:
    answered = PastAttempt("a", replace(DOWN, action=Action.CONTINUE))
    for past in ([answered], [PastAttempt("b", DOWN), answered], [answered] * POLICY.max_attempts):
        assert decide(of(one("a"), one("b")), past, POLICY, 60, RequestStanding(cached=True)) is ANSWERED


@pytest.mark.parametrize(
    ("past", "left_s", "standing", "words"),
    [
        pytest.param(
            [PastAttempt(n, DOWN) for n in "wxyz"], 60, RequestStanding(), "after 4 attempts", id="attempts"
        ),
        pytest.param([], 0, RequestStanding(), "the deadline of 60 s", id="deadline"),
        pytest.param(
            [PastAttempt("z", DOWN)],
            60,
            RequestStanding(may_retry=False),
            "too many calls fail",
            id="retries",
        ),
    ],
)
def test_what_is_used_up_ends_a_request(
    past: list[PastAttempt], left_s: float, standing: RequestStanding, words: str
) -> None:
    end = decide(of(one("a")), past, POLICY, left_s, standing)
    assert isinstance(end, GiveUp)
    assert words in end.message


def test_the_retry_budget_binds_further_attempts_after_a_server_s_failure_only() -> None:
    spent, limited = RequestStanding(may_retry=False), classify(Exchange("x", status=429), 0)
    assert tried(decide(of(one("a")), [], POLICY, 60, spent)) == "a"
    assert tried(decide(of(one("a")), [PastAttempt("z", limited)], POLICY, 60, spent)) == "a"


@pytest.mark.parametrize(
    ("failure", "failed", "other", "able"),
    [
        pytest.param(TOO_LONG, one("a"), one("b", context_window=8_001), True, id="a larger window"),
        pytest.param(TOO_LONG, one("a"), one("b", context_window=8_000), False, id="the same window"),
        pytest.param(TOO_LONG, one("a"), one("b", context_window=None), True, id="a window nobody knows"),
        pytest.param(TOO_LONG, one("a", context_window=None), one("b"), True, id="it was not known itself"),
        pytest.param(
            replace(TOO_LONG, limit_tokens=4_000),
            one("a"),
            one("b"),
            True,
            id="it has less than was configured",
        ),
        pytest.param(NO_TOOLS, one("a"), one("b"), True, id="a capability says nothing of windows"),
        pytest.param(TOO_FAST, one("a"), one("b"), True, id="nor does another account's rate"),
        pytest.param(TOO_DEAR, paid("a"), paid("b", 999), True, id="cheaper"),
        pytest.param(TOO_DEAR, paid("a"), paid("b", 1000), False, id="as dear"),
        pytest.param(TOO_DEAR, paid("a"), paid("b", None), False, id="nobody knows its price"),
        pytest.param(TOO_DEAR, paid("a", None), paid("b"), False, id="nobody knew its own"),
        pytest.param(TOO_DEAR, paid("a"), one("b"), True, id="free"),
        pytest.param(DOWN, one("a"), one("b"), True, id="a failure that has nothing to do with the request"),
    ],
)
def test_a_request_that_was_too_much_goes_only_where_it_may_be_served(
    failure: Diagnosis, failed: Candidate, other: Candidate, able: bool
) -> None:
    past = [PastAttempt("a", failure)]
    assert (tried(decide(of(failed, other), past, POLICY, 60)) == "b") is able
    # It stays true after another failure in between.
    later = [*past, PastAttempt("c", DOWN)]
    assert (tried(decide(of(failed, other, one("c")), later, POLICY, 60)) == "b") is able


def test_where_a_capability_was_missing_the_gates_have_asked_and_all_may_try() -> None:
    plan = of(one("a"), one("b"), needs=frozenset({Need.TOOLS}))
    assert tried(decide(plan, [PastAttempt("a", NO_TOOLS)], POLICY, 60)) == "b"


def test_the_caller_is_told_what_he_can_do_something_about() -> None:
    end = decide(of(), [PastAttempt("a", TOO_LONG), PastAttempt("b", DOWN)], POLICY, 60)
    assert isinstance(end, GiveUp)
    assert end.failure_class is FailureClass.BAD_REQUEST
    assert end.message.startswith("nothing else can serve r: a: ")


@pytest.mark.parametrize(
    ("candidates", "policy", "left_s", "waited_s", "seconds"),
    [
        pytest.param((resting("f", 3.0), paid("p")), PATIENT, 60, 0, 3.0, id="instead of paying"),
        pytest.param((resting("f", 3.0),), PATIENT, 60, 0, 3.0, id="instead of failing"),
        pytest.param(
            (resting("f", 5.0), resting("g", 2.0), paid("p")), PATIENT, 60, 0, 2.0, id="the soonest"
        ),
        pytest.param((resting("f", 0.0), paid("p")), PATIENT, 60, 0, 0.05, id="a moment at least"),
        pytest.param((resting("f", 3.0), one("free")), PATIENT, 60, 0, None, id="another is free"),
        pytest.param((resting("f", 3.0), paid("p")), POLICY, 60, 0, None, id="the policy does not wait"),
        pytest.param((resting("f", 9.0), paid("p")), PATIENT, 60, 0, None, id="too long"),
        pytest.param((resting("f", 3.0), paid("p")), PATIENT, 60, 6.0, None, id="it has waited before"),
        pytest.param((resting("f", 3.0), paid("p")), PATIENT, 3.0, 0, None, id="the deadline is nearer"),
        pytest.param((resting("f", None), paid("p")), PATIENT, 60, 0, None, id="nobody knows when"),
        pytest.param(
            (resting("q", 3.0, costs=True), paid("p")), PATIENT, 60, 0, None, id="it costs money itself"
        ),
    ],
)
def test_a_few_seconds_are_waited_for_a_free_one_where_the_policy_says_so(
    candidates: tuple[Candidate, ...], policy: Policy, left_s: float, waited_s: float, seconds: float | None
) -> None:
    step = decide(of(*candidates), [], policy, left_s, RequestStanding(waited_s=waited_s))
    assert (step.seconds if isinstance(step, Wait) else None) == seconds


def test_nobody_waits_for_a_deployment_that_has_had_its_turn() -> None:
    step = decide(of(resting("f", 1.0), paid("p")), [PastAttempt("f", DOWN)], PATIENT, 60)
    assert tried(step) == "p"


def test_a_kept_answer_is_the_last_resort_and_says_why() -> None:
    kept = RequestStanding(cached=True)
    assert tried(decide(of(one("a")), [], POLICY, 60, kept)) == "a"
    end = decide(of(one("a")), [PastAttempt("a", DOWN)], POLICY, 60, kept)
    assert isinstance(end, UseCached)
    assert "nothing else can serve" in end.message


def test_when_money_alone_is_in_the_way_it_says_so() -> None:
    end = decide(of(one("a", eligible=False, over_budget=True, reason="could cost $1")), [], POLICY, 60)
    assert isinstance(end, GiveUp)
    assert end.over_budget
    assert "a: could cost $1" in end.message


candidate = st.builds(
    Candidate,
    deployment=st.sampled_from("abcde"),
    tier=st.just("T0"),
    eligible=st.booleans(),
    reason=st.just("why"),
    bound_nano_usd=st.none() | st.integers(0, 9),
    paid=st.booleans(),
    context_window=st.none() | st.integers(1, 9),
    back_in_s=st.none() | st.floats(0, 10),
)


@settings(max_examples=80)
@given(st.data())
def test_a_request_ends_and_keeps_its_bounds_whatever_plans_and_failures_come(data: st.DataObject) -> None:
    policy = Policy(
        max_attempts=data.draw(st.integers(1, 5)),
        deadline_s=30,
        wait_for_free_s=data.draw(st.sampled_from([0.0, 3.0])),
    )
    plans = st.lists(candidate, max_size=5, unique_by=lambda c: c.deployment)
    past: list[PastAttempt] = []
    waited, left_s, rested = 0.0, 30.0, False
    for _ in range(200):
        plan = of(*data.draw(plans))
        standing = RequestStanding(
            may_retry=data.draw(st.booleans()),
            waited_s=waited,
            cached=data.draw(st.booleans()),
            rested=rested,
        )
        step = decide(plan, past, policy, left_s, standing)
        match step:
            case Try(name):
                [choice] = [candidate for candidate in plan.candidates if candidate.deployment == name]
                assert choice.eligible
                asked = [p.diagnosis for p in past if p.deployment == choice.deployment]
                again = bool(past) and past[-1] == PastAttempt(choice.deployment, AGAIN)
                assert not asked or again or (standing.rested and asked[-1] in (DOWN, AGAIN))
                rested = False
                past.append(
                    PastAttempt(
                        choice.deployment, data.draw(st.sampled_from([DOWN, AGAIN, TOO_LONG, TOO_DEAR]))
                    )
                )
            case Wait(seconds):
                waited += seconds
                left_s -= seconds
                assert left_s > 0
                assert waited <= max(policy.wait_for_free_s, policy.queue_s)
                rested = True
            case _:
                break
        assert len(past) <= policy.max_attempts
    else:
        raise AssertionError("it never ended")


def failed(name: str, *, eligible: bool = True, back_in_s: float | None = None) -> Plan:
    return of(one(name, eligible=eligible, back_in_s=back_in_s))


def test_the_only_one_that_can_serve_is_waited_for_and_asked_again() -> None:
    limited = classify(Exchange("x", status=429, headers={"retry-after": "1"}), 0)
    past = [PastAttempt("a", limited)]
    step = decide(failed("a", eligible=False, back_in_s=1.0), past, POLICY, 60)
    assert isinstance(step, Wait)
    assert step.seconds == 1.0
    waited = RequestStanding(waited_s=1.0, rested=True)
    assert tried(decide(failed("a"), past, POLICY, 59, waited)) == "a"


def test_a_server_s_single_error_is_asked_again_after_a_growing_pause_when_it_stands_alone() -> None:
    broken = classify(Exchange("x", status=500, error="x"), 0)
    pauses = []
    for attempts in (1, 2, 3):
        step = decide(failed("a"), [PastAttempt("a", broken)] * attempts, POLICY, 60)
        assert isinstance(step, Wait)
        pauses.append(step.seconds)
    assert pauses == [0.5, 1.0, 2.0]
    assert isinstance(decide(failed("a"), [PastAttempt("a", broken)] * 4, POLICY, 60), GiveUp)


def test_what_may_have_been_billed_is_not_asked_again() -> None:
    lost = classify(Exchange("x", fault=Fault.RESET_AFTER_SENT), 0)
    assert isinstance(decide(failed("a"), [PastAttempt("a", lost)], POLICY, 60), GiveUp)


def test_a_free_one_that_failed_is_waited_for_instead_of_paying_where_the_policy_says_so() -> None:
    limited = PastAttempt("a", classify(Exchange("x", status=429, headers={"retry-after": "1"}), 0))
    plan = of(one("a", eligible=False, back_in_s=1.0), paid("b"))
    assert isinstance(decide(plan, [limited], PATIENT, 60), Wait)
    assert tried(decide(plan, [limited], POLICY, 60)) == "b"
    back = of(one("a"), paid("b"))
    assert tried(decide(back, [limited], PATIENT, 60, RequestStanding(waited_s=1.0, rested=True))) == "a"
