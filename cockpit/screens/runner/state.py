"""One prompt on its way, as a value: what the runner shows of it beside the answer's text.

`apply` is a pure reducer over the engine's events; the moment an event arrived is an argument. The text is
not in here: it only ever grows, so it goes straight to the pane that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from router.core.money import CostSource
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import Entry, EntryStatus
from router.core.records.usage import NO_USAGE, Usage
from router.core.request import FoundPoor
from router.core.routing.selection import Plan
from router.engine.events import (
    Answer,
    AnswerChecked,
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


class RunPhase(StrEnum):
    """How far a prompt has come; the words stand on screen."""

    IDLE = "ready"
    WAITING = "waiting"
    STREAMING = "streaming"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class StepMark(StrEnum):
    """What became of a deployment on the way."""

    SKIPPED = "skipped"
    REFUSED = "not admitted"
    TRYING = "trying"
    USED = "used"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the route's trace."""

    mark: StepMark
    tier: str
    deployment: str
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt; `record` is None while it runs."""

    n: int
    tier: str
    deployment: str
    model: str
    record: AttemptRecord | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """One prompt, from the moment it was sent."""

    phase: RunPhase = RunPhase.IDLE
    prompt: str = ""
    doing: str = ""
    """What is waited for, in the engine's words; empty when there is nothing to say."""
    request_id: str | None = None
    plan: Plan | None = None
    attempts: tuple[AttemptView, ...] = ()
    refused: tuple[Step, ...] = ()
    """Deployments that were chosen and not admitted."""
    attempt_began_s: float = 0.0
    """When the running attempt began, on the clock that never steps."""
    first_text_s: float | None = None
    """When its first content came, on the same clock."""
    pieces: int = 0
    """Pieces of content so far: about one token each, the only count there is before the wire reports one."""
    answer: Answer | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()
    """Soft budgets that its attempts passed, in the engine's words, each once."""
    rows: tuple[Entry, ...] = ()
    """The request's settled rows, where the ledger knows more than the events: after a stop."""

    @property
    def is_running(self) -> bool:
        """Whether an answer may still come."""
        return self.phase in {RunPhase.WAITING, RunPhase.STREAMING}

    @property
    def to_climb_from(self) -> FoundPoor | None:
        """The answer that one tier up may be asked about; None while there is none, or it is a kept one."""
        served = self.answer.served_by if self.answer and self.answer.error is None else None
        if self.answer is None or served is None:
            return None
        return FoundPoor(self.answer.request_id, served.tier, self.answer.text, served.deployment)

    @property
    def current(self) -> AttemptView | None:
        """The last attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def ttft_s(self) -> float | None:
        """Seconds to the first content: the engine's figure once there is one, else as seen from here."""
        record = self.current.record if self.current else None
        if record:
            return record.ttft_s
        return None if self.first_text_s is None else self.first_text_s - self.attempt_began_s

    @property
    def usage(self) -> Usage:
        """Counts of the attempt that answered."""
        if self.answer:
            return self.answer.usage
        settlement = self.rows[-1].settlement if self.rows else None
        return settlement.usage if settlement else NO_USAGE

    @property
    def cost(self) -> tuple[int | None, CostSource] | None:
        """What all attempts cost together and where that is from; None while nobody can say."""
        if self.answer:
            return (self.answer.cost_nano_usd, self.answer.cost_source) if self.answer.cost_source else None
        settled = [row.settlement for row in self.rows if row.settlement]
        costs = [row.cost_nano_usd for row in settled if row.cost_nano_usd is not None]
        if not settled:
            return None
        return (
            (sum(costs), settled[-1].cost_source)
            if len(costs) == len(settled)
            else (None, CostSource.UNKNOWN)
        )

    def output_s(self, now_s: float) -> float | None:
        """Seconds that output took, from the first content on; None before it."""
        record = self.current.record if self.current else None
        if record:
            return None if record.ttft_s is None else record.duration_s - record.ttft_s
        return None if self.first_text_s is None else now_s - self.first_text_s


def start(prompt: str, now_s: float) -> RunState:
    """Return the state of a prompt that has just been sent."""
    return RunState(phase=RunPhase.WAITING, prompt=prompt, attempt_began_s=now_s)


def apply(run: RunState, event: RouteEvent, now_s: float) -> RunState:
    """Return `run` after `event`, which arrived at `now_s` seconds on the clock that never steps."""
    match event:
        case RequestStarted(request_id, plan):
            return replace(run, request_id=request_id, plan=plan)
        case AttemptStarted(n, tier, deployment, model, warnings):
            return replace(
                run,
                phase=RunPhase.WAITING,
                doing="",
                attempts=(*run.attempts, AttemptView(n, tier, deployment, model)),
                attempt_began_s=now_s,
                first_text_s=None,
                pieces=0,
                warnings=tuple(dict.fromkeys([*run.warnings, *warnings])),
            )
        case AttemptRefused(tier, deployment, reason):
            refused = Step(StepMark.REFUSED, tier, deployment, reason)
            return replace(run, refused=(*run.refused, refused))
        case AttemptWaiting(_, what):
            return replace(run, doing=what)
        case TextArrived():
            first = now_s if run.first_text_s is None else run.first_text_s
            doing = "reasoning" if event.kind == "reasoning" else ""
            return replace(
                run, phase=RunPhase.STREAMING, doing=doing, first_text_s=first, pieces=run.pieces + 1
            )
        case AttemptEnded(record):
            ended = tuple(replace(a, record=record) if a.n == record.n else a for a in run.attempts)
            return replace(run, attempts=ended, doing="")
        case AnswerChecked():
            return replace(run, doing="" if event.passed else "its answer failed a check")
        case RequestEnded(answer):
            return _end(run, answer)


def _end(run: RunState, answer: Answer) -> RunState:
    error = answer.error
    if error is None:
        return replace(run, phase=RunPhase.DONE, answer=answer, doing="")
    phase = RunPhase.STOPPED if error.failure_class is FailureClass.CANCELLED else RunPhase.FAILED
    return replace(run, phase=phase, answer=answer, doing="", error=error.message)


def stop(run: RunState) -> RunState:
    """Return `run` after the user stopped it; an ended one stays as it ended."""
    return replace(run, phase=RunPhase.STOPPED, doing="") if run.is_running else run


def fail(run: RunState, message: str) -> RunState:
    """Return `run` after the engine refused it before any event could say so."""
    return replace(run, phase=RunPhase.FAILED, doing="", error=message)


def with_rows(run: RunState, entries: Iterable[Entry]) -> RunState:
    """Return a stopped `run` with what the ledger has settled of it; any other run needs no ledger."""
    if run.phase is not RunPhase.STOPPED or run.answer or run.request_id is None:
        return run
    rows = [e for e in entries if e.intent.request_id == run.request_id and e.settlement]
    return replace(run, rows=tuple(sorted(rows, key=lambda row: row.intent.attempt)))


def trace(run: RunState) -> tuple[Step, ...]:
    """Return how the route went: who was passed over and why, who was tried, who answered."""
    candidates = run.plan.candidates if run.plan else ()
    skipped = [Step(StepMark.SKIPPED, c.tier, c.deployment, c.reason) for c in candidates if not c.eligible]
    return (*skipped, *run.refused, *(_step(run, attempt) for attempt in run.attempts))


def _step(run: RunState, attempt: AttemptView) -> Step:
    record = attempt.record
    if record is None:
        mark = StepMark.TRYING if run.is_running else StepMark.STOPPED
        return Step(mark, attempt.tier, attempt.deployment, run.doing if run.is_running else "by you")
    if record.outcome is EntryStatus.OK:
        return Step(
            StepMark.USED,
            attempt.tier,
            attempt.deployment,
            "" if record.finish_reason == "stop" else record.finish_reason or "",
        )
    status = f"{record.http_status} " if record.http_status else ""
    reason = f"{status}{record.failure_class}: {record.evidence}"
    mark = StepMark.STOPPED if record.outcome is EntryStatus.CANCELLED else StepMark.FAILED
    return Step(mark, attempt.tier, attempt.deployment, reason)
