"""The engine in hidden trouble: 200 seeded worlds in virtual time, and one night that really happened."""

from __future__ import annotations

import pytest

from tests.simulation.night import Night, run_night
from tests.simulation.world import simulate

WORLDS = 200
"""`make sim SEEDS=10000` runs more."""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, WORLDS, 50))
def test_every_promise_is_kept_in_every_world(first: int) -> None:
    for seed in range(first, first + 50):
        outcome = simulate(seed)
        assert outcome.broken == (), f"replay with: python -m tests.simulation --seed {seed}"


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_any_seed_replays_exactly(seed: int) -> None:
    assert simulate(seed) == simulate(seed)


@pytest.fixture(scope="module")
def night() -> Night:
    return run_night()


@pytest.mark.slow
def test_in_the_night_of_10_december_nothing_is_lost_without_an_answer(night: Night) -> None:
    assert night.asked == len(night.answered_s) + len(night.refused_s)
    assert night.open_rows == 0


@pytest.mark.slow
def test_in_that_night_the_dearest_tier_gets_no_more_than_its_declared_share(night: Night) -> None:
    assert 0 < night.dearest_at_once <= night.dearest_share


@pytest.mark.slow
def test_in_that_night_who_is_refused_is_told_within_a_second(night: Night) -> None:
    refused = sorted(night.refused_s)
    assert refused
    assert refused[int(len(refused) * 0.99)] < 1.0
