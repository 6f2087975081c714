"""One attempt while it runs: what has arrived of it, and the row and record it becomes.

Gathers and converts; decides nothing. The engine feeds it events and asks it for its settlement.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from router.core.budget.hold import NEVER
from router.core.cost.estimate import Estimate
from router.core.cost.settling import AnswerSoFar, settled_bill
from router.core.failures.classify import cancelled, classify, internal, stopped
from router.core.failures.exchange import Exchange
from router.core.records.admission import NO_HOLD, Hold, Refusal
from router.core.records.diagnosis import Action, Diagnosis, FailureClass, LedgerOutcome
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.settings.deployments import Deployment
from router.engine.events import AttemptRecord, AttemptStarted, AttemptWaiting, TextArrived
from router.engine.ports import Answering, Clock, Content, Ended, UpstreamEvent, UsageReport, Waiting


@dataclass(slots=True)
class Attempt:
    """The state of one call to one deployment."""

    intent: Intent
    deployment: Deployment
    expected: Estimate
    clock: Clock
    until: float
    """When it must have ended, on the monotonic clock."""
    max_tokens: int | None = None
    thinking_tokens: int | None = None
    """The part of `max_tokens` that may go into thinking."""
    limit_nano: int | None = None
    """The most it may cost: the caller's limit and the climb's cap; None without either."""
    started: float | None = None
    """When it was sent, on the monotonic clock; None before."""
    refusal: Refusal | None = None
    """Why the ledger did not take its row; nothing was sent then."""
    diagnosis: Diagnosis | None = None
    """How it ended; None before, and when there was no row."""
    record: AttemptRecord | None = None
    """The same as the caller reads it."""
    warnings: tuple[str, ...] = ()
    """What its admission said of soft budgets."""
    lease_until_ms: int | None = None
    """When the probe slots end that its admission may have taken."""
    probes: bool = False
    """It is to show whether a resting deployment is back, and has not yet."""
    counted: bool = False
    """It is among the attempts that run at its deployment."""
    stream: bool = True
    """Its answer is wanted as it is written."""
    held: bool = False
    """Its content waits for checks, so that another deployment may still answer."""
    hold: Hold = NO_HOLD
    """What is held for it now; each part None where no budget counts it."""
    look_at: int = NEVER
    """At how many bytes of content to look next whether its hold still covers it."""
    stopped: Refusal | None = None
    """Why it had to stop: its hold did not cover it and no budget had more."""
    first_content: float | None = None
    usage: UsageReport | None = None
    answering: Answering | None = None
    exchange: Exchange | None = None
    text: list[str] = field(default_factory=list)
    content_bytes: int = 0
    kinds: set[str] = field(default_factory=set)
    """Which kinds of content came."""

    @property
    def ttft_s(self) -> float | None:
        """Seconds from sending to the first content; None while there is none, or all comes at once."""
        if self.first_content is None or self.started is None or not self.stream:
            return None
        return self.first_content - self.started

    @property
    def n(self) -> int:
        """Which attempt of its request it is, from 1."""
        return self.intent.attempt

    def begun(self) -> AttemptStarted:
        """Return what its caller is told once its row is written."""
        intent = self.intent
        return AttemptStarted(
            intent.attempt, intent.tier, intent.deployment, intent.model_requested, self.warnings
        )

    def outcome(self) -> Exchange:
        """Return the exchange with what only the caller's side knows: whether content was delivered."""
        exchange = self.exchange or Exchange(vendor=self.deployment.provider.vendor)
        delivered = self.first_content is not None and not self.held
        window = self.deployment.context_window
        share = self.expected.input_expected_tokens / window if window else None
        return replace(
            exchange, delivered=delivered, reasoning_only=self.kinds == {"reasoning"}, input_share=share
        )

    def take(self, event: UpstreamEvent) -> TextArrived | AttemptWaiting | None:
        """Note what an event says; return what its caller is told of it."""
        if isinstance(event, Content):
            if self.first_content is None:
                self.first_content = self.clock.monotonic()
            text, kind = event.text, event.kind
            self.kinds.add(kind)
            self.content_bytes += len(text) if text.isascii() else len(text.encode(errors="replace"))
            if kind == "text":
                self.text.append(text)
            return TextArrived(self.intent.attempt, text, kind, event.raw)
        match event:
            case UsageReport():
                if self.usage is None and self.look_at < NEVER:
                    self.look_at = 0  # its input is counted now
                self.usage = event
            case Answering():
                self.answering = event
            case Ended():
                self.exchange = event.exchange
            case Waiting():
                return AttemptWaiting(self.intent.attempt, event.what)
        return None

    def arrived(self) -> AnswerSoFar:
        """Return how far its answer has come."""
        return AnswerSoFar(
            deployment=self.deployment,
            expected=self.expected,
            received_bytes=self.content_bytes,
            when_ms=self.clock.now_ms(),
            reading=self.usage.reading if self.usage else None,
            model_served=self.usage.model_served if self.usage else None,
        )

    def judged(self) -> Diagnosis:
        """Return the diagnosis of an attempt that ran to its end, or that had to stop."""
        if self.stopped is not None:
            return stopped(self.stopped.reason)
        return classify(self.outcome(), self.clock.now_ms())

    def status(self, diagnosis: Diagnosis) -> EntryStatus:
        """Return how the row ends: `truncated` when content came and the answer never said it was whole."""
        if self.stopped:
            return EntryStatus.TRUNCATED
        if diagnosis.failure_class is FailureClass.CANCELLED:
            return EntryStatus.CANCELLED
        if diagnosis.failure_class is FailureClass.OK:
            return EntryStatus.OK
        if diagnosis.action is Action.RETURN_TO_CALLER and self.exchange and self.exchange.finish_reason:
            return EntryStatus.OK
        if self.first_content is not None:
            return EntryStatus.TRUNCATED
        return EntryStatus.FAILED

    def cancelled(self) -> Diagnosis:
        """Return the diagnosis of an attempt whose caller went away, by how far it had come."""
        if self.started is None:
            outcome = LedgerOutcome.VOID
        elif self.answering is None:
            outcome = LedgerOutcome.UNKNOWN
        else:
            outcome = LedgerOutcome.SETTLE_ESTIMATED
        return replace(cancelled(), ledger=outcome)

    def failed_inside(self, bug: Exception) -> Diagnosis:
        """Return the diagnosis of an attempt in which we ourselves failed."""
        delivered = self.first_content is not None and not self.held
        return internal(type(bug).__name__, sent=self.started is not None, delivered=delivered)

    def finish(self, diagnosis: Diagnosis) -> Settlement:
        """Return the row's second half."""
        now, reading = self.clock.monotonic(), self.usage.reading if self.usage else None
        started = now if self.started is None else self.started
        arrived = self.arrived()
        held = self.intent.held_nano_usd if self.hold.bound_nano is None else self.hold.bound_nano
        whole = self.exchange is not None and (self.exchange.finish_reason is not None or self.exchange.done)
        bill = settled_bill(arrived, diagnosis.ledger, held, whole=whole)
        return Settlement(
            request_id=self.intent.request_id,
            attempt=self.n,
            settled_at=self.clock.now_ms(),
            status=self.status(diagnosis),
            failure_class=diagnosis.failure_class.value,
            http_status=self.answering.status if self.answering else None,
            usage=bill.usage,
            usage_source=bill.usage_source,
            usage_raw_json=reading.raw_json if reading else None,
            cost_nano_usd=bill.cost_nano,
            cost_source=bill.source,
            budget_nano_usd=bill.budget_nano,
            settled_estimate_nano_usd=bill.estimate_nano,
            list_cost_nano_usd=bill.list_nano,
            model_served=arrived.model_served,
            provider_request_id=self.answering.provider_request_id if self.answering else None,
            service_tier=reading.service_tier if reading else None,
            ttft_ms=None if self.ttft_s is None else round(self.ttft_s * 1000),
            duration_ms=round((now - started) * 1000),
            finish_reason=self.exchange.finish_reason if self.exchange else None,
        )
