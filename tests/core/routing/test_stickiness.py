"""Staying with a warm cache: when it saves, when it does not, and how long a cache is believed in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.price_config import price_from_config
from router.core.routing.stickiness import Pin, Turn, judge, warm_for_s
from router.core.settings.prices import Price
from router.core.settings.providers import Billing
from tests.configs import T0, T2, deployment
from tests.core.routing.sample import fact

CACHED = price_from_config(
    {"input_mtok": "3", "output_mtok": "15", "cache_read_mtok": "0.3", "cache_write_mtok": "3.75"}
)
PLAIN = price_from_config({"input_mtok": "3", "output_mtok": "15"})
TOKENS = 20_000
PIN = Pin("here", 0, TOKENS)


def turn(name: str, price: Price | None, billing: Billing = Billing.METERED, tokens: int = TOKENS) -> Turn:
    made = replace(deployment(name, T2 if billing is Billing.METERED else T0, billing), price=price)
    estimate = replace(fact(name).estimate, input_expected_tokens=tokens, output_expected_tokens=0)
    return Turn(made, estimate)


HERE = turn("here", CACHED)


def at(dollars: str) -> Price:
    return price_from_config({"input_mtok": dollars, "output_mtok": "1"})


def test_a_session_stays_and_is_told_the_price_of_a_switch() -> None:
    verdict = judge(PIN, HERE, turn("there", CACHED), 240)
    # 20,000 tokens: written there at $3.75 a million, read here at $0.30.
    assert verdict.stays
    assert "a switch to there would cost $0.069 more" in verdict.reason
    assert "20,000 tokens are in its cache for 240 s more" in verdict.reason


@pytest.mark.parametrize(
    ("there", "stays"),
    [
        pytest.param(turn("there", at("0.31")), True, id="a little dearer cold than here warm"),
        pytest.param(turn("there", at("0.30")), False, id="the same: the route's order has its way"),
        pytest.param(turn("there", at("0.10")), False, id="cheaper cold than here warm"),
        pytest.param(turn("there", None, Billing.FREE), False, id="free"),
        pytest.param(turn("there", None), True, id="nobody knows its price"),
    ],
)
def test_it_leaves_only_for_what_costs_no_more_with_everything_cold(there: Turn, stays: bool) -> None:
    assert judge(PIN, HERE, there, 240).stays is stays


def test_without_a_cache_rate_nothing_is_saved_by_staying() -> None:
    assert not judge(PIN, turn("here", PLAIN), turn("there", PLAIN), 240).stays


def test_between_two_that_cost_nothing_the_route_s_order_has_its_way() -> None:
    free = turn("here", None, Billing.FREE)
    assert not judge(PIN, free, turn("there", None, Billing.LOCAL), 240).stays


def test_only_what_this_turn_sends_again_is_counted_as_known() -> None:
    short = turn("here", CACHED, tokens=1000)
    # A thousand of the 20,000 tokens are sent again: $0.0003 here, $0.003 there.
    assert "$0.0027 more" in judge(PIN, short, turn("there", PLAIN, tokens=1000), 240).reason


@pytest.mark.parametrize(("vendor", "life_s"), [("anthropic", 300), ("deepseek", 3600), ("unheard-of", 300)])
def test_a_cache_is_believed_in_as_long_as_its_vendor_says(vendor: str, life_s: float) -> None:
    made = HERE.deployment
    there = replace(made, provider=replace(made.provider, catalogue=vendor))
    assert warm_for_s(replace(PIN, served_ms=1000), there, 1000) == life_s
    assert warm_for_s(replace(PIN, served_ms=1000), there, 1000 + round(life_s * 1000)) == 0


@given(st.integers(0, 50_000), st.integers(1, 50_000))
def test_at_equal_rates_it_stays_as_soon_as_anything_is_known(prefix: int, tokens: int) -> None:
    pin = replace(PIN, prefix_tokens=prefix)
    verdict = judge(pin, turn("here", CACHED, tokens=tokens), turn("there", PLAIN, tokens=tokens), 60)
    assert verdict.stays == (prefix > 0)  # each known token costs a tenth here
