"""Limits that are used up are foreseen: planned around, waited for, shared, and shown when they were not."""

from __future__ import annotations

import asyncio

from router.core.failures.exchange import Exchange
from router.core.routing.selection import Candidate
from router.core.settings.deployments import Limits
from router.engine.events import AttemptRefused
from router.engine.virtual_time import run_virtual
from router.providers.scripted import Script
from tests.engine.test_engine import Bench, answer_of
from tests.engine.test_shared_state import FREE, PLAIN, Twin, limited

HEADERS = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "3s"}
LAST = Script(failure=Exchange("x", status=200, finish_reason="stop", headers=HEADERS))
"""A whole answer that says it was the last one for three seconds."""
LIMITED = Script(failure=Exchange("x", status=429))


def planned(bench: Bench) -> Candidate:
    [free] = [c for c in bench.engine.plan(PLAIN).candidates if c.deployment == "free"]
    return free


def test_an_answer_that_says_nothing_remains_makes_its_deployment_full_until_the_reset() -> None:
    async def run() -> None:
        one = Bench({"free": [LAST, LIMITED], "local": [Script()]})
        await one.ask(PLAIN)
        full = planned(one)
        assert (full.eligible, full.full, full.back_in_s) == (False, True, 3.0)
        assert full.reason == "full: no requests left, free in 3 s"
        answer = answer_of(await one.ask(PLAIN))
        assert "free (T0) skipped: full: no requests left" in answer.why
        assert one.called == ["free", "local"]
        await asyncio.sleep(3)
        assert planned(one).eligible

    run_virtual(run())


def test_who_has_nobody_else_waits_for_it_instead_of_running_into_a_429() -> None:
    async def run() -> None:
        one = Bench({"free": [LAST, Script(("Paris",))]})
        await one.ask(FREE)
        began = asyncio.get_running_loop().time()
        assert answer_of(await one.ask(FREE)).text == "Paris"
        assert asyncio.get_running_loop().time() - began == 3.0

    run_virtual(run())


def test_who_may_not_wait_so_long_is_told_when_to_come_back() -> None:
    async def run() -> None:
        late = {**HEADERS, "x-ratelimit-reset-requests": "90s"}
        last = Script(failure=Exchange("x", status=200, finish_reason="stop", headers=late))
        one = Bench({"free": [last]})
        await one.ask(FREE)
        error = answer_of(await one.ask(FREE)).error
        assert error
        assert (error.retry_after_s, one.called) == (90.0, ["free"])

    run_virtual(run())


def test_other_processes_learn_it_and_clearing_ends_it() -> None:
    async def run() -> None:
        one = Bench({"free": [LAST], "local": [Script()]})
        await one.ask(PLAIN)
        other = await Twin(one).refreshed()
        assert planned(other).full
        shown = other.engine.deployments()[0]
        assert (shown.full, shown.health) == (True, "available")
        assert shown.reason == "full: no requests left, free in 3 s"
        await other.ledger.upkeep.clear_cooldowns(other.engine.scope_keys("free"))
        await other.refreshed()
        assert planned(other).eligible

    run_virtual(run())


def test_a_failed_answer_s_headers_are_its_rest_s_business() -> None:
    async def run() -> None:
        failed = Script(failure=Exchange("x", status=429, headers=HEADERS))
        one = Bench({"free": [failed], "local": [Script()]})
        await one.ask(PLAIN)
        assert await one.ledger.told_full() == {}
        assert not planned(one).full
        assert "cooling" in planned(one).reason

    run_virtual(run())


def test_a_deployment_that_the_ledger_does_not_admit_is_told_with_its_reason() -> None:
    async def run() -> None:
        one = Bench({"free": [Script()], "local": [Script()]}, limited(Limits(rpm=1)))
        await one.ask(PLAIN)
        events = await one.ask(PLAIN)
        [refused] = [event for event in events if isinstance(event, AttemptRefused)]
        assert (refused.tier, refused.deployment) == ("T0", "free")
        assert refused.reason.startswith("its limit of 1 request a minute is used up until ")
        answer = answer_of(events)
        assert f"free not admitted: {refused.reason}; local answered" in answer.why
        assert [attempt.n for attempt in answer.attempts] == [1]

    run_virtual(run())
