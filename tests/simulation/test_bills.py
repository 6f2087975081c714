"""The comparison of the ledger with the providers' bills notices what it is there for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.records.entries import Entry, Settlement
from tests.ledger.samples import INTENT, SETTLEMENT
from tests.simulation.bills import Bills, Served

CALL = Served("gemma-free", "p", "key", paid=True, input_tokens=10, cache_read=4, output_tokens=3, ran=True)
BILL = 6 * 1_000 + 4 * 100 + 3 * 2_000
ADMITTED = replace(INTENT, prompt_fingerprint="p", held_nano_usd=20_000)
UNKNOWN = replace(SETTLEMENT, cost_nano_usd=None, budget_nano_usd=20_000)


def differences(*settled: Settlement | None, calls: tuple[Served, ...] = (CALL,)) -> list[str]:
    entries = [Entry(replace(ADMITTED, attempt=n), one) for n, one in enumerate(settled, 1)]
    return list(Bills({"p": list(calls)}).differences(entries))


def test_a_bill_is_agreed_to_when_it_is_booked_exactly_or_not_known() -> None:
    assert CALL.bill == BILL
    assert differences(replace(SETTLEMENT, cost_nano_usd=BILL)) == differences(UNKNOWN) == []


@pytest.mark.parametrize("cost", [BILL - 1, BILL + 1, 0])
def test_a_nano_dollar_too_few_or_too_many_is_noticed(cost: int) -> None:
    assert f"cost {BILL} and is booked with {cost}" in str(
        differences(replace(SETTLEMENT, cost_nano_usd=cost))
    )


def test_a_call_without_a_row_and_a_row_that_was_booked_twice_are_noticed() -> None:
    assert "1 calls" in str(differences())
    booked = replace(SETTLEMENT, cost_nano_usd=BILL)
    assert f"cost 0 and is booked with {BILL}" in str(differences(booked, booked))


def test_a_row_left_open_and_a_bill_above_its_hold_are_noticed() -> None:
    assert "open at rest" in str(differences(None))
    assert "more than the 20000 held" in str(differences(UNKNOWN, calls=(replace(CALL, output_tokens=9),)))
    assert "neither a cost" in str(differences(replace(UNKNOWN, budget_nano_usd=None)))
