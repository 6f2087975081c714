"""The money columns of an attempt that has ended, by how it ended and who pays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.cost.estimate import estimate, input_size
from router.core.cost.settling import BYTES_PER_TOKEN, AnswerSoFar, AttemptBill, settled_bill
from router.core.message import Message
from router.core.money import CostSource
from router.core.records.diagnosis import LedgerOutcome
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.usage import Usage, UsageReading
from tests.configs import small_config

PAID = small_config().deployments["paid"]  # $1 and $2 per million tokens: 1,000 and 2,000 nano-dollars each
LOCAL = small_config().deployments["local"]
COUNTED = UsageReading(Usage(input_tokens=100, output_tokens=10))
MESSAGES = (Message("user", "hello there"),)
HELD = 5_000_000


def bill(
    deployment: Deployment = PAID,
    outcome: LedgerOutcome = LedgerOutcome.SETTLE_REPORTED,
    reading: UsageReading | None = COUNTED,
    *,
    whole: bool = True,
    received_bytes: int = 0,
) -> AttemptBill:
    """Settle one attempt."""
    return settled_bill(
        AnswerSoFar(
            deployment=deployment,
            expected=estimate(input_size(MESSAGES), deployment, 100),
            received_bytes=received_bytes,
            when_ms=1_795_348_800_000,
            reading=reading,
        ),
        outcome,
        HELD,
        whole=whole,
    )


def test_a_whole_answer_costs_what_was_counted() -> None:
    made = bill()
    assert (made.cost_nano, made.source, made.budget_nano) == (120_000, CostSource.COMPUTED, 120_000)
    assert (made.estimate_nano, made.usage_source) == (None, "reported")


def test_the_provider_s_own_figure_wins_and_the_list_value_stands_beside() -> None:
    made = bill(reading=replace(COUNTED, reported_cost_nano=77))
    assert (made.cost_nano, made.source, made.list_nano) == (77, CostSource.PROVIDER_REPORTED, 120_000)


@pytest.mark.parametrize(
    ("billing", "source"),
    [
        (Billing.LOCAL, CostSource.LOCAL),
        (Billing.FREE, CostSource.FREE),
        (Billing.SUBSCRIPTION, CostSource.SUBSCRIPTION),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_nobody_pays_per_call_is_a_known_zero_also_when_it_broke_off(
    billing: Billing, source: CostSource, whole: bool
) -> None:
    made = bill(replace(PAID, billing=billing), whole=whole)
    assert (made.cost_nano, made.source, made.budget_nano) == (0, source, 0)


def test_what_was_certainly_not_served_is_not_billed() -> None:
    made = bill(outcome=LedgerOutcome.VOID, reading=None)
    assert (made.cost_nano, made.source, made.budget_nano) == (0, CostSource.NOT_BILLED, 0)


def test_a_broken_answer_has_no_cost_but_an_estimate_of_what_had_come() -> None:
    made = bill(
        outcome=LedgerOutcome.SETTLE_ESTIMATED, reading=None, whole=False, received_bytes=10 * BYTES_PER_TOKEN
    )
    expected_in = estimate(input_size(MESSAGES), PAID, 100).input_expected_tokens
    assert (made.cost_nano, made.source) == (None, CostSource.UNKNOWN)
    assert made.estimate_nano == made.budget_nano == expected_in * 1_000 + 10 * 2_000


def test_what_a_broken_answer_counted_of_its_output_is_not_taken_as_final() -> None:
    made = bill(outcome=LedgerOutcome.SETTLE_ESTIMATED, whole=False, received_bytes=100 * BYTES_PER_TOKEN)
    assert made.usage == Usage(input_tokens=100)
    assert made.estimate_nano == 100 * 1_000 + 100 * 2_000


def test_an_unknown_outcome_keeps_its_hold() -> None:
    made = bill(outcome=LedgerOutcome.UNKNOWN, reading=None, whole=False)
    assert (made.cost_nano, made.source, made.estimate_nano, made.budget_nano) == (
        None,
        CostSource.UNKNOWN,
        None,
        HELD,
    )


def test_without_a_price_a_cost_is_unknown_and_the_hold_stays() -> None:
    made = bill(replace(PAID, price=None))
    assert (made.cost_nano, made.source, made.budget_nano) == (None, CostSource.UNKNOWN, HELD)


def test_local_use_needs_no_price() -> None:
    assert bill(LOCAL, reading=None).cost_nano == 0
