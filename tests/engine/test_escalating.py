"""Checks and the climb while a request runs, over events as an engine gives them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

from router.core.checks.judge import CommandResult
from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.records.diagnosis import Diagnosis
from router.core.records.entries import EntryStatus
from router.core.request import Request
from router.core.retry.fallback import Answered, GiveUp, PastAttempt, RequestStanding, Try
from router.core.routing.selection import Candidate, Plan
from router.core.settings.checks import Check, CheckCommand, CheckKind
from router.core.settings.routes import Climb, Route
from router.engine.escalating import Escalating
from router.engine.events import (
    Answer,
    AnswerChecked,
    AnswerError,
    AttemptEnded,
    AttemptRecord,
    AttemptStarted,
    RouteEvent,
    TextArrived,
)
from tests.attempts import attempt_record
from tests.configs import small_config

CONFIG = small_config()
JSON = Check("json", CheckKind.JSON)
LINT = Check("lint", CheckKind.COMMAND, command=CheckCommand(("lint",)))
ASK = Request((Message("user", "Cities as JSON?"),))
LIMITED = Exchange("x", status=429)
WHOLE = Exchange("x", status=200, content_seen=True, finish_reason="stop")
BAD, GOOD = (
    (TextArrived(0, "Par", "text", b""), TextArrived(0, "is", "text", b"")),
    (TextArrived(0, "[]", "text", b""),),
)


class Reading:
    """A `CheckRunner` that says what it was told to, and keeps what it was given."""

    def __init__(self, says: Mapping[str, CommandResult]) -> None:
        self.says = says
        self.read: list[str] = []

    async def run(self, command: CheckCommand, answer: str) -> CommandResult:
        """Answer from the table."""
        self.read.append(answer)
        return self.says[answer]


class Run:
    """One request over scripted attempts, as the engine drives them."""

    def __init__(
        self, checks: tuple[Check, ...] = (JSON,), runner: Reading | None = None, climb: bool = True
    ) -> None:
        route = Route("auto", ("free", "local", "paid"), climb=Climb(free_to_paid=climb), checks=checks)
        self.answers = Escalating(route, CONFIG, runner)
        self.past: list[PastAttempt] = []
        self.events: list[RouteEvent] = []
        self.asked: list[str] = []
        self.sent: list[Request] = []

    async def go(self, attempts: Mapping[str, tuple[Exchange, tuple[TextArrived, ...]]]) -> Answer:
        """Drive the request to its end and return its answer."""
        request = ASK
        while True:
            impatient = RequestStanding(may_wait=False)
            step = self.answers.step(self._plan(), self.past, left_s=60, standing=impatient)
            if not isinstance(step, Try):
                break
            name = step.deployment
            self.asked.append(name)
            self.sent.append(request)
            exchange, pieces = attempts[name]
            diagnosis = classify(exchange, 0)
            self.past.append(PastAttempt(name, diagnosis))
            stream = attempt(len(self.past), name, pieces, record(len(self.past), name, exchange, diagnosis))
            self.events += [event async for event in self.answers.watch(stream)]
            request = self.answers.carrying(ASK)
        self.events += self.answers.release()
        assert isinstance(step, Answered | GiveUp)
        error = AnswerError(step.failure_class, step.message) if isinstance(step, GiveUp) else None
        records = tuple(event.record for event in self.events if isinstance(event, AttemptEnded))
        return self.answers.finished(Answer("r1", "", "auto", None, None, records, None, "route auto", error))

    def _plan(self) -> Plan:
        everyone = [
            Candidate(d.name, d.tier.name, True, "in", bound_nano_usd=1) for d in CONFIG.deployments.values()
        ]
        return Plan("auto", None, None, None, tuple(everyone))

    @property
    def text(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, TextArrived)]

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


async def attempt(
    n: int, name: str, pieces: tuple[TextArrived, ...], ended: AttemptRecord
) -> AsyncGenerator[RouteEvent, None]:
    yield AttemptStarted(n, "T0", name, "model")
    for piece in pieces:
        yield replace(piece, n=n)
    yield AttemptEnded(ended)


def record(n: int, name: str, exchange: Exchange, diagnosis: Diagnosis) -> AttemptRecord:
    outcome = EntryStatus.OK if exchange.finish_reason else EntryStatus.FAILED
    return attempt_record(
        n,
        "T0",
        name,
        outcome=outcome,
        failure_class=diagnosis.failure_class,
        http_status=exchange.status,
        finish_reason=exchange.finish_reason,
        evidence=diagnosis.evidence,
    )


async def test_without_checks_every_event_passes_as_it_comes() -> None:
    run = Run(checks=())
    answer = await run.go({"free": (WHOLE, BAD)})
    assert run.names == ["AttemptStarted", "TextArrived", "TextArrived", "AttemptEnded"]
    assert answer.answered_by is None
    assert answer.why == "route auto"


async def test_with_checks_content_comes_after_they_have_spoken() -> None:
    run = Run()
    answer = await run.go({"free": (WHOLE, GOOD)})
    assert run.names == ["AttemptStarted", "AttemptEnded", "AnswerChecked", "TextArrived"]
    assert (answer.text, answer.answered_by, run.asked) == ("[]", 1, ["free"])
    assert "held back for its checks; free passed" in answer.why


async def test_a_poor_answer_climbs_one_tier_carries_its_failure_and_is_never_delivered() -> None:
    run = Run()
    answer = await run.go({"free": (WHOLE, BAD), "local": (WHOLE, GOOD)})
    assert (run.asked, run.text, answer.text, answer.answered_by) == (["free", "local"], ["[]"], "[]", 2)
    assert [message.role for message in run.sent[1].messages] == ["user", "assistant", "user"]
    assert run.sent[1].messages[1].content == "Paris"
    assert "free failed json (the answer is not JSON" in answer.why
    assert "local passed" in answer.why


async def test_it_climbs_once_and_hands_over_the_answer_from_above_whatever_its_checks_say() -> None:
    run = Run()
    answer = await run.go({"free": (WHOLE, BAD), "local": (WHOLE, (TextArrived(0, "Lyon", "text", b""),))})
    assert (run.asked, answer.text, answer.error) == (["free", "local"], "Lyon", None)
    checked = [event.passed for event in run.events if isinstance(event, AnswerChecked)]
    assert checked == [False, False]


async def test_when_nobody_above_can_serve_the_poor_answer_is_what_the_caller_gets() -> None:
    run = Run()
    answer = await run.go({"free": (WHOLE, BAD), "local": (LIMITED, ())})
    assert (run.asked, run.text) == (["free", "local"], ["Par", "is"])
    assert (answer.text, answer.error, answer.answered_by) == ("Paris", None, 1)
    assert answer.served_by is not None
    assert answer.served_by.deployment == "free"
    assert "not climbed" in answer.why


async def test_an_empty_answer_from_above_is_no_better_than_words_from_below() -> None:
    run = Run()
    answer = await run.go({"free": (WHOLE, BAD), "local": (WHOLE, ())})
    assert (answer.text, answer.answered_by) == ("Paris", 1)


async def test_failures_before_any_answer_fall_over_as_ever() -> None:
    run = Run()
    answer = await run.go({"free": (LIMITED, ()), "local": (WHOLE, BAD), "paid": (WHOLE, GOOD)})
    assert (run.asked, answer.text, answer.answered_by) == (["free", "local", "paid"], "[]", 3)
    assert run.sent[1] == ASK
    assert len(run.sent[2].messages) == 3


async def test_a_free_answer_is_not_climbed_from_where_the_route_does_not_declare_it() -> None:
    run = Run(climb=False)
    answer = await run.go({"free": (LIMITED, ()), "local": (WHOLE, BAD)})
    assert (run.asked, answer.text) == (["free", "local"], "Paris")
    assert "free_to_paid is not declared" in answer.why


async def test_when_all_fail_there_is_an_error_and_no_text() -> None:
    run = Run()
    answer = await run.go(dict.fromkeys(("free", "local", "paid"), (LIMITED, BAD)))
    assert (answer.text, run.text) == ("", [])
    assert answer.error


async def test_a_call_of_a_tool_is_not_an_answer_and_is_not_checked() -> None:
    run = Run()
    answer = await run.go({"free": (WHOLE, (TextArrived(0, '{"name"', "tool", b""),))})
    assert run.asked == ["free"]
    assert "calls a tool and was not checked" in answer.why


async def test_programs_run_last_and_only_on_what_has_passed_the_rest() -> None:
    runner = Reading({"[]": CommandResult(0)})
    run = Run((LINT, JSON), runner)
    answer = await run.go({"free": (WHOLE, BAD), "local": (WHOLE, GOOD)})
    assert (runner.read, answer.text) == (["[]"], "[]")


async def test_what_a_program_said_goes_along_to_the_next_one() -> None:
    runner = Reading({"Paris": CommandResult(1, "line 1: no brackets"), "[]": CommandResult(0)})
    run = Run((LINT,), runner)
    await run.go({"free": (WHOLE, BAD), "local": (WHOLE, GOOD)})
    assert "lint ended with 1:\nline 1: no brackets" in run.sent[1].messages[2].content


async def test_without_a_runner_a_program_judges_nothing_and_nothing_climbs() -> None:
    run = Run((LINT,))
    answer = await run.go({"free": (WHOLE, BAD)})
    assert (run.asked, answer.text) == (["free"], "Paris")


async def test_a_caller_that_goes_away_closes_the_attempt() -> None:
    closed: list[bool] = []

    async def endless() -> AsyncGenerator[RouteEvent, None]:
        try:
            yield AttemptStarted(1, "T0", "free", "m")
            yield BAD[0]
        finally:
            closed.append(True)

    watched = Run().answers.watch(endless())
    await anext(watched)
    await watched.aclose()
    assert closed == [True]
