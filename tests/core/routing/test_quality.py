"""Quality: the configuration's word, the kind of work it is about, and how observations move it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.records.answers import Evidence
from router.core.routing.facts import PRIOR_COUNT, quality
from router.core.settings.deployments import QualityPriors, Work

PRIORS = QualityPriors(0.7, {Work("summarize", "ja"): 0.4, Work("summarize"): 0.8, Work(None, "ja"): 0.5})
counts = st.integers(0, 50)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    ratings = draw(counts)
    stars = draw(st.integers(ratings, 5 * ratings))
    return Evidence(ratings, stars, draw(counts), draw(counts), draw(counts), draw(counts))


@pytest.mark.parametrize(
    ("work", "prior"),
    [
        (Work("summarize", "ja"), 0.4),
        (Work("summarize", "de"), 0.8),
        (Work("summarize"), 0.8),
        (Work("extract", "ja"), 0.5),
        (Work("extract", "en"), 0.7),
        (Work(), 0.7),
    ],
)
def test_the_most_particular_word_counts(work: Work, prior: float) -> None:
    assert PRIORS.at(work) == prior


def test_where_nobody_says_anything_it_is_neither_good_nor_bad() -> None:
    assert QualityPriors().at(Work("extract")) == 0.5


def test_without_observations_the_configuration_is_believed() -> None:
    found = quality(0.7, Evidence())
    assert found.mean == pytest.approx(0.7)
    assert found.count == 0


@pytest.mark.parametrize(
    ("seen", "mean"),
    [
        (Evidence(checks_passed=PRIOR_COUNT), 0.75),
        (Evidence(checks_failed=PRIOR_COUNT), 0.25),
        (Evidence(escalations=PRIOR_COUNT), 0.25),
        (Evidence(ratings=PRIOR_COUNT, stars=5 * PRIOR_COUNT), 0.75),
        (Evidence(ratings=PRIOR_COUNT, stars=PRIOR_COUNT), 0.25),
        (Evidence(ratings=PRIOR_COUNT, stars=3 * PRIOR_COUNT), 0.5),
    ],
)
def test_as_many_observations_as_the_prior_weighs_move_it_half_way(seen: Evidence, mean: float) -> None:
    found = quality(0.5, seen)
    assert found.mean == pytest.approx(mean)
    assert found.count == PRIOR_COUNT


@given(st.floats(0, 1), evidence())
def test_quality_stays_between_0_and_1_and_tells_its_count(prior: float, seen: Evidence) -> None:
    found = quality(prior, seen)
    assert -1e-9 <= found.mean <= 1 + 1e-9
    assert found.count == seen.count


@given(st.floats(0, 1), evidence())
def test_a_passed_check_never_lowers_and_an_escalation_never_raises_it(prior: float, seen: Evidence) -> None:
    better = replace(seen, checks_passed=seen.checks_passed + 1)
    worse = replace(seen, escalations=seen.escalations + 1)
    doubted = quality(prior, replace(seen, doubts=seen.doubts + 1)).mean
    assert quality(prior, worse).mean - 1e-9 <= doubted <= quality(prior, seen).mean + 1e-9
    assert (
        quality(prior, worse).mean - 1e-9 <= quality(prior, seen).mean <= quality(prior, better).mean + 1e-9
    )


def test_a_doubt_counts_half_of_what_a_failed_check_does() -> None:
    assert quality(0.5, Evidence(doubts=2)).mean == quality(0.5, Evidence(checks_failed=1)).mean
    assert quality(0.5, Evidence(doubts=2)).count == 2
