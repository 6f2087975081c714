"""The checks of one request while it runs: holds answers back, has them judged, climbs once.

A route with checks hands nothing of an answer over before its checks have spoken, so that another deployment
may still answer; a route without any is passed through untouched. What a check says and whether a poor answer
climbs is `core.checks`; what to do about failures stays with `core.retry.fallback`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from router.core.checks.judge import CommandResult, Draft, judge
from router.core.records.answers import CheckVerdict
from router.core.records.diagnosis import Action
from router.core.records.entries import EntryStatus
from router.core.request import Request
from router.core.retry.escalation import Poor, Rules, Stay, carry, escalate, one_tier_up
from router.core.retry.fallback import ANSWERED, FRESH, Decision, PastAttempt, RequestStanding, decide
from router.core.routing.selection import Plan
from router.core.settings.checks import CheckKind
from router.core.settings.config import RouterConfig
from router.core.settings.routes import Route
from router.engine.events import Answer, AnswerChecked, AttemptEnded, AttemptRecord, RouteEvent, TextArrived
from router.engine.ports import CheckRunner


@dataclass(frozen=True, slots=True)
class _Held:
    """An answer that was kept back, and what its checks said."""

    record: AttemptRecord
    pieces: tuple[TextArrived, ...]
    verdicts: tuple[CheckVerdict, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.kind == "text")

    @property
    def failures(self) -> tuple[CheckVerdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


class Escalating:
    """Stands between one request and its attempts."""

    def __init__(
        self, route: Route, config: RouterConfig, runner: CheckRunner | None, *, climbs: bool = False
    ) -> None:
        """`runner` runs checks of kind `command`; without one they judge nothing.

        `climbs` says that the request itself is a climb after a poor answer: then no check climbs further.
        """
        self._climbs = climbs
        self._route = route
        self._runner = runner
        self._rules = Rules(route.climb, config.policy, config.deployments)
        self._held: list[_Held] = []
        self._stayed: str | None = None

    def step(
        self, plan: Plan, past: Sequence[PastAttempt], left_s: float, standing: RequestStanding = FRESH
    ) -> Decision:
        """Return what comes next as `fallback.decide` does, or the climb after a poor answer."""
        poor = self._poor()
        if self._climbs:
            plan = one_tier_up(plan, [attempt.deployment for attempt in past], self._rules.deployments)
        if poor is None:
            return decide(plan, past, self._rules.policy, left_s, standing)
        found = escalate(plan, past, poor, self._rules, left_s, standing)
        if isinstance(found, Stay):
            self._stayed = found.reason
            return ANSWERED
        return found

    def is_answered(self, past: Sequence[PastAttempt]) -> bool:
        """Tell whether the last attempt is the answer, so that nothing more needs to be decided."""
        answered = bool(past) and past[-1].diagnosis.action is Action.CONTINUE
        return answered and self._poor() is None

    def carrying(self, request: Request) -> Request:
        """Return the request as the next attempt sends it: a poor answer and its faults go along."""
        poor = self._poor()
        return carry(request, self._held[0].text, poor.failures) if poor else request

    async def watch(self, attempt: AsyncGenerator[RouteEvent, None]) -> AsyncGenerator[RouteEvent, None]:
        """Pass an attempt's events on; keep its content back when the route has checks, and judge it."""
        pieces: list[TextArrived] = []
        async with aclosing(attempt) as events:
            async for event in events:
                if isinstance(event, TextArrived) and self._route.checks:
                    pieces.append(event)
                    continue
                yield event
                if isinstance(event, AttemptEnded) and self._is_an_answer(event.record):
                    held = _Held(event.record, tuple(pieces), await self._judged(event.record, pieces))
                    self._held.append(held)
                    yield AnswerChecked(event.record.n, held.verdicts)

    def release(self) -> Iterator[TextArrived]:
        """Return the content that was kept back and is the answer."""
        best = self._best()
        yield from best.pieces if best else ()

    @property
    def passed(self) -> bool:
        """Whether what is handed over failed none of the route's checks."""
        best = self._best()
        return best is None or not best.failures

    def finished(self, answer: Answer) -> Answer:
        """Return the whole of the request, where an answer that was kept back is what the caller gets."""
        best = self._best()
        if best is None:
            return answer
        told = [self._told(held) for held in self._held] + ([self._stayed] if self._stayed else [])
        why = "; ".join((answer.why, "held back for its checks", *told))
        return replace(answer, text=best.text, error=None, answered_by=best.record.n, why=why)

    def _is_an_answer(self, record: AttemptRecord) -> bool:
        return bool(self._route.checks) and record.outcome is EntryStatus.OK

    def _poor(self) -> Poor | None:
        """Return the first answer when it failed and none has come from above."""
        if self._climbs or len(self._held) != 1 or not self._held[0].failures:
            return None
        return Poor(self._held[0].record.n - 1, self._held[0].failures)

    def _best(self) -> _Held | None:
        """Return the first answer that passed, else the last one that says anything, else the last."""
        passed = [held for held in self._held if not held.failures]
        saying = [held for held in self._held if held.text.strip()]
        return next(iter([*passed, *reversed(saying), *reversed(self._held)]), None)

    async def _judged(self, record: AttemptRecord, pieces: Sequence[TextArrived]) -> tuple[CheckVerdict, ...]:
        kinds = frozenset(piece.kind for piece in pieces)
        if "tool" in kinds:  # not an answer yet: the caller runs the tools and asks again
            return ()
        text = "".join(piece.text for piece in pieces if piece.kind in ("text", "refusal"))
        draft = Draft(text, record.finish_reason, kinds)
        verdicts = [
            judge(check, draft) for check in self._route.checks if check.kind is not CheckKind.COMMAND
        ]
        for check in self._route.checks:
            # Programs take time, so they come last and only where nothing else has failed.
            if check.command and all(verdict.passed for verdict in verdicts):
                ran: CommandResult | None = (
                    await self._runner.run(check.command, text) if self._runner else None
                )
                verdicts.append(judge(check, draft, ran))
        return tuple(verdicts)

    def _told(self, held: _Held) -> str:
        if not held.verdicts:
            return f"{held.record.deployment} calls a tool and was not checked"
        if not held.failures:
            return f"{held.record.deployment} passed"
        faults = ", ".join(f"{verdict.check} ({verdict.why})" for verdict in held.failures)
        return f"{held.record.deployment} failed {faults}"
