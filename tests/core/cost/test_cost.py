from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.cost import CallFacts, cost, list_cost
from router.core.cost.price_config import price_from_config
from router.core.money import CostSource
from router.core.usage import NOTHING_READ, Audio, Usage, UsageReading

NOON = 1_795_348_800_000  # Sunday 2026-11-22T12:00:00Z
PRICE = price_from_config(
    {
        "input_mtok": "3",
        "cache_read_mtok": "0.30",
        "cache_write_mtok": "3.75",
        "cache_write_1h_mtok": "6",
        "output_mtok": "15",
        "multipliers": {"batch": "0.5"},
        "web_search_usd_per_1k": "10",
    }
)
counts = st.integers(0, 10**7)
parts = st.tuples(st.integers(1, 10**6), counts, counts, counts, counts)


def reading(plain: int, read: int, five: int, hour: int, output: int) -> UsageReading:
    total = plain + read + five + hour
    return UsageReading(usage=Usage(total, read, five + hour, hour, output, None))


def nano(call: UsageReading) -> int:
    found = cost(call, PRICE, NOON)
    assert found.nano is not None
    return found.nano


@given(parts, parts)
def test_costs_add_up_over_calls(one: tuple[int, ...], two: tuple[int, ...]) -> None:
    together = reading(*(a + b for a, b in zip(one, two, strict=True)))
    assert nano(together) == pytest.approx(nano(reading(*one)) + nano(reading(*two)), abs=1)


@given(parts, st.integers(0, 4), st.integers(1, 10**6))
def test_more_tokens_never_cost_less(call: tuple[int, ...], part: int, more: int) -> None:
    larger = [count + more if place == part else count for place, count in enumerate(call)]
    assert nano(reading(*larger)) > nano(reading(*call))


@given(parts)
def test_a_cost_is_the_exact_sum_of_its_parts_rounded_once(call: tuple[int, ...]) -> None:
    rates = (Decimal(3), Decimal("0.30"), Decimal("3.75"), Decimal(6), Decimal(15))
    exact = sum((count * rate for count, rate in zip(call, rates, strict=True)), Decimal(0)) * 1000
    assert abs(nano(reading(*call)) - exact) <= Decimal("0.5")


@given(parts)
def test_what_the_provider_reports_beats_what_we_compute(call: tuple[int, ...]) -> None:
    told = replace(reading(*call), reported_cost_nano=7)
    assert cost(told, PRICE, NOON).nano == 7
    assert cost(told, PRICE, NOON).source is CostSource.PROVIDER_REPORTED
    assert cost(told, None, NOON).nano == 7
    assert list_cost(told, PRICE, NOON).nano == nano(reading(*call))


@pytest.mark.parametrize("plan", [CostSource.FREE, CostSource.LOCAL, CostSource.SUBSCRIPTION])
def test_under_a_plan_nothing_is_paid_and_the_list_value_stands_beside_it(plan: CostSource) -> None:
    call = reading(1000, 0, 0, 0, 100)
    assert cost(call, PRICE, NOON, CallFacts(plan=plan)).nano == 0
    assert cost(call, PRICE, NOON, CallFacts(plan=plan)).source is plan
    assert cost(NOTHING_READ, None, NOON, CallFacts(plan=plan)).nano == 0
    assert list_cost(call, PRICE, NOON, CallFacts(plan=plan)).nano == 4_500_000


def test_a_free_model_that_reports_an_amount_was_not_free() -> None:
    call = replace(reading(1000, 0, 0, 0, 100), reported_cost_nano=5)
    found = cost(call, PRICE, NOON, CallFacts(plan=CostSource.FREE))
    assert (found.nano, found.source) == (5, CostSource.PROVIDER_REPORTED)


@pytest.mark.parametrize(
    ("call", "facts", "why"),
    [
        (NOTHING_READ, CallFacts(), "did not say how many"),
        (UsageReading(usage=Usage(input_tokens=5)), CallFacts(), "did not say how many"),
        (UsageReading(suspect="the cached parts are larger than the input"), CallFacts(), "contradicts"),
        (reading(10, 0, 0, 0, 1), CallFacts(service_tier="flex"), "no rates for service_tier flex"),
        (reading(10, 0, 0, 0, 1), CallFacts(speed="fast"), "no rates for speed fast"),
        (
            replace(reading(10, 0, 0, 0, 1), others=(("advisor", Usage(1, 0, 0, 0, 1)),)),
            CallFacts(),
            "advisor",
        ),
    ],
)
def test_what_cannot_be_known_is_none_with_the_reason(call: UsageReading, facts: CallFacts, why: str) -> None:
    found = cost(call, PRICE, NOON, facts)
    assert (found.nano, found.source) == (None, CostSource.UNKNOWN)
    assert why in (found.why or "")


def test_an_unknown_price_is_no_zero() -> None:
    assert cost(reading(10, 0, 0, 0, 1), None, NOON).nano is None


def test_fees_are_never_discounted_by_batch() -> None:
    call = replace(reading(1000, 0, 0, 0, 0), web_searches=3)
    assert cost(call, PRICE, NOON, CallFacts(batch=True)).nano == 1_500_000 + 30_000_000


def test_a_price_by_the_request_has_no_token_rates() -> None:
    price = price_from_config({"input_mtok": "0", "output_mtok": "0", "request_usd": "0.04"})
    assert cost(reading(10, 0, 0, 0, 1), price, NOON).nano == 40_000_000


@pytest.mark.parametrize("tier", ["default", "standard", "auto", "on_demand", "Default"])
def test_the_usual_tier_by_any_name_has_the_plain_price(tier: str) -> None:
    call = replace(reading(1000, 0, 0, 0, 0), service_tier=tier)
    assert cost(call, PRICE, NOON).nano == 3_000_000


def test_the_tier_that_served_is_billed_and_not_the_one_asked_for() -> None:
    call = replace(reading(1000, 0, 0, 0, 0), service_tier="default")
    assert cost(call, PRICE, NOON, CallFacts(service_tier="priority")).nano == 3_000_000


def test_audio_has_its_own_rates_and_its_cached_part_too() -> None:
    rates = {"input_mtok": "1", "cache_read_mtok": "0.1", "output_mtok": "0"}
    call = UsageReading(usage=Usage(1000, 500, None, None, 0), audio=Audio(400, 100))
    # 200 text, 300 audio, 400 cached text, 100 cached audio
    audio = price_from_config(rates | {"input_audio_mtok": "3", "cache_audio_read_mtok": "0.3"})
    assert cost(call, audio, NOON).nano == 200_000 + 900_000 + 40_000 + 30_000
    plain = price_from_config(rates)
    assert cost(call, plain, NOON).nano == 500_000 + 50_000


def test_a_place_has_its_factor_under_any_of_its_names() -> None:
    call = replace(reading(1000, 0, 0, 0, 0), geo="us")
    for multipliers in ({"us": "1.1"}, {"inference_geo_us": "1.1"}, {"inference_geo": {"us": "1.1"}}):
        price = price_from_config({"input_mtok": "3", "output_mtok": "15", "multipliers": multipliers})
        assert cost(call, price, NOON).nano == 3_300_000
    assert cost(replace(call, geo="eu"), price, NOON).nano == 3_000_000
