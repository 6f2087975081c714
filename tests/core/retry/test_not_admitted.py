"""Whom a refusal leaves out, for how long, and when waiting beats going elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.records.admission import Refusal, RefusedBy
from router.core.retry.fallback import barred
from router.core.routing.selection import Candidate, Plan

NOW = 1_795_348_800_000
FREE = Candidate("free", "T0", eligible=True, reason="first")
PAID = Candidate("paid", "T2", eligible=True, reason="next", paid=True)
FULL = Refusal(RefusedBy.LIMIT, "its limit of 1 call at once is used up", NOW + 250)


def plan(*candidates: Candidate) -> Plan:
    return Plan("auto", None, None, None, candidates)


def test_who_was_refused_is_out_with_the_reason_until_the_refusal_ends() -> None:
    made = plan(FREE, PAID)
    out = barred(made, {"free": FULL}, NOW).candidates[0]
    assert (out.eligible, out.reason, out.back_in_s) == (False, FULL.reason, 0.25)
    assert out.full
    assert barred(made, {"free": FULL}, NOW + 250) == made
    assert barred(made, {"free": replace(FULL, until_ms=None)}, NOW + 10**12).chosen == PAID


@pytest.mark.parametrize(("by", "money"), [(b, b in ("budget", "guard")) for b in RefusedBy])
def test_a_refusal_of_budget_or_guard_is_told_as_money(by: RefusedBy, money: bool) -> None:
    [out] = barred(plan(PAID), {"paid": Refusal(by, "no", NOW + 1)}, NOW).candidates
    assert out.over_budget is money
    assert (out.back_in_s is None) is money


def test_who_is_out_already_keeps_his_own_reason() -> None:
    off = replace(FREE, eligible=False, reason="no key")
    assert barred(plan(off), {"free": FULL}, NOW).candidates == (off,)
