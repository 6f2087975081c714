from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.figures import Figures, add, by_midnight, reasons
from cockpit.screens.runner.state import (
    RunPhase,
    RunState,
    StepMark,
    apply,
    fail,
    start,
    stop,
    trace,
    with_rows,
)
from router.core.money import CostSource
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.records.spend import Spend, Window
from router.core.records.usage import Usage
from router.core.routing.selection import Candidate, Plan
from router.engine.events import (
    Answer,
    AnswerError,
    AttemptEnded,
    AttemptRecord,
    AttemptRefused,
    AttemptStarted,
    AttemptWaiting,
    RequestEnded,
    RequestStarted,
    RouteEvent,
    TextArrived,
)
from tests.attempts import attempt_record

PLAN = Plan(
    "auto",
    None,
    None,
    None,
    (Candidate("smollm", "T1", True, "first"), Candidate("gemini", "T0", False, "set GEMINI_API_KEY")),
)
RECORD = attempt_record(
    n=1,
    tier="T1",
    deployment="smollm",
    provider="embedded",
    model="SmolLM2",
    usage=Usage(input_tokens=9, output_tokens=240),
    cost_source=CostSource.LOCAL,
    ttft_s=0.4,
    duration_s=2.5,
)
FAILED = attempt_record(
    n=1,
    tier="T1",
    deployment="smollm",
    provider="embedded",
    model="SmolLM2",
    outcome=EntryStatus.FAILED,
    failure_class=FailureClass.QUOTA_UNTIL_TIME,
    http_status=429,
    usage=Usage(input_tokens=9, output_tokens=240),
    cost_nano_usd=None,
    cost_source=CostSource.LOCAL,
    ttft_s=0.4,
    duration_s=2.5,
    evidence="retry-after 58",
)


def answer(*attempts: AttemptRecord, error: AnswerError | None = None) -> Answer:
    return Answer("r1", "text", "auto", None, None, attempts, 0, "because", error)


def after(*events: tuple[RouteEvent, float]) -> RunState:
    run = start("hello", 10.0)
    for event, now_s in events:
        run = apply(run, event, now_s)
    return run


STREAMING = (
    (RequestStarted("r1", PLAN), 10.0),
    (AttemptStarted(1, "T1", "smollm", "SmolLM2"), 10.1),
    (TextArrived(1, "a", "text", b""), 10.5),
    (TextArrived(1, "b", "text", b""), 10.7),
)


def test_a_deployment_that_was_not_admitted_stands_in_the_trace_before_who_was_asked_instead() -> None:
    refused = AttemptRefused("T0", "gemma", "its limit of 9 requests a minute is used up")
    steps = trace(after((RequestStarted("r1", PLAN), 10.0), (refused, 10.0), *STREAMING[1:]))
    assert [(step.mark, step.deployment) for step in steps] == [
        (StepMark.SKIPPED, "gemini"),
        (StepMark.REFUSED, "gemma"),
        (StepMark.TRYING, "smollm"),
    ]
    assert steps[1].reason == refused.reason


def test_a_prompt_waits_until_its_first_text_and_then_streams() -> None:
    assert after().phase is RunPhase.WAITING
    assert after(*STREAMING[:2]).phase is RunPhase.WAITING
    run = after(*STREAMING)
    assert (run.phase, run.pieces, run.request_id) == (RunPhase.STREAMING, 2, "r1")
    assert run.ttft_s == pytest.approx(0.4)
    assert run.output_s(11.5) == pytest.approx(1.0)


def test_what_is_waited_for_is_told_in_the_engines_words() -> None:
    run = after(*STREAMING[:2], (AttemptWaiting(1, "starting the embedded model"), 10.2))
    assert (run.phase, run.doing) == (RunPhase.WAITING, "starting the embedded model")
    assert apply(run, TextArrived(1, "x", "text", b""), 11.0).doing == ""


def test_reasoning_is_told_and_not_taken_for_the_answer() -> None:
    assert after(*STREAMING[:2], (TextArrived(1, "hm", "reasoning", b""), 10.5)).doing == "reasoning"


def test_an_answered_prompt_takes_the_engines_figures() -> None:
    run = after(*STREAMING, (AttemptEnded(RECORD), 12.6), (RequestEnded(answer(RECORD)), 12.6))
    assert run.phase is RunPhase.DONE
    assert run.usage.output_tokens == 240
    assert run.cost == (0, CostSource.LOCAL)
    assert run.ttft_s == 0.4
    assert run.output_s(99.0) == pytest.approx(2.1)


def test_a_second_attempt_starts_its_figures_anew() -> None:
    run = after(*STREAMING, (AttemptEnded(FAILED), 11.0), (AttemptStarted(2, "T3", "paid", "big"), 11.1))
    assert (run.phase, run.pieces, run.ttft_s, run.output_s(12.0)) == (RunPhase.WAITING, 0, None, None)


def test_an_unknown_cost_of_any_attempt_makes_the_whole_unknown() -> None:
    run = after((RequestEnded(answer(FAILED, attempt_record(2, "T1", "smollm"))), 12.0))
    assert run.cost == (None, CostSource.UNKNOWN)


@pytest.mark.parametrize(
    ("failure_class", "phase"),
    [(FailureClass.QUOTA_UNTIL_TIME, RunPhase.FAILED), (FailureClass.CANCELLED, RunPhase.STOPPED)],
)
def test_no_answer_is_a_failure_unless_it_was_stopped(failure_class: FailureClass, phase: RunPhase) -> None:
    run = after((RequestEnded(answer(error=AnswerError(failure_class, "nobody left"))), 12.0))
    assert (run.phase, run.error) == (phase, "nobody left")


@given(st.lists(st.sampled_from([event for event, _ in STREAMING]), max_size=8))
def test_stopping_ends_whatever_runs_and_nothing_that_has_ended(events: list[RouteEvent]) -> None:
    run = after(*((event, 11.0) for event in events))
    assert stop(run).phase is RunPhase.STOPPED
    done = apply(run, RequestEnded(answer(RECORD)), 12.0)
    assert stop(done) == done
    assert fail(run, "no such route").error == "no such route"


def test_the_trace_tells_who_was_passed_over_who_failed_and_who_answered() -> None:
    run = after(
        (RequestStarted("r1", PLAN), 10.0),
        (AttemptStarted(1, "T1", "smollm", "m"), 10.0),
        (AttemptEnded(FAILED), 10.0),
        (AttemptStarted(2, "T3", "paid", "m"), 10.0),
        (AttemptEnded(attempt_record(2, "T3", "paid", finish_reason="length")), 11.0),
    )
    assert [(step.mark, step.deployment, step.reason) for step in trace(run)] == [
        (StepMark.SKIPPED, "gemini", "set GEMINI_API_KEY"),
        (StepMark.FAILED, "smollm", "429 quota_until_time: retry-after 58"),
        (StepMark.USED, "paid", "length"),
    ]


def test_a_stopped_attempt_is_told_as_stopped_by_the_user() -> None:
    assert [step.mark for step in trace(after(*STREAMING))] == [StepMark.SKIPPED, StepMark.TRYING]
    last = trace(stop(after(*STREAMING)))[-1]
    assert (last.mark, last.reason) == (StepMark.STOPPED, "by you")


def row(request_id: str, cost_nano: int | None, attempt: int = 1) -> Entry:
    intent = Intent(request_id, attempt, 0, "cockpit", "auto", "T1", "smollm", "embedded", "m", "local")
    settlement = Settlement(
        request_id, attempt, 1, EntryStatus.CANCELLED, usage=Usage(output_tokens=7), cost_nano_usd=cost_nano
    )
    return Entry(intent, settlement)


def test_a_stopped_prompt_learns_its_cost_from_the_ledger() -> None:
    stopped = stop(after(*STREAMING))
    assert stopped.cost is None
    found = with_rows(stopped, [row("other", 5), row("r1", 3, 2), row("r1", 4)])
    assert [entry.intent.attempt for entry in found.rows] == [1, 2]
    assert found.cost == (7, CostSource.UNKNOWN)
    assert found.usage.output_tokens == 7
    assert with_rows(stopped, [row("r1", None), row("r1", 4, 2)]).cost == (None, CostSource.UNKNOWN)


def test_a_running_prompt_does_not_ask_the_ledger() -> None:
    running = after(*STREAMING)
    assert with_rows(running, [row("r1", 3)]) is running


HOUR = 3_600_000
DAY = Window(0, 24 * HOUR)


@pytest.mark.parametrize(
    ("now_ms", "spent", "expected"),
    [
        (12 * HOUR, 300, 600),
        (6 * HOUR, 300, 1200),
        (HOUR - 1, 300, None),
        (24 * HOUR, 300, 300),
        (HOUR, 0, 0),
    ],
)
def test_the_pace_is_todays_spend_over_the_part_of_the_day_that_has_gone(
    now_ms: int, spent: int, expected: int | None
) -> None:
    assert by_midnight(Figures(days=((DAY, Spend(cost_nano_usd=spent)),)), now_ms) == expected


def test_nothing_read_has_no_pace_and_no_spend() -> None:
    assert by_midnight(Figures(), 5) is None
    assert Figures().today == Spend()
    assert Figures().total.cost_nano_usd == 0


def test_sums_are_added_with_what_they_leave_out() -> None:
    one = Spend(5, 1, 2, 3, Usage(input_tokens=10, output_tokens=4))
    total = add([one, Spend(), one])
    assert (total.cost_nano_usd, total.unknown_cost_attempts, total.requests, total.attempts) == (10, 2, 4, 6)
    assert (total.usage.input_tokens, total.usage.output_tokens) == (20, 8)


@pytest.mark.parametrize("stored", [None, "", "{", "[]", '{"candidates": 3}', '{"candidates": ["x"]}', '"x"'])
def test_a_decision_that_cannot_be_read_has_no_reasons(stored: str | None) -> None:
    assert reasons(stored) == ()


def test_a_stored_decision_gives_its_reasons_back() -> None:
    first = '{"deployment":"a","eligible":true,"reason":"first"}'
    second = '{"deployment":"b","reason":"no key"}'
    found = reasons(f'{{"candidates":[{first},{second}]}}')
    assert found == (("a", True, "first"), ("b", False, "no key"))
