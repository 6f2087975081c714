"""The middles of labelled asks: what lies nearest, when nothing is said, and vectors that are none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.classify.centroids import Centroid, Centroids, fitted, nearest, unit
from router.core.classify.tasks import Classification

BUILT_IN = Classification("chat", "L1", "ja", 0.4, True, "no task is sure enough")
THREE = Centroids(
    "m",
    (
        Centroid("extract", "L1", (1.0, 0.0)),
        Centroid("code_gen", "L2", (0.0, 1.0)),
        Centroid("code_gen", "L3", (-0.6, 0.8)),
    ),
)


def test_an_ask_is_what_it_lies_nearest_to_in_the_language_that_was_found() -> None:
    found = nearest((9.0, 1.0), THREE, 0.02, BUILT_IN)
    assert (found.task, found.level, found.language, found.abstained) == ("extract", "L1", "ja", False)
    assert found.confidence == pytest.approx(9 / math.sqrt(82), abs=1e-4)
    assert found.reason == "nearest by m, 0.883 before code_gen"


def test_levels_of_one_task_do_not_make_it_unsure_and_another_task_as_near_does() -> None:
    between_levels = nearest((-0.3, 0.9), THREE, 0.5, BUILT_IN)
    assert (between_levels.task, between_levels.abstained) == ("code_gen", False)
    between_tasks = nearest((1.0, 1.01), THREE, 0.02, BUILT_IN)
    assert (between_tasks.task, between_tasks.abstained) == ("code_gen", True)
    assert "less than 0.02" in between_tasks.reason
    assert not nearest((1.0, 1.01), THREE, 0.005, BUILT_IN).abstained


@pytest.mark.parametrize("vector", [(0.0, 0.0), (1.0,), (math.nan, 1.0), (math.inf, 1.0), ()])
def test_what_is_no_vector_of_the_model_leaves_the_built_in_classifier_its_word(
    vector: tuple[float, ...],
) -> None:
    found = nearest(vector, THREE, 0.02, BUILT_IN)
    assert (found.task, found.confidence, found.abstained) == ("chat", 0.4, True)
    assert found.reason.endswith("; the embedding is not one of m")


def test_middles_are_those_of_directions_one_for_each_task_and_level() -> None:
    made = fitted("m", [("a", "L1", (9.0, 0.0)), ("a", "L1", (0.0, 2.0)), ("a", "L2", (0.0, 3.0))])
    half = math.sqrt(0.5)
    assert [(m.task, m.level) for m in made.middles] == [("a", "L1"), ("a", "L2")]
    assert made.middles[0].vector == pytest.approx((half, half))
    assert made.dimension == 2


@pytest.mark.parametrize(
    "asks", [[], [("a", "L1", (0.0, 0.0))], [("a", "L1", (1.0,)), ("b", "L1", (1.0, 0.0))]]
)
def test_vectors_of_no_length_or_of_several_are_refused(
    asks: list[tuple[str, str, tuple[float, ...]]],
) -> None:
    with pytest.raises(ValueError, match="m gave no vectors of one length"):
        fitted("m", asks)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_a_unit_vector_has_length_one_or_there_is_none(values: list[float]) -> None:
    made = unit(values)
    assert made is None or math.sqrt(sum(v * v for v in made)) == pytest.approx(1)
