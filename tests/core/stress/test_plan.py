from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.records.stress import Load, LoadPattern
from router.core.settings.providers import Billing
from router.core.stress.plan import gap_s, had_enough, refusal, stress_plan, usual_targets
from tests.configs import T0, T1, deployment, small_config
from tests.core.stress.samples import shots

CONFIG = small_config()
FREE, LOCAL, PAID = (CONFIG.deployments[name] for name in ("free", "local", "paid"))
RAMP = Load(LoadPattern.RAMP, 40)


def test_free_deployments_are_tried_and_local_ones_only_where_none_is_on() -> None:
    off = replace(FREE, off="no key")
    assert usual_targets([FREE, LOCAL, PAID]) == (FREE,)
    assert usual_targets([off, LOCAL, PAID]) == (LOCAL,)
    assert usual_targets([off, PAID]) == ()


def test_a_plan_says_what_it_sends_and_costs_at_most() -> None:
    plan = stress_plan([FREE, PAID], Load())
    each = plan.targets[1].each.bound_nano
    assert (plan.requests, plan.bound_nano) == (12, 6 * (each or 0))
    assert plan.tokens > 12 * 256


def test_what_is_free_needs_no_yes() -> None:
    subscribed = deployment("sub", T1, Billing.SUBSCRIPTION)
    assert refusal(stress_plan([FREE, LOCAL, subscribed], Load(), 0), agreed=False) is None


@pytest.mark.parametrize(
    ("budget", "agreed", "said"),
    [
        (None, False, "paid would cost money, at most $0.0"),
        (0, True, "paid: one request can cost $0.0005"),
        (0, False, "would cost money"),
        (1, True, "and $0.000000001 is the limit"),
    ],
)
def test_what_costs_money_is_refused_with_its_price(budget: int | None, agreed: bool, said: str) -> None:
    refused = refusal(stress_plan([FREE, PAID], Load(), budget), agreed=agreed)
    assert refused is not None
    assert said in refused


def test_a_yes_lets_a_known_price_pass_and_no_yes_an_unknown_one() -> None:
    assert refusal(stress_plan([PAID], Load()), agreed=True) is None
    unpriced = replace(PAID, price=None)
    refused = refusal(stress_plan([unpriced], Load(), 10**12), agreed=True)
    assert refused is not None
    assert "the price of paid is unknown" in refused


def test_a_small_model_is_asked_for_no_more_than_it_gives() -> None:
    small = replace(deployment("small", T0, Billing.FREE), max_output_tokens=16)
    assert stress_plan([small], Load()).targets[0].max_tokens == 16


def test_a_ramp_goes_faster_with_each_request_and_nothing_else_waits() -> None:
    assert [gap_s(RAMP, sent) for sent in (1, 2, 6, 40)] == [60, 30, 10, 1.5]
    assert gap_s(Load(), 3) == 0


@pytest.mark.parametrize(
    ("load", "row", "enough"),
    [
        (Load(), "ooXX", None),
        (Load(), "ottt", "stopped after 3 errors in a row"),
        (Load(), "tXe", "stopped after 3 errors in a row"),
        (Load(), "tto", None),
        (RAMP, "ooX", "stopped at the first 429"),
        (RAMP, "oto", None),
    ],
)
def test_a_target_has_had_enough(load: Load, row: str, enough: str | None) -> None:
    assert had_enough(load, shots(row)) == enough
