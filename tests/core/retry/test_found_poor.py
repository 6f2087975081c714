"""One tier up after a reader's word: who is left of a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.message import Message
from router.core.request import Request
from router.core.retry.escalation import climbing, one_tier_up
from router.core.routing.assignment import Assignment
from router.core.routing.selection import Candidate, Plan
from tests.configs import T0, T1, T2, small_config

DEPLOYMENTS = small_config().deployments


def plan(*names: str) -> Plan:
    """Return a plan in which these can serve, best first, and nobody else."""
    rest = [name for name in DEPLOYMENTS if name not in names]
    tiers = {name: deployment.tier.name for name, deployment in DEPLOYMENTS.items()}
    can = [Candidate(name, tiers[name], True, "can") for name in names]
    return Plan("auto", None, None, None, (*can, *(Candidate(n, tiers[n], False, "rests") for n in rest)))


@pytest.mark.parametrize(
    ("can", "asked", "left"),
    [
        (("paid", "local"), (), ["local"]),
        (("paid",), (), ["paid"]),
        (("paid",), ("local",), []),
        (("local", "paid"), ("local",), ["local"]),
        ((), (), []),
    ],
)
def test_only_the_lowest_tier_that_can_serve_is_left_and_stays_the_one_once_it_was_asked(
    can: tuple[str, ...], asked: tuple[str, ...], left: list[str]
) -> None:
    narrowed = one_tier_up(plan(*can), asked, DEPLOYMENTS)
    assert [c.deployment for c in narrowed.candidates if c.eligible] == left
    assert {c.deployment for c in narrowed.candidates} == set(DEPLOYMENTS)
    assert [c.reason for c in narrowed.candidates if c.deployment not in can] == ["rests"] * (3 - len(can))


def test_a_request_that_stands_in_for_no_answer_is_assigned_as_ever() -> None:
    asked = Assignment(Request((Message("user", "Hello"),)), small_config().routes["auto"])
    assert climbing(asked, (T0, T1, T2)) is asked
    assert replace(asked) == climbing(asked, ())
