"""The weighted score: its formula, its inputs, and that no input leads it astray."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.records.spend import DeploymentStats
from router.core.routing.scoring import cost_term, health_term, score
from router.core.settings.policy import USUAL_WEIGHTS, Weights

part = st.floats(0, 1)


@pytest.mark.parametrize(
    ("pressure", "total"),
    [(0.0, 0.3 * 0.5 + 0.4 * 0.8 + 0.3 * 0.9), (0.5, 0.5 * 0.5 + 0.2 * 0.8 + 0.27), (1.0, 0.7 * 0.5 + 0.27)],
)
def test_weight_moves_from_quality_to_cost_as_the_budget_is_used_up(pressure: float, total: float) -> None:
    made = score(USUAL_WEIGHTS, cost=0.5, quality=0.8, health=0.9, pressure=pressure)
    assert made.total == pytest.approx(total)
    assert (made.cost, made.quality, made.health, made.pressure) == (0.5, 0.8, 0.9, pressure)


@given(part, part, part, part)
def test_with_the_usual_weights_a_score_lies_between_0_and_1(c: float, q: float, h: float, p: float) -> None:
    assert -1e-9 <= score(USUAL_WEIGHTS, cost=c, quality=q, health=h, pressure=p).total <= 1 + 1e-9


@given(part, part, part, part)
def test_with_the_budget_used_up_quality_counts_for_nothing(
    c: float, q: float, other: float, h: float
) -> None:
    one = score(USUAL_WEIGHTS, cost=c, quality=q, health=h, pressure=1.0)
    two = score(USUAL_WEIGHTS, cost=c, quality=other, health=h, pressure=1.0)
    assert one.total == pytest.approx(two.total)


def test_an_unknown_price_earns_nothing_and_stays_unknown() -> None:
    unknown = score(Weights(), cost=None, quality=0.5, health=1.0, pressure=0.0)
    assert unknown.cost is None
    assert unknown.total == score(Weights(), cost=0.0, quality=0.5, health=1.0, pressure=0.0).total


@pytest.mark.parametrize(
    ("estimate", "ceiling", "term"),
    [
        pytest.param(None, 140_000_000, None, id="unknown"),
        pytest.param(0, 140_000_000, 1.0, id="nothing"),
        pytest.param(0, 0, 1.0, id="nothing under a ceiling of nothing"),
        pytest.param(1, 0, 0.0, id="something under a ceiling of nothing"),
        pytest.param(35_000, 140_000_000, 0.75, id="a quarter of the ceiling"),
        pytest.param(140_000, 140_000_000, 0.0, id="the ceiling"),
        pytest.param(999_999, 140_000_000, 0.0, id="above it, never below 0"),
    ],
)
def test_the_cost_term_measures_a_thousand_requests_against_the_ceiling(
    estimate: int | None, ceiling: int, term: float | None
) -> None:
    assert cost_term(estimate, ceiling) == term


def test_what_was_never_tried_is_taken_for_healthy() -> None:
    assert health_term(None, None) == 1.0
    assert health_term(DeploymentStats(100, 0, 500), 1.0) == 1.0


@pytest.mark.parametrize(
    ("stats", "left", "health"),
    [
        (DeploymentStats(9, 5), None, 0.5),
        (DeploymentStats(9, 0, 4000), None, 0.875),
        (None, 0.2, 0.8),
        (DeploymentStats(9, 5, 4000), 0.0, 0.3125),
    ],
)
def test_failures_slowness_and_used_limits_take_from_health(
    stats: DeploymentStats | None, left: float | None, health: float
) -> None:
    assert health_term(stats, left) == pytest.approx(health)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 10**6), part)
def test_health_lies_between_0_and_1_and_falls_with_failures(
    attempts: int, failures: int, ttft: int, left: float
) -> None:
    failures = min(failures, attempts)
    health = health_term(DeploymentStats(attempts, failures, ttft), left)
    assert 0 <= health <= 1
    assert health <= health_term(DeploymentStats(attempts, 0, ttft), left)
