"""Runs a stress test: several targets at once, each in its plan's rhythm, over the path of any request.

Holds no rule: what is sent when, and when a target has had enough, is `core/stress/plan.py`; what it shows is
`core/stress/verdict.py`. Live routing learns nothing of it but limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from router.core.records.admission import Refusal, RefusedBy
from router.core.records.stress import LoadPattern, StressResult
from router.core.request import Request
from router.core.retry.fallback import MONEY
from router.core.retry.why import plan_to_json
from router.core.routing.selection import Candidate, Plan
from router.core.settings.providers import Billing
from router.core.stress.learned import learned_limit
from router.core.stress.plan import PROMPT, StressPlan, Target, gap_s, had_enough
from router.core.stress.result import TargetRun, result_of
from router.core.stress.shots import Shot, end_of, rest_asked
from router.engine.attempt import Attempt
from router.engine.attempting import AttemptPlace, attempted, prepared
from router.engine.dependencies import Dependencies
from router.engine.events import AttemptStarted, AttemptWaiting
from router.engine.stress_events import ShotEnded, ShotStarted, StressEvent, TargetEnded, TargetWaiting
from router.engine.trial import Purse, Trial

LONGEST_WAIT_S = 65.0
"""A limit of a minute has freed by then; what takes longer ends the target."""
SOURCE = "stress"


@dataclass(slots=True)
class _Tally:
    """What has come of one target so far."""

    target: Target
    started_ms: int
    shots: list[Shot] = field(default_factory=list)
    stopped: str | None = None
    cost_nano: int | None = 0
    ended: bool = False

    @property
    def name(self) -> str:
        return self.target.deployment.name


class StressTest:
    """One run of a plan."""

    def __init__(self, plan: StressPlan, deps: Dependencies, books: Trial) -> None:
        self.plan = plan
        self.run_id = deps.new_id()
        self.results: list[StressResult] = []
        """Of the targets that have ended, in that order; of all once `events` has ended or was closed."""
        self.out_of_money = False
        """Money alone kept a request from being sent: the stated budget, a budget or the guard."""
        self._deps = deps
        self._books = books
        self._purse = Purse(plan.budget_nano)
        self._told: asyncio.Queue[StressEvent | asyncio.Task[None]] = asyncio.Queue()
        now_ms = deps.clock.now_ms()
        self._tallies = [_Tally(target, now_ms) for target in plan.targets]

    async def events(self) -> AsyncGenerator[StressEvent, None]:
        """Run the plan and tell how it goes.

        Closing the generator or cancelling its task stops every request at once and settles its row; what was
        found so far is then in `results` and in the ledger. Raises LedgerError when a row cannot be written.
        """
        tasks = {asyncio.create_task(self._try(tally)) for tally in self._tallies}
        for task in tasks:
            task.add_done_callback(self._told.put_nowait)
        running = len(tasks)
        try:
            while running:
                event = await self._told.get()
                if isinstance(event, asyncio.Task):
                    event.result()
                    running -= 1
                else:
                    yield event
        finally:
            await _ended(tasks)
            for tally in self._tallies:
                self._end(tally)

    async def _try(self, tally: _Tally) -> None:
        """Send one target all that it gets."""
        if self.plan.load.pattern is LoadPattern.BURST:
            await self._shoot_all(tally)
        else:
            for n in range(1, self.plan.load.requests + 1):
                await self._wait_for_rhythm(tally)
                await self._shoot(tally, n)
                tally.stopped = tally.stopped or had_enough(self.plan.load, tally.shots)
                if tally.stopped:
                    break
        if len(tally.shots) == self.plan.load.requests:
            tally.stopped = None
        self._end(tally)

    async def _shoot_all(self, tally: _Tally) -> None:
        requests = range(1, self.plan.load.requests + 1)
        if tally.target.deployment.billing is Billing.LOCAL:
            await self._shoot(tally, requests[0])  # it loads the model: the others would only wait for that
            requests = requests[1:]
        tasks = {asyncio.create_task(self._shoot(tally, n)) for n in requests}
        try:
            await asyncio.gather(*tasks)
        finally:
            await _ended(tasks)

    async def _wait_for_rhythm(self, tally: _Tally) -> None:
        if not tally.shots:
            return
        since_s = (self._deps.clock.now_ms() - tally.shots[-1].started_ms) / 1000
        left_s = gap_s(self.plan.load, len(tally.shots)) - since_s
        if left_s > 0:
            self._tell(TargetWaiting(tally.name, f"ramp, {len(tally.shots)} a minute", left_s))
            await asyncio.sleep(left_s)

    async def _shoot(self, tally: _Tally, n: int) -> None:
        """Send one request, when its deployment's limits allow it and if the budget does."""
        bound = tally.target.each.bound_nano
        if not self._purse.take(bound):
            tally.stopped, self.out_of_money = "the stated budget leaves no more", True
            return
        cost: int | None = 0
        try:
            while (attempt := await self._attempt(tally, n)).refusal is not None:
                wait_s = self._wait_s(attempt.refusal)
                if wait_s is None:
                    tally.stopped = attempt.refusal.reason
                    self.out_of_money = self.out_of_money or attempt.refusal.by in MONEY
                    return
                self._tell(TargetWaiting(tally.name, attempt.refusal.reason, wait_s))
                await asyncio.sleep(wait_s)
            cost = attempt.record.cost_nano_usd if attempt.record else 0
        finally:
            self._purse.settle(bound or 0, cost)

    async def _attempt(self, tally: _Tally, n: int) -> Attempt:
        attempt = self._prepare(tally.target, n)
        upstream = self._deps.upstreams[attempt.deployment.provider.wire]
        try:
            async with aclosing(attempted(attempt, PROMPT, upstream, self._books)) as events:
                async for event in events:
                    match event:
                        case AttemptStarted():
                            self._tell(ShotStarted(tally.name, n))
                        case AttemptWaiting(_, what):
                            self._tell(TargetWaiting(tally.name, what))
                        case _:
                            pass
        finally:
            self._note(tally, attempt, n)
        return attempt

    def _note(self, tally: _Tally, attempt: Attempt, n: int) -> None:
        record, diagnosis = attempt.record, attempt.diagnosis
        if record is None or diagnosis is None:
            return
        cost = record.cost_nano_usd
        tally.cost_nano = None if cost is None or tally.cost_nano is None else tally.cost_nano + cost
        shot = Shot(
            n=n,
            request_id=attempt.intent.request_id,
            end=end_of(record.outcome, diagnosis, attempt.outcome()),
            started_ms=attempt.intent.started_at,
            duration_ms=round(record.duration_s * 1000),
            ttft_ms=None if record.ttft_s is None else round(record.ttft_s * 1000),
            http_status=record.http_status,
            rest_s=rest_asked(diagnosis),
            evidence=record.evidence,
        )
        tally.shots.append(shot)
        self._tell(ShotEnded(tally.name, shot))

    def _prepare(self, target: Target, n: int) -> Attempt:
        deployment, load = target.deployment, self.plan.load
        name, timeouts = deployment.name, deployment.timeouts
        if n > 1 or deployment.billing is not Billing.LOCAL:  # the first call to a local model loads it
            timeouts = replace(
                timeouts,
                connect_s=min(timeouts.connect_s, load.timeout_s),
                first_token_s=load.timeout_s,
                idle_s=load.timeout_s,
                total_s=load.timeout_s,
            )
        candidate = Candidate(
            deployment=name,
            tier=deployment.tier.name,
            eligible=True,
            reason=f"stress test, {load.pattern.value}, {n} of {load.requests}",
            estimate_nano_usd=target.each.expected_nano,
            bound_nano_usd=target.each.bound_nano,
            limit_nano=target.each.bound_nano if target.costs else None,
            max_tokens=target.max_tokens,
        )
        why = plan_to_json(Plan(name, None, None, None, (candidate,)))
        # A session of its own, so that the runaway guard does not take its prompts for a caller's loop.
        session = f"{SOURCE}-{self.run_id}"
        request = Request(PROMPT, name, max_tokens=target.max_tokens, session=session, source=SOURCE)
        limit_nano = candidate.limit_nano
        place = AttemptPlace(
            self._deps.new_id(),
            1,
            name,
            why,
            rates_json=deployment.price.rates_json if deployment.price else None,
            limit_nano=limit_nano,
            max_tokens=target.max_tokens,
        )
        bounded = replace(deployment, timeouts=timeouts)
        return prepared(bounded, target.each, request, place, self._deps)

    def _wait_s(self, refusal: Refusal) -> float | None:
        """Return how long to wait for a limit to free; None where that takes too long, or it is no limit."""
        if refusal.by is not RefusedBy.LIMIT or refusal.until_ms is None:
            return None
        wait_s = max(0.0, (refusal.until_ms - self._deps.clock.now_ms()) / 1000)
        return wait_s if wait_s <= LONGEST_WAIT_S else None

    def _end(self, tally: _Tally) -> None:
        """Judge a target and hand what came of it to the ledger, once."""
        if tally.ended:
            return
        tally.ended = True
        load, name = self.plan.load, tally.name
        shots = tuple(sorted(tally.shots, key=lambda shot: shot.n))
        ran = TargetRun(tally.target, shots, tally.stopped, tally.cost_nano)
        result = result_of(self.run_id, tally.started_ms, self._deps.clock.now_ms(), load, ran)
        self.results.append(result)
        self._books.keep(result, learned_limit(name, load, shots))
        self._tell(TargetEnded(result))

    def _tell(self, event: StressEvent) -> None:
        self._told.put_nowait(event)


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel what still runs and wait until its rows are handed to the ledger."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
