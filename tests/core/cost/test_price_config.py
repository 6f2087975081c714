from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.cost import cost
from router.core.cost.price_config import price_from_config, price_over
from router.core.money import CostSource
from router.core.settings.prices import Hours, Price, Rates, model_keys
from router.core.usage import Usage, UsageReading

FRIDAY = 1_795_132_800_000
"""2026-11-20T00:00:00Z"""
WHOLE: dict[str, object] = {
    "input_mtok": "3",
    "output_mtok": "15",
    "cache_read_mtok": "0.30",
    "tiers": [{"above_input_tokens": 200000, "input_mtok": "6", "output_mtok": "22.50"}],
    "batch": {"input_mtok": "1.5", "output_mtok": "7.5"},
    "service_tiers": {"Flex": {"input_mtok": "1"}},
    "speeds": {"fast": {"input_mtok": "18"}},
    "multipliers": {"inference_geo": {"us": "1.1"}, "batch": "0.5"},
    "schedule": [{"weekdays": [1, 5], "utc_from": "22:00", "utc_to": "06:30", "input_mtok": "1"}],
    "web_search_usd_per_1k": "10",
    "by_model": {"other-4.5": {"input_mtok": 1}},
    "valid_from": "2026-03-13",
    "plan": "free-tier",
}


scalars = st.none() | st.booleans() | st.integers() | st.decimals().map(str) | st.text(max_size=6)
anything = st.recursive(
    scalars | st.sampled_from(["1.5", "free", "01:00", "2026-03-13"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(list(WHOLE)), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "output_audio_mtok"]), anything, max_size=4))
def test_whatever_is_written_is_a_price_or_a_value_error(written: dict[str, object]) -> None:
    try:
        price = price_from_config({"input_mtok": "1", **written})
    except ValueError:
        return
    found = cost(UsageReading(usage=Usage(10, 2, 3, 1, 5)), price, FRIDAY)
    assert found.nano is None or found.nano >= 0


def test_every_key_of_a_written_price_is_read() -> None:
    price = price_from_config(WHOLE)
    assert (price.input_mtok, price.output_mtok) == (Decimal(3), Decimal(15))
    assert price.table.tiers[0].threshold == 200_000
    assert price.batch is not None
    assert price.service_tiers["flex"].rates == Rates(input_mtok=Decimal(1))
    assert price.multipliers == {"inference_geo_us": Decimal("1.1"), "batch": Decimal("0.5")}
    assert price.hours[0].weekdays == {1, 5}
    assert price.valid_from_ms == 1_773_360_000_000
    assert price.plan is CostSource.FREE


def test_a_price_can_be_read_again_from_what_the_ledger_keeps() -> None:
    price = price_from_config(WHOLE)
    again = price_from_config(json.loads(price.rates_json))
    assert again == price


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inptu_mtok": "3"}, "'inptu_mtok' is no key of a price"),
        ({"input_mtok": "cheap"}, "input_mtok is a number of dollars in quotes"),
        ({"input_mtok": 0.15}, "input_mtok is a number of dollars in quotes"),
        ({"input_mtok": True}, "input_mtok is a number"),
        ({"output_mtok": "-1"}, "output_mtok is negative"),
        ({"input_mtok": "NaN"}, "input_mtok is a number"),
        ({"tiers": {"input_mtok": "1"}}, "tiers is a list"),
        ({"tiers": [{"input_mtok": "1"}]}, "above_input_tokens or from_input_tokens"),
        ({"batch": "0.5"}, "batch is a table"),
        ({"batch": {"half": "1"}}, "'half' is no key"),
        ({"plan": "trial"}, "plan is free, local or subscription"),
        ({"schedule": [{"utc_from": "25:00", "utc_to": "26:00"}]}, "utc_from is a time in UTC"),
        ({"schedule": [{"weekdays": [0], "utc_from": "01:00", "utc_to": "02:00"}]}, "weekdays is a list"),
        ({"valid_from": "13-03-2026"}, "valid_from is a date"),
        ({"output_mtok": "1E+999999"}, "output_mtok is a number"),
    ],
)
def test_what_is_wrong_with_a_price_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        price_from_config({**WHOLE, **change})


def test_a_price_without_an_input_rate_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="input_mtok is missing"):
        price_from_config({"output_mtok": "1"})
    assert price_from_config({"plan": "local"}).input_mtok is None


def test_a_configured_price_replaces_the_catalogues_keys_and_keeps_the_others() -> None:
    price = price_over(price_from_config(WHOLE), {"output_mtok": "12"})
    assert (price.input_mtok, price.output_mtok) == (Decimal(3), Decimal(12))
    assert price.table.rates.cache_read_mtok == Decimal("0.30")
    assert price.version is None


def test_a_dearer_table_without_a_cache_rate_does_not_keep_the_cheap_one() -> None:
    base = Rates(input_mtok=Decimal(2), output_mtok=Decimal(8), cache_read_mtok=Decimal("0.2"))
    assert Rates(input_mtok=Decimal(4)).over(base).cache_read_mtok is None
    assert Rates(input_mtok=Decimal(1)).over(base).cache_read_mtok == Decimal("0.2")
    assert Rates(output_mtok=Decimal(1)).over(base).cache_read_mtok == Decimal("0.2")


@pytest.mark.parametrize(
    ("tokens", "exclusive", "inclusive"),
    [(199_999, False, False), (200_000, False, True), (200_001, True, True)],
)
def test_a_threshold_is_exclusive_above_and_inclusive_from(
    tokens: int, exclusive: bool, inclusive: bool
) -> None:
    def reached(key: str) -> bool:
        price = price_from_config({"input_mtok": "1", "tiers": [{key: 200_000, "input_mtok": "2"}]})
        return price.table.at(tokens).input_mtok == 2

    assert reached("above_input_tokens") is exclusive
    assert reached("from_input_tokens") is inclusive


def test_tiers_are_ordered_by_threshold_however_they_are_written() -> None:
    steps = [{"above_input_tokens": n, "input_mtok": str(n)} for n in (128_000, 32_000)]
    price = price_from_config({"input_mtok": "1", "tiers": steps})
    assert [price.table.at(tokens).input_mtok for tokens in (1, 32_001, 128_001)] == [1, 32_000, 128_000]


MINUTE = 60_000


@pytest.mark.parametrize(
    ("minutes", "holds"),
    [(22 * 60 - 1, False), (22 * 60, True), (30 * 60 + 29, True), (30 * 60 + 30, False), (-1, False)],
)
def test_hours_past_midnight_belong_to_the_day_they_began_on(minutes: int, holds: bool) -> None:
    hours = Hours(frozenset({5}), 22 * 60, 6 * 60 + 30, Rates())
    assert hours.hold(FRIDAY + minutes * MINUTE) is holds


@given(st.integers(0, 4_000_000_000_000))
def test_every_moment_is_in_exactly_one_of_two_halves_of_a_day(when_ms: int) -> None:
    all_days = frozenset(range(1, 8))
    night, day = Hours(all_days, 990, 30, Rates()), Hours(all_days, 30, 990, Rates())
    assert night.hold(when_ms) is not day.hold(when_ms)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("claude-sonnet-4.5", ("claude-sonnet-4-5",)),
        ("claude-sonnet-4-5-20250929", ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5")),
        ("gpt-4o-2024-08-06", ("gpt-4o-2024-08-06", "gpt-4o")),
        ("gpt-4o-audio-preview", ("gpt-4o-audio-preview",)),
        ("mistral-large-2512", ("mistral-large-2512",)),
    ],
)
def test_a_model_is_known_by_its_name_and_by_that_without_a_date(name: str, keys: tuple[str, ...]) -> None:
    assert model_keys(name) == keys


def test_another_model_that_served_is_found_by_any_spelling() -> None:
    price = price_from_config(WHOLE)
    for name in ("other-4.5", "other-4-5", "Other-4-5-20260101"):
        found = price.of(name)
        assert isinstance(found, Price)
        assert found.input_mtok == 1
    assert price.of("other") is None
    assert price.of(None) is None
