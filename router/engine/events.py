"""What the engine tells its caller while a request runs: frozen values, in order, `RequestEnded` last."""

from __future__ import annotations

from router.core.money import CostSource
from router.core.records.answers import CachedResponse, CheckVerdict
from router.core.records.diagnosis import Diagnosis, FailureClass
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.usage import NO_USAGE, Usage
from router.core.routing.selection import Plan, Selection
from router.core.value import dataclass


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt, finished: both halves of its ledger entry, and the judgement of its end."""

    intent: Intent
    settlement: Settlement
    diagnosis: Diagnosis

    @property
    def n(self) -> int:
        """Which attempt of its request it is, from 1."""
        return self.intent.attempt

    @property
    def tier(self) -> str:
        """Where its deployment stands."""
        return self.intent.tier

    @property
    def deployment(self) -> str:
        """Who was asked."""
        return self.intent.deployment

    @property
    def provider(self) -> str:
        """Whose deployment that is."""
        return self.intent.provider

    @property
    def model(self) -> str:
        """The model that answered, as far as it said so; else the one that was asked."""
        return self.settlement.model_served or self.intent.model_requested

    @property
    def outcome(self) -> EntryStatus:
        """How its row ends."""
        return self.settlement.status

    @property
    def failure_class(self) -> FailureClass:
        """What kind of end it was."""
        return self.diagnosis.failure_class

    @property
    def http_status(self) -> int | None:
        """None where no head arrived."""
        return self.settlement.http_status

    @property
    def usage(self) -> Usage:
        """The counts."""
        return self.settlement.usage

    @property
    def cost_nano_usd(self) -> int | None:
        """What it cost; None when unknown."""
        return self.settlement.cost_nano_usd

    @property
    def cost_source(self) -> CostSource:
        """Where that figure comes from."""
        return self.settlement.cost_source

    @property
    def ttft_s(self) -> float | None:
        """Seconds to the first content; None where nobody saw a first."""
        return None if self.settlement.ttft_ms is None else self.settlement.ttft_ms / 1000

    @property
    def duration_s(self) -> float:
        """Seconds to the end."""
        return (self.settlement.duration_ms or 0) / 1000

    @property
    def finish_reason(self) -> str | None:
        """As the wire spelled it."""
        return self.settlement.finish_reason

    @property
    def evidence(self) -> str:
        """Why it was judged so."""
        return self.diagnosis.evidence

    @property
    def reasoning_alone(self) -> bool:
        """Whether the answer is whole and holds no word but reasoning."""
        return self.diagnosis.reasoning_alone


@dataclass(frozen=True, slots=True)
class AnswerError:
    """Why there is no answer."""

    failure_class: FailureClass
    message: str
    retry_after_s: float | None = None
    """When the soonest deployment comes back, where that is known."""
    over_budget: bool = False
    """Money alone was in the way: a budget, a cap or a guard."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole of a request once it is over; `error` is None when it was answered."""

    request_id: str
    text: str
    route: str
    task: str | None
    level: str | None
    attempts: tuple[AttemptRecord, ...]
    estimate_nano_usd: int | None
    why: str
    error: AnswerError | None = None
    answered_by: int | None = None
    """The attempt whose text it is, where that need not be the last: a climb may fail after a poor answer."""
    kept: CachedResponse | None = None
    """Nobody could serve: this is what exactly this request was answered before."""

    @property
    def cached(self) -> bool:
        """Whether the text is an answer from before."""
        return self.kept is not None

    @property
    def served_by(self) -> AttemptRecord | None:
        """The attempt whose text the caller got: the last one unless another is named, if any was made."""
        if self.cached:
            return None
        named = (attempt for attempt in self.attempts if attempt.n == self.answered_by)
        return next(named, self.attempts[-1] if self.attempts else None)

    @property
    def usage(self) -> Usage:
        """The counts of the attempt that served."""
        return self.served_by.usage if self.served_by else NO_USAGE

    @property
    def cost_nano_usd(self) -> int | None:
        """What all attempts cost together; None as soon as one of them is unknown."""
        costs = [attempt.cost_nano_usd for attempt in self.attempts]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    @property
    def cost_source(self) -> CostSource | None:
        """Where the serving attempt's cost comes from, `unknown` when any attempt's is."""
        if any(attempt.cost_nano_usd is None for attempt in self.attempts):
            return CostSource.UNKNOWN
        return self.served_by.cost_source if self.served_by else None


@dataclass(frozen=True, slots=True, eq=False, match_args=False)
class RequestStarted:
    """The request has a name and a plan, which is made when somebody looks at it."""

    __match_args__ = ("request_id", "plan")
    request_id: str
    decided: Plan | Selection

    @property
    def plan(self) -> Plan:
        """Who may serve, and why not."""
        return self.decided if isinstance(self.decided, Plan) else self.decided.plan

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, RequestStarted) and self.request_id == other.request_id
        return same and isinstance(other, RequestStarted) and self.plan == other.plan

    __hash__ = None  # type: ignore[assignment]  # a value with an equality of its own


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A deployment was chosen and its row is in the ledger."""

    n: int
    tier: str
    deployment: str
    model: str
    warnings: tuple[str, ...] = ()
    """Soft budgets that it passes, in words for the user."""


@dataclass(frozen=True, slots=True)
class AttemptRefused:
    """A deployment was chosen and the ledger did not admit it: nothing is written, nothing was sent."""

    tier: str
    deployment: str
    reason: str
    """A budget, a limit, or what another process has learned since; in words for the user."""


@dataclass(frozen=True, slots=True)
class AttemptWaiting:
    """Nothing is sent yet: a model loads."""

    n: int
    what: str


@dataclass(frozen=True, slots=True)
class TextArrived:
    """A piece of the answer; after the first one no other deployment answers this request."""

    n: int
    text: str
    kind: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt is over and handed to the ledger."""

    record: AttemptRecord


@dataclass(frozen=True, slots=True)
class AnswerChecked:
    """A route's checks have judged an attempt's answer; its content comes later, or never."""

    n: int
    verdicts: tuple[CheckVerdict, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(verdict.passed for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """The last event."""

    answer: Answer


RouteEvent = (
    RequestStarted
    | AttemptStarted
    | AttemptRefused
    | AttemptWaiting
    | TextArrived
    | AttemptEnded
    | AnswerChecked
    | RequestEnded
)
