"""Climbing after a poor answer: to whom, when not, and what goes along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.records.answers import CheckVerdict
from router.core.request import Request
from router.core.retry.escalation import MAX_CARRIED, Poor, Rules, Stay, carry, escalate
from router.core.retry.fallback import PastAttempt, RequestStanding, Try
from router.core.routing.selection import Candidate, Plan
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.policy import Policy
from router.core.settings.providers import Billing
from router.core.settings.routes import Climb
from tests.configs import deployment

FAILED = CheckVerdict("json", False, "the answer is not JSON: Expecting value in line 1, column 1")
WHOLE = classify(Exchange("x", status=200, content_seen=True, finish_reason="stop"), 0)
LIMITED = classify(Exchange("x", status=429), 0)
TIERS = [Tier(f"T{rank}", "", rank) for rank in range(4)]
LADDER = {
    "free": deployment("free", TIERS[0], Billing.FREE),
    "near": deployment("near", TIERS[1], Billing.LOCAL),
    "twin": deployment("twin", TIERS[1], Billing.LOCAL),
    "paid": deployment("paid", TIERS[2], Billing.METERED),
    "dear": deployment("dear", TIERS[3], Billing.METERED),
}
PAYING = Climb(free_to_paid=True)


def candidate(name: str, *, out: str | None = None, bound: int | None = 1000) -> Candidate:
    return Candidate(name, LADDER[name].tier.name, out is None, out or "in", bound_nano_usd=bound)


def plan(*candidates: str | Candidate) -> Plan:
    made = tuple(candidate(one) if isinstance(one, str) else one for one in candidates)
    return Plan("auto", None, None, None, made)


def climb(
    made: Plan, *names: str, rules: Climb = PAYING, policy: Policy | None = None, left_s: float = 60
) -> object:
    """Return who answers after `names[0]` answered poorly and the others were limited, or why nobody does."""
    past = [PastAttempt(name, LIMITED if place else WHOLE) for place, name in enumerate(names)]
    step = escalate(made, past, Poor(0, (FAILED,)), Rules(rules, policy or Policy(), LADDER), left_s)
    return step.deployment if isinstance(step, Try) else step


@pytest.mark.parametrize(
    ("served", "members", "next_one"),
    [
        ("free", ("free", "near", "paid"), "near"),
        ("free", ("free", "paid", "near"), "near"),
        ("near", ("free", "near", "twin", "paid", "dear"), "paid"),
        ("paid", ("paid", "dear", "near"), "dear"),
        ("free", ("free", candidate("near", out="cooling"), "paid"), "paid"),
    ],
)
def test_a_poor_answer_climbs_to_the_next_tier_where_anyone_can_serve(
    served: str, members: tuple[str | Candidate, ...], next_one: str
) -> None:
    assert climb(plan(*members), served) == next_one


@pytest.mark.parametrize(
    ("near", "paid", "next_one"),
    [(0.5, 0.5, "near"), (0.1, 0.5, "paid"), (0.1, 0.9, "paid"), (0.9, 0.1, "near")],
)
def test_a_poor_answer_climbs_to_nobody_who_is_known_to_be_worse(
    near: float, paid: float, next_one: str
) -> None:
    known = (replace(candidate("near"), quality=near), replace(candidate("paid"), quality=paid))
    assert climb(plan("free", *known), "free") == next_one


def test_where_all_above_are_worse_the_poor_answer_stays() -> None:
    stay = climb(plan("free", replace(candidate("near"), quality=0.1)), "free")
    assert isinstance(stay, Stay)
    assert "near: is no better: quality 0.10, that of free is 0.50" in stay.reason


def test_when_the_first_one_above_fails_another_of_its_tier_is_asked_and_no_higher_one() -> None:
    everyone = plan("free", "near", "twin", "paid")
    assert climb(everyone, "free", "near") == "twin"
    assert isinstance(climb(everyone, "free", "near", "twin"), Stay)


@pytest.mark.parametrize(
    ("made", "served", "rules", "said"),
    [
        (plan("paid", "free"), "paid", PAYING, "nobody of auto stands higher"),
        (plan("near", "paid"), "near", Climb(), "paid: costs money and climb: free_to_paid is not declared"),
        (plan("near", "paid"), "near", Climb(True, 999), "paid: could cost $0.000001, the climb's cap is"),
        (plan("paid", "dear"), "paid", Climb(False, 999), "dear: could cost $0.000001, the climb's cap is"),
        (plan("near", candidate("paid", bound=None)), "near", Climb(True, 999), "paid: its price is unknown"),
        (plan("near", candidate("paid", out="cooling for 7 s")), "near", PAYING, "paid: cooling for 7 s"),
    ],
)
def test_nobody_is_climbed_to_who_was_not_declared_or_cannot_serve(
    made: Plan, served: str, rules: Climb, said: str
) -> None:
    step = climb(made, served, rules=rules)
    assert isinstance(step, Stay)
    assert said in step.reason


def test_between_paid_tiers_no_declaration_of_free_to_paid_is_needed() -> None:
    assert climb(plan("paid", "dear"), "paid", rules=Climb(False, 1000)) == "dear"


@pytest.mark.parametrize(("policy", "left_s"), [(Policy(max_attempts=1), 60.0), (Policy(), 0.0)])
def test_attempts_and_deadline_bind_a_climb(policy: Policy, left_s: float) -> None:
    assert isinstance(climb(plan("free", "near"), "free", policy=policy, left_s=left_s), Stay)


def test_a_poor_answer_is_better_than_a_kept_one_from_before() -> None:
    rules = Rules(PAYING, Policy(), LADDER)
    step = escalate(
        plan("free"),
        [PastAttempt("free", WHOLE)],
        Poor(0, (FAILED,)),
        rules,
        60,
        RequestStanding(cached=True),
    )
    assert isinstance(step, Stay)


@given(
    st.permutations(sorted(LADDER)),
    st.sampled_from(sorted(LADDER)),
    st.sets(st.sampled_from(sorted(LADDER))),
    st.booleans(),
    st.none() | st.integers(0, 2000),
)
def test_a_climb_is_always_upwards_eligible_declared_and_capped(
    order: Sequence[str], served: str, out: set[str], declared: bool, cap: int | None
) -> None:
    made = plan(*(candidate(name, out="out" if name in out else None) for name in order))
    step = climb(made, served, rules=Climb(declared, cap))
    if isinstance(step, str):
        below, above = LADDER[served], LADDER[step]
        assert above.tier.rank > below.tier.rank
        assert step not in out
        assert _is_free(above) or (cap is None or cap >= 1000)
        assert declared or _is_free(above) or not _is_free(below)
        between = [d for d in LADDER.values() if below.tier.rank < d.tier.rank < above.tier.rank]
        assert all(d.name in out or not _is_free(d) for d in between)


def _is_free(one: Deployment) -> bool:
    return one.billing is not Billing.METERED


ASK = Request((Message("system", "Be brief."), Message("user", "Cities as JSON?")), session="s1")


def test_the_next_one_reads_the_poor_answer_and_what_was_wrong_with_it() -> None:
    detail = replace(FAILED, check="command", why="lint ended with 1", detail="line 3: E501")
    request = carry(ASK, "Paris, Lyon", (FAILED, detail))
    assert request.messages[:2] == ASK.messages
    assert [message.role for message in request.messages] == ["system", "user", "assistant", "user"]
    assert request.messages[2].text == "Paris, Lyon"
    assert "is not JSON" in request.messages[3].content
    assert "lint ended with 1:\nline 3: E501" in request.messages[3].content
    assert replace(request, messages=ASK.messages) == ASK


def test_a_long_poor_answer_goes_along_with_its_beginning_and_its_end() -> None:
    carried = carry(ASK, "begin" + "x" * 10_000 + "end", (FAILED,)).messages[2].text
    assert len(carried) < MAX_CARRIED + 10
    assert carried.startswith("begin")
    assert carried.endswith("end")


def test_an_empty_answer_makes_no_empty_turn_and_no_two_turns_of_one_side() -> None:
    request = carry(ASK, " \n", (CheckVerdict("empty", False, "the answer is empty"),))
    assert [message.role for message in request.messages] == ["system", "user"]
    assert request.messages[1].text.startswith("Cities as JSON?\n\n(An earlier answer to this was empty.")


def test_after_a_turn_of_the_assistant_the_words_are_a_turn_of_their_own() -> None:
    prefilled = replace(ASK, messages=(*ASK.messages, Message("assistant", "[")))
    assert [m.role for m in carry(prefilled, "", (FAILED,)).messages] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
