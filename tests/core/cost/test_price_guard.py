from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.price_guard import Sanity, check_price

CASES = json.loads((Path(__file__).parents[2] / "data" / "price_sanity.json").read_text())
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["input_mtok", "tiers", "batch", "plan", "by_model"]), inner)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(["input_mtok", "output_mtok", "tiers", "batch"]), anything)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_configured_price_is_judged_as_the_case_says(case: dict[str, object]) -> None:
    config, reference = case["config_price"], case["reference_price"]
    assert isinstance(config, dict)
    verdict = check_price(config, reference if isinstance(reference, dict) else None)
    assert verdict.sanity.value == case["expected"], verdict
    if "expected_fields" in case:
        assert list(verdict.fields) == case["expected_fields"]
    assert verdict.why


@given(objects, st.none() | objects)
def test_nothing_that_json_can_hold_makes_the_guard_fail(
    written: dict[str, object], reference: dict[str, object] | None
) -> None:
    verdict = check_price(written, reference)
    assert bool(verdict.fields) == (verdict.sanity in {Sanity.FLAG, Sanity.REJECT})


def test_absurd_exponents_are_rejected_and_not_printed_in_full() -> None:
    verdict = check_price({"input_mtok": "1E+999999", "output_mtok": "1"}, {"input_mtok": "1E-999999"})
    assert verdict.sanity is Sanity.REJECT
    assert len(verdict.why) < 100


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_rate_passes_exactly_within_its_bounds(configured: int, usual: int) -> None:
    verdict = check_price({"input_mtok": f"{configured}"}, {"input_mtok": f"{usual}"})
    assert (verdict.sanity is Sanity.ACCEPT) == (3 * usual <= 10 * configured <= 30 * usual)
