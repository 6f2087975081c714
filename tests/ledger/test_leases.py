"""Admitting from leases is admitting by the ledger: no cap is passed, nothing lost, the last call spent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from router.core.budget.leases import SHARE, claims, grant
from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.records.admission import Cap, Lesson, Quota, RefusedBy, Terms, Unit
from router.core.records.entries import EntryStatus, Intent
from router.core.records.facts import HealthLearned
from router.core.settings.budgets import Guard
from router.core.settings.policy import Policy
from router.engine.clock import ManualClock
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.leased import IDLE_S, OFTEN
from router.ledger.sqlite.reports import SqliteReports, open_reports
from tests.ledger.samples import (
    SCOPES,
    START,
    beside_it,
    intent,
    kill,
    line_of,
    other_process,
    settlement,
    statuses,
)

CALL = 5_000
"""What a sample call holds."""


def budget(calls: int, *, amount: int = CALL) -> Cap:
    return Cap("all spend, day", calls * CALL, amount, since_ms=0)


def terms(calls: int) -> Terms:
    return Terms(caps=(budget(calls),), scopes=SCOPES, lease_ms=65_000)


def other_host(n: int) -> str:
    """Return a process of its own, as ledgers know it."""
    return f"host-{n} 1 1 1"


async def admitted(ledger: SqliteLedger, name: str, count: int, under: Terms) -> int:
    """Ask for calls one after the other; return how many may be sent."""
    asked = [replace(intent(f"{name}-{n}"), prompt_fingerprint=f"{name}-{n}") for n in range(count)]
    return sum([(await ledger.admit(each, under)).refusal is None for each in asked])


def leases(path: Path) -> list[tuple[object, ...]]:
    return beside_it(path, "SELECT owner, amount FROM budget_lease WHERE amount > 0 ORDER BY owner")


@pytest_asyncio.fixture
async def hosts(path: Path, clock: ManualClock) -> AsyncIterator[list[SqliteLedger]]:
    """One ledger, open in three processes that cannot look each other up."""
    async with AsyncExitStack() as opened:
        ledgers = [await open_ledger(path, clock, owner=other_host(n)) for n in range(3)]
        for ledger in ledgers:
            opened.push_async_callback(ledger.aclose)
        yield ledgers


@pytest.mark.parametrize(
    ("left", "call", "lately", "leased", "size"),
    [
        (16_000, 10, 500, 0, 500),  # what a second's calls take
        (16_000, 10, 500, 200, 300),  # what is missing of it
        (16_000, 10, 5_000, 0, 1_000),  # a share of what is left at most
        (15_200, 10, 5_000, 800, 200),
        (16_000, 10, 0, 0, 80),  # eight calls while nobody knows
        (16_000, 10, 0, 90, 0),
        (16_000, 600, 0, 0, 0),  # less than two calls is no lease
        (0, 10, 500, 0, 0),
        (-5, 10, 500, 0, 0),
    ],
)
def test_a_lease_is_for_a_second_and_never_more_than_a_share(
    left: int, call: int, lately: int, leased: int, size: int
) -> None:
    assert grant(left, call, lately, leased) == size


def test_a_call_claims_its_part_of_each_budget_and_limit() -> None:
    quota = Quota("9 requests a minute", Unit.REQUESTS, 9, 1, START - 60_000)
    each_call = Cap("all spend, call", 6_000, CALL, since_ms=0, within=("request_id", "r1"))
    free = Cap("tier T0, day", 0, 0, since_ms=0, column="tier", value="T0")
    asked = claims(intent("r1"), Terms(caps=(budget(3), each_call, free), quotas=(quota,)))
    assert asked is not None
    assert [(claim.scope, claim.amount) for claim in asked] == [
        ("bound = ", CALL),
        ("requests sliding gemma-free", 1),
    ]


@pytest.mark.parametrize(
    ("changed", "cap"),
    [
        (intent("r1"), budget(3, amount=0)),
        (intent("r1", 2), Cap("call", 6_000, CALL, since_ms=0, within=("request_id", "r1"))),
        (intent("r1"), Cap("call", 4_000, CALL, since_ms=0, within=("request_id", "r1"))),
    ],
)
def test_what_only_its_own_rows_can_tell_is_asked_for(changed: Intent, cap: Cap) -> None:
    asked = claims(changed, Terms(caps=(cap,)))
    assert asked == (() if cap.amount_nano == 0 else None)


def test_an_unknown_price_is_asked_for() -> None:
    assert claims(intent("r1"), Terms(caps=(replace(budget(3), amount_nano=None),))) is None


async def test_who_calls_often_admits_from_a_lease_and_all_of_it_gets_its_rows(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    assert await admitted(ledger, "a", 400, terms(1_000)) == 400
    await ledger.flush()
    assert len(await reader.recent(1_000)) == 400
    [(_, held)] = leases(path)
    assert isinstance(held, int)
    assert 0 < held <= 600 * CALL // SHARE + CALL
    [used] = await reader.budgets([budget(1_000)])
    assert used.held_nano == 400 * CALL, "what is leased and not used is shown as held by calls"
    for n in range(400):
        ledger.settle(replace(settlement(f"a-{n}"), cost_nano_usd=CALL, budget_nano_usd=CALL))
    await ledger.flush()
    assert set(statuses(await reader.recent(1_000)).values()) == {EntryStatus.OK}
    assert await reader.differences() == []


async def test_the_last_call_is_spent_and_not_one_more(path: Path, ledger: SqliteLedger) -> None:
    assert await admitted(ledger, "a", 120, terms(100)) == 100
    assert leases(path) == []


async def test_three_processes_at_once_spend_a_budget_to_the_last_call(hosts: list[SqliteLedger]) -> None:
    """Each has leased when the others come to the end: what it does not use it gives back."""
    counts = await asyncio.gather(
        *(admitted(ledger, f"host-{n}", 400, terms(1_000)) for n, ledger in enumerate(hosts))
    )
    assert sum(counts) == 1_000


async def test_who_comes_when_all_is_leased_waits_until_it_is_given_back(
    path: Path, hosts: list[SqliteLedger]
) -> None:
    rich, poor, _ = hosts
    assert await admitted(rich, "rich", 900, terms(1_000)) == 900
    await rich.flush()
    [(_, held)] = leases(path)
    assert isinstance(held, int)
    left = 100 - held // CALL
    # Without a recall the other one would be refused what nobody uses.
    assert await admitted(poor, "poor", 101, terms(1_000)) == 100 > left


async def test_who_does_not_call_any_more_gives_everything_back(
    path: Path, clock: ManualClock, ledger: SqliteLedger
) -> None:
    await admitted(ledger, "a", 2 * OFTEN, terms(1_000))
    await ledger.flush()
    assert leases(path) != []
    clock.advance(IDLE_S)
    await ledger.flush()
    assert leases(path) == []
    assert await admitted(ledger, "b", 1_000, terms(1_000)) == 1_000 - 2 * OFTEN


async def test_a_limit_a_minute_is_shared_and_used_up_exactly(hosts: list[SqliteLedger]) -> None:
    quota = Quota("300 requests a minute", Unit.REQUESTS, 300, 1, START - 60_000)
    shared = Terms(quotas=(quota,))
    counts = await asyncio.gather(
        *(admitted(ledger, f"host-{n}", 150, shared) for n, ledger in enumerate(hosts))
    )
    assert sum(counts) == 300


async def test_a_soft_budget_warns_from_the_call_on_that_passes_it(ledger: SqliteLedger) -> None:
    soft = Terms(caps=(replace(budget(100), hard=False),))
    asked = [replace(intent(f"r{n}"), soft_held_nano_usd=CALL) for n in range(110)]
    warned = [bool((await ledger.admit(each, soft)).warnings) for each in asked]
    assert warned == [False] * 100 + [True] * 10


async def test_no_call_starts_at_what_another_process_has_found_to_be_unwell(
    hosts: list[SqliteLedger],
) -> None:
    ours, theirs, _ = hosts
    await admitted(ours, "a", 2 * OFTEN, terms(1_000))
    limited = classify(Exchange("x", status=429, headers={"retry-after": "70"}), START)
    theirs.note(HealthLearned(Lesson(SCOPES, limited, Policy(), 0.0), START))
    await theirs.flush()
    refused = (await ours.admit(intent("next"), terms(1_000))).refusal
    assert refused is not None
    assert refused.by is RefusedBy.HEALTH


@pytest.mark.parametrize(
    ("guard", "named"),
    [
        (Guard(None, 40, None), "paid requests within a minute"),
        (Guard(40 * CALL, None, None), "within ten minutes"),
    ],
)
async def test_the_guard_trips_at_its_limit_also_for_what_is_admitted_from_leases(
    ledger: SqliteLedger, guard: Guard, named: str
) -> None:
    under = replace(terms(10_000), guard=guard)
    asked = [replace(intent(f"r{n}"), estimate_nano_usd=CALL, prompt_fingerprint=f"{n}") for n in range(60)]
    answers = [await ledger.admit(each, under) for each in asked]
    assert [answer.refusal is None for answer in answers] == [True] * 40 + [False] * 20
    assert answers[-1].refusal is not None
    assert named in answers[-1].refusal.reason


async def test_one_call_again_and_again_trips_the_guard_of_its_process_at_once(ledger: SqliteLedger) -> None:
    under = replace(terms(10_000), guard=Guard(None, None, 30))
    same = [replace(intent(f"r{n}"), prompt_fingerprint="p") for n in range(40)]
    let_in = [(await ledger.admit(each, under)).refusal is None for each in same]
    assert let_in == [True] * 30 + [False] * 10


async def test_one_call_from_many_processes_trips_it_as_soon_as_the_rows_are_written(
    hosts: list[SqliteLedger],
) -> None:
    under = replace(terms(10_000), guard=Guard(None, None, 30))
    let_in = 0
    for n in range(40):
        for number, ledger in enumerate(hosts):
            asked = replace(intent(f"host-{number}-{n}"), prompt_fingerprint="p")
            let_in += (await ledger.admit(asked, under)).refusal is None
            await ledger.flush()
    assert 30 <= let_in <= 33


async def test_a_pause_that_another_process_tripped_holds_at_once(hosts: list[SqliteLedger]) -> None:
    ours, theirs, _ = hosts
    await admitted(ours, "a", 2 * OFTEN, terms(1_000))
    tripping = Terms(guard=Guard(None, 0, None))
    assert (await theirs.admit(intent("trips"), tripping)).refusal is not None
    refused = (await ours.admit(intent("next"), replace(terms(1_000), guard=Guard()))).refusal
    assert refused is not None
    assert refused.by is RefusedBy.GUARD


async def test_a_budget_of_a_new_day_is_not_admitted_from_the_lease_of_the_old_one(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await admitted(ledger, "old", 50, terms(1_000))
    tomorrow = Terms(caps=(replace(budget(60), since_ms=START + 1),))
    asked = [replace(intent(f"new-{n}"), started_at=START + 1) for n in range(70)]
    let_in = sum([(await ledger.admit(each, tomorrow)).refusal is None for each in asked])
    assert let_in == 60
    await ledger.flush()
    assert len(await reader.recent(1_000)) == 110


async def test_a_killed_process_loses_no_call_that_it_had_started_from_a_lease(
    path: Path, clock: ManualClock
) -> None:
    process = await other_process(path, "burst", "killed")
    started = int(await line_of(process))
    await kill(process)
    assert list(path.parent.glob("*.intents-*")), "it was to die with calls that had no rows"
    ledger = await open_ledger(path, clock)
    reader = await open_reports(path)
    entries = await reader.recent(10_000)
    assert len(entries) == started
    assert set(statuses(entries).values()) == {EntryStatus.UNKNOWN}
    [used] = await reader.budgets([budget(1)])
    assert (used.posted_nano, used.held_nano) == (started * CALL, 0)
    assert leases(path) == []
    assert list(path.parent.glob("*.intents-*")) == []
    assert await reader.differences() == []
    await reader.aclose()
    await ledger.aclose()


async def test_what_a_dead_process_had_leased_is_free_as_soon_as_somebody_needs_it(
    path: Path, clock: ManualClock
) -> None:
    ledger = await open_ledger(path, clock)  # before it dies, so that opening cannot be what buries it
    process = await other_process(path, "burst", "killed")
    started = int(await line_of(process))
    await kill(process)
    assert await admitted(ledger, "ours", 10_000 - started + 5, terms(10_000)) == 10_000 - started
    await ledger.aclose()


@pytest.mark.slow
async def test_thirty_processes_share_five_cents_to_the_last_call(path: Path) -> None:
    processes = [await other_process(path, "cents", f"p{n}") for n in range(30)]
    assert [await line_of(process) for process in processes] == ["ready"] * 30
    said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert sum(int(out) for out, _ in said) == 500


async def test_a_process_that_ends_leaves_no_lease_and_no_file(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await admitted(ledger, "a", 100, terms(1_000))
    await ledger.aclose()
    assert leases(path) == []
    assert list(path.parent.glob("*.intents-*")) == []
