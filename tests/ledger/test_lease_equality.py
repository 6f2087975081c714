"""Whatever happens, who admits from leases and who asks for each call decide alike.

The ledger in memory asks for each call and is the oracle: budgets, limits, health and guard are what it says.
Two processes on one file, which lease from their first call on, must say the same of every call.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.budget.budget import caps, charge_of, extra_caps
from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.health.rate_limits import quotas
from router.core.records.admission import Admission, Hold, Lesson, Terms
from router.core.records.diagnosis import HealthScope
from router.core.records.entries import Intent
from router.core.records.facts import HealthLearned
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.deployments import Limits
from router.core.settings.policy import Policy
from router.core.windows import HOUR_MS
from router.engine.clock import ManualClock
from router.ledger.memory import MemoryLedger
from router.ledger.sqlite import leased
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.reports import open_reports
from tests.ledger.samples import INTENT, SETTLEMENT, START

CENT = 10**7
TIERS = ("T0", "T1")
BUDGETS = st.lists(
    st.builds(
        lambda scope, window, limit, hard: Budget(scope[0], scope[1], window, limit * CENT, hard=hard),
        st.sampled_from(
            [
                (BudgetScope.ALL, None),
                (BudgetScope.TIER, "T0"),
                (BudgetScope.SESSION, None),
                (BudgetScope.TAG, "client=acme"),
            ]
        ),
        st.sampled_from(BudgetWindow),
        st.integers(1, 400),
        st.booleans(),
    ),
    max_size=3,
)
LIMITS = st.builds(
    Limits,
    rpm=st.none() | st.integers(1, 120),
    tpm=st.none() | st.integers(100, 30_000),
    rpd=st.none() | st.integers(1, 120),
    parallel=st.none() | st.integers(1, 80),
)


@dataclass(frozen=True)
class Call:
    """Some calls of one kind ask to be admitted, one after the other, by one of the two processes."""

    process: int
    times: int
    cents: int
    tier: str
    session: str | None
    tagged: bool


@dataclass(frozen=True)
class End:
    """Some of the running calls end, the oldest first, at a share of what was held."""

    times: int
    share: float


@dataclass(frozen=True)
class Pass:
    """Time passes."""

    ms: int


@dataclass(frozen=True)
class Fail:
    """A tier's deployment is found to be unwell, or well again, by one of the two."""

    process: int
    tier: str
    status: int


@dataclass(frozen=True)
class Grow:
    """The newest running call needs more than is held for it."""

    cents: int


STEPS = st.lists(
    st.one_of(
        st.builds(
            Call,
            st.integers(0, 1),
            st.integers(1, 40),
            st.integers(0, 5),
            st.sampled_from(TIERS),
            st.sampled_from([None, "s"]),
            st.booleans(),
        ),
        st.builds(End, st.integers(1, 60), st.sampled_from([0.0, 0.5, 1.0])),
        st.builds(Pass, st.sampled_from([1, 700, 20_000, 61_000, HOUR_MS, 26 * HOUR_MS])),
        st.builds(Fail, st.integers(0, 1), st.sampled_from(TIERS), st.sampled_from([200, 429])),
        st.builds(Grow, st.integers(1, 30)),
    ),
    min_size=3,
    max_size=14,
)


class Twins:
    """The oracle and the two processes, which are asked the same."""

    def __init__(self, clock: ManualClock, oracle: MemoryLedger, processes: list[SqliteLedger]) -> None:
        self.clock, self.oracle, self.processes = clock, oracle, processes
        self.running: list[Intent] = []
        self.names: Iterator[int] = iter(range(10**6))

    async def live(self, step: object, budgets: list[Budget], limits: Limits) -> None:
        match step:
            case Call():
                for _ in range(step.times):
                    await self._call(step, budgets, limits)
            case End():
                for intent in self.running[: step.times]:
                    self._end(intent, step.share)
                del self.running[: step.times]
            case Pass(ms):
                self.clock.advance(ms / 1000)
            case Fail():
                ended = classify(Exchange("x", status=step.status, content_seen=True), self.clock.now_ms())
                fact = HealthLearned(Lesson(scopes(step.tier), ended, Policy(), 0.0), self.clock.now_ms())
                self.oracle.note(fact)
                self.processes[step.process].note(fact)
                await self.processes[step.process].flush()
            case Grow() if self.running:
                await self._grow(self.running[-1], step.cents * CENT, budgets)
            case _:
                pass

    async def _call(self, step: Call, budgets: list[Budget], limits: Limits) -> None:
        number, now_ms = next(self.names), self.clock.now_ms()
        intent = replace(
            INTENT,
            request_id=f"r{number}",
            started_at=now_ms,
            tier=step.tier,
            deployment=f"on-{step.tier}",
            session_id=step.session,
            tags=(("client", "acme"),) if step.tagged else (),
            held_nano_usd=step.cents * CENT,
            soft_held_nano_usd=step.cents * CENT,
            estimate_tokens=200,
            prompt_fingerprint=f"{number}",
        )
        terms = Terms(
            caps=caps(budgets, charge_of(intent), now_ms, UTC),
            quotas=quotas(limits, 200, now_ms),
            scopes=scopes(step.tier),
            lease_ms=65_000,
        )
        expected = await self.oracle.admit(intent, terms)
        self._same(expected, await self.processes[step.process].admit(intent, terms), intent)
        if expected.refusal is None:
            self.running.append(intent)

    async def _grow(self, intent: Intent, by: int, budgets: list[Budget]) -> None:
        charge = replace(charge_of(intent), bound_nano=by, expected_nano=by)
        asked = extra_caps(budgets, charge, intent.started_at, UTC)
        place, hold = (intent.request_id, 1), Hold((intent.held_nano_usd or 0) + by)
        expected = await self.oracle.extend(place, hold, asked)
        self._same(expected, await self.processes[0].extend(place, hold, asked), intent)
        if expected.refusal is None:
            self.running[-1] = replace(intent, held_nano_usd=hold.bound_nano)

    @staticmethod
    def _same(expected: Admission, got: Admission, intent: Intent) -> None:
        by = got.refusal.by if got.refusal else None
        assert by == (expected.refusal.by if expected.refusal else None), (intent, expected, got)
        assert bool(got.warnings) == bool(expected.warnings), (intent, expected, got)

    def _end(self, intent: Intent, share: float) -> None:
        cost = round((intent.held_nano_usd or 0) * share)
        ended = replace(
            SETTLEMENT,
            request_id=intent.request_id,
            settled_at=self.clock.now_ms(),
            cost_nano_usd=cost,
            budget_nano_usd=cost,
        )
        self.oracle.settle(ended)
        for process in self.processes:  # it settles once; who has not admitted it may not know of its row yet
            if (intent.request_id, 1) in process._open:
                process.settle(ended)


def scopes(tier: str) -> dict[HealthScope, str]:
    return {HealthScope.DEPLOYMENT: f"deployment:{tier}"}


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, budgets=BUDGETS, limits=LIMITS)
def test_from_leases_and_by_asking_every_call_is_decided_alike(
    steps: list[object], budgets: list[Budget], limits: Limits
) -> None:
    async def lived() -> None:
        clock = ManualClock(START)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ledger.db"
            async with AsyncExitStack() as opened:
                processes = [await open_ledger(path, clock, owner=f"host-{n} 1 1 1") for n in range(2)]
                for process in processes:
                    opened.push_async_callback(process.aclose)
                twins = Twins(clock, MemoryLedger(), processes)
                for step in steps:
                    await twins.live(step, budgets, limits)
                    for process in processes:  # what one has handed in the other one knows
                        await process.flush()
                reader = await open_reports(path)
                opened.push_async_callback(reader.aclose)
                everything = 1 << 20
                assert sorted(map(str, await reader.recent(everything))) == sorted(
                    map(str, await twins.oracle.recent(everything))
                )
                assert await reader.differences() == []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(leased, "OFTEN", 1)
        asyncio.run(lived())
