"""The stress screen's state: who is chosen, what is planned, and how events move it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.screens.stress.state import (
    MOST_REQUESTS,
    StressPhase,
    StressState,
    apply,
    begun,
    ended,
    laid_out,
    more,
    next_pattern,
    toggled,
)
from router.core.records.stress import Load, LoadPattern
from router.core.settings.policy import StressDefaults
from router.core.stress.plan import RAMP_REQUESTS
from router.engine.stress_events import ShotEnded, ShotStarted, TargetWaiting
from tests.cockpit.scripted import DEPLOYMENTS
from tests.cockpit.stress_events import result, shots, told

USUAL = StressDefaults()


def planned() -> StressState:
    return laid_out(StressState(Load(requests=3)), DEPLOYMENTS)


def chosen(state: StressState) -> list[str]:
    return [view.name for view in state.targets if view.chosen]


def test_at_first_what_is_free_and_on_is_chosen_and_what_is_off_comes_last() -> None:
    state = planned()
    assert [view.name for view in state.targets] == ["smollm", "gemma-free", "deepseek", "gemini-flash"]
    assert chosen(state) == ["gemma-free"]


def test_a_choice_and_a_row_outlive_another_configuration() -> None:
    state = toggled(planned(), "smollm")
    state = ended(begun(state, 0.0), [result("smollm", "ooo")], stopped=False)
    again = laid_out(state, [replace(d, max_output_tokens=64) for d in DEPLOYMENTS if d.name != "deepseek"])
    assert chosen(again) == ["smollm", "gemma-free"]
    smollm = again.at("smollm")
    assert smollm is not None
    assert smollm.letters == "ooo"
    assert smollm.target.max_tokens == 64
    assert again.at("deepseek") is None


def test_a_target_that_goes_off_is_chosen_no_longer() -> None:
    gone = [replace(d, off="no key") if d.name == "gemma-free" else d for d in DEPLOYMENTS]
    assert chosen(laid_out(planned(), gone)) == []


def test_what_is_off_cannot_be_chosen() -> None:
    assert chosen(toggled(planned(), "gemini-flash")) == ["gemma-free"]


def test_choosing_twice_is_choosing_not_at_all() -> None:
    state = planned()
    assert toggled(toggled(state, "deepseek"), "deepseek") == state
    assert chosen(toggled(state, "deepseek")) == ["gemma-free", "deepseek"]


def test_the_plan_is_of_what_is_chosen() -> None:
    plan = toggled(planned(), "smollm").plan
    assert [target.deployment.name for target in plan.targets] == ["smollm", "gemma-free"]
    assert (plan.requests, plan.bound_nano, plan.budget_nano) == (6, 0, 0)


def test_every_pattern_comes_with_as_many_requests_as_it_usually_has() -> None:
    state, seen = planned(), []
    for _ in LoadPattern:
        state = next_pattern(state, USUAL)
        seen.append((state.load.pattern, state.load.requests))
    assert seen == [
        (LoadPattern.RAMP, RAMP_REQUESTS),
        (LoadPattern.BURST, USUAL.requests),
        (LoadPattern.PROBE, 1),
        (LoadPattern.SEQUENTIAL, USUAL.requests),
    ]


@pytest.mark.parametrize(
    ("requests", "by", "then"), [(3, 1, 4), (1, -1, 1), (MOST_REQUESTS, 1, MOST_REQUESTS)]
)
def test_requests_stay_within_what_makes_sense(requests: int, by: int, then: int) -> None:
    assert more(StressState(Load(requests=requests)), by).load.requests == then


def test_a_probe_is_one_request_whatever_is_pressed() -> None:
    probe = StressState(Load(LoadPattern.PROBE, 1))
    assert more(probe, 1) == probe


def test_letters_say_what_has_ended_what_is_under_way_and_what_is_queued() -> None:
    state = begun(planned(), 5.0)
    state = apply(state, ShotStarted("gemma-free", 1))
    state = apply(state, ShotEnded("gemma-free", shots("X")[0]))
    state = apply(state, ShotStarted("gemma-free", 2))
    letters = {view.name: view.letters for view in state.targets}
    assert letters == {"gemma-free": "X>.", "smollm": "", "deepseek": "", "gemini-flash": ""}


def test_requests_that_end_out_of_order_stand_in_order() -> None:
    state = begun(planned(), 0.0)
    one, two, three = shots("ooX")
    for shot in (three, one):
        state = apply(state, ShotEnded("gemma-free", shot))
    gemma = state.at("gemma-free")
    assert gemma is not None
    assert gemma.letters == "o.X"
    assert two.n == 2


def test_what_a_target_waits_for_is_said_until_its_next_request_starts() -> None:
    state = apply(begun(planned(), 0.0), TargetWaiting("gemma-free", "a limit frees", 3.0))
    assert [view.doing for view in state.targets if view.chosen] == ["a limit frees"]
    state = apply(state, ShotStarted("gemma-free", 1))
    assert [view.doing for view in state.targets if view.chosen] == [""]


def test_news_are_newest_first_and_end_with_the_verdict() -> None:
    state = begun(planned(), 0.0)
    for event in told("gemma-free", "oXo"):
        state = apply(state, event)
    assert len(state.news) == 4
    assert state.news[0].startswith("gemma-free: drop rate_limited")
    assert state.news[-1].startswith("gemma-free #1 o 200")


def test_news_of_a_target_that_the_configuration_no_longer_has_change_nothing() -> None:
    state = begun(laid_out(StressState(), DEPLOYMENTS[:1]), 0.0)
    assert apply(state, ShotStarted("gemma-free", 1)) == state


def test_a_new_test_forgets_the_last_one() -> None:
    state = ended(begun(planned(), 0.0), [result("gemma-free", "ooo")], stopped=False)
    assert state.phase is StressPhase.DONE
    again = begun(toggled(state, "gemma-free"), 9.0)
    assert again.news == ()
    assert {(view.planned, view.result) for view in again.targets} == {(0, None)}


@pytest.mark.parametrize(
    ("stopped", "error", "phase"),
    [
        (False, "", StressPhase.DONE),
        (True, "", StressPhase.STOPPED),
        (True, "the disk is full", StressPhase.FAILED),
    ],
)
def test_how_a_test_ended_is_said(stopped: bool, error: str, phase: StressPhase) -> None:
    state = ended(begun(planned(), 0.0), [result("gemma-free", "oS")], stopped=stopped, error=error)
    assert (state.phase, state.error, state.is_running) == (phase, error, False)
    assert [view.letters for view in state.targets if view.result] == ["oS"]
