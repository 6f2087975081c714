"""Budgets hold, whatever happens and in whatever order, and their sums are those of the rows."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.budget.budget import caps, charge_of, extra_caps, standing_caps
from router.core.money import CostSource
from router.core.records.admission import Admission, Cap, Hold, RefusedBy, Terms, Used
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.windows import HOUR_MS, calendar_days, calendar_month
from router.engine.clock import ManualClock
from router.ledger.memory import MemoryLedger
from router.ledger.private_files import prepare
from router.ledger.sqlite.admission import admit, extend
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.budgets import spent
from router.ledger.sqlite.driver import Connection, open_for_writing, writing
from router.ledger.sqlite.owners import this_process
from router.ledger.sqlite.reports import SqliteReports
from router.ledger.sqlite.rows import settle_row, settled_row
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.sweep import sweep
from tests.ledger import plain_sums
from tests.ledger.samples import DAY, INTENT, START, beside_it

DEAD = "another-boot 1 1 1"
DOLLAR = 10**9
STEP_MS = HOUR_MS * 3 // 2
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Amsterdam", "Asia/Kolkata", "Australia/Lord_Howe")]
SCOPES = [
    (BudgetScope.ALL, None),
    (BudgetScope.TIER, "T2"),
    (BudgetScope.ROUTE, "auto"),
    (BudgetScope.PROVIDER, "openrouter"),
    (BudgetScope.DEPLOYMENT, "gemma-free"),
    (BudgetScope.SESSION, None),
    (BudgetScope.SESSION, "s1"),
    (BudgetScope.TAG, "client=acme"),
]
ALL_DAY = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, DOLLAR)


def call(request_id: str, held: int | None = DOLLAR // 10, at: int = START) -> Intent:
    return replace(
        INTENT,
        request_id=request_id,
        held_nano_usd=held,
        soft_held_nano_usd=held,
        estimate_nano_usd=held,
        started_at=at,
    )


def terms(intent: Intent, *budgets: Budget) -> Terms:
    return Terms(caps=caps(budgets, charge_of(intent), intent.started_at, UTC))


def raised(intent: Intent, hold: Hold, *budgets: Budget) -> tuple[Cap, ...]:
    """Return what a running call's larger hold adds to each budget."""
    charge = replace(
        charge_of(intent),
        bound_nano=(hold.bound_nano or 0) - (intent.held_nano_usd or 0),
        expected_nano=(hold.expected_nano or 0) - (intent.soft_held_nano_usd or 0),
    )
    return extra_caps(budgets, charge, intent.started_at, UTC)


def ended(intent: Intent, nano: int | None, budget_nano: int | None = None) -> Settlement:
    return Settlement(
        request_id=intent.request_id,
        attempt=intent.attempt,
        settled_at=intent.started_at + 1,
        status=EntryStatus.OK,
        cost_nano_usd=nano,
        cost_source=CostSource.UNKNOWN if nano is None else CostSource.COMPUTED,
        budget_nano_usd=nano if budget_nano is None else budget_nano,
    )


def reason(admission: Admission) -> str:
    assert admission.refusal is not None
    assert admission.refusal.by is RefusedBy.BUDGET
    return admission.refusal.reason


@pytest_asyncio.fixture(params=["file", "memory"])
async def store(
    request: pytest.FixtureRequest, path: Path, clock: ManualClock
) -> AsyncIterator[SqliteLedger | MemoryLedger]:
    store = MemoryLedger() if request.param == "memory" else await open_ledger(path, clock)
    yield store
    await store.aclose()


async def test_two_hundred_calls_at_once_never_pass_a_dollar(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    bound = 7_000_000  # $0.007: 142 of them fit, 143 do not

    async def one(number: int) -> bool:
        intent = call(f"r{number}", bound)
        admission = await ledger.admit(intent, terms(intent, ALL_DAY))
        if admission.refusal is None:
            ledger.settle(ended(intent, bound))
        return admission.refusal is None

    admitted = sum(await asyncio.gather(*(one(number) for number in range(200))))
    await ledger.flush()
    [used] = await reader.budgets(standing_caps([ALL_DAY], START, UTC))
    assert admitted == DOLLAR // bound == 142
    assert used == Used(142 * bound, 0)


async def test_what_runs_is_held_and_its_end_releases_the_rest(
    store: SqliteLedger | MemoryLedger,
) -> None:
    first, second = call("r1", DOLLAR), call("r2", DOLLAR // 2)
    assert (await store.admit(first, terms(first, ALL_DAY))).refusal is None
    refused = await store.admit(second, terms(second, ALL_DAY))
    assert reason(refused).startswith("budget `all spend, day` of $1: $0 spent, $1 held by running calls")
    store.settle(ended(first, DOLLAR // 2))
    assert (await store.admit(second, terms(second, ALL_DAY))).refusal is None


async def test_a_running_call_gets_more_while_every_budget_has_it_and_its_end_releases_all(
    store: SqliteLedger | MemoryLedger,
) -> None:
    month = Budget(BudgetScope.ALL, None, BudgetWindow.MONTH, DOLLAR * 3 // 4)
    running, other = call("r1", DOLLAR // 4), call("r2", DOLLAR // 4)
    for each in (running, other):
        assert (await store.admit(each, terms(each, ALL_DAY, month))).refusal is None
    place, half = ("r1", 1), Hold(DOLLAR // 2, DOLLAR // 2)
    assert (await store.extend(place, half, raised(running, half, ALL_DAY, month))).refusal is None
    larger = replace(running, held_nano_usd=DOLLAR // 2, soft_held_nano_usd=DOLLAR // 2)
    more = Hold(DOLLAR // 2 + 1, DOLLAR // 2)
    refused = await store.extend(place, more, raised(larger, more, ALL_DAY, month))
    assert "all spend, month" in reason(refused)
    assert "$0.75 held by running calls, this call needs $0.000000001 more" in reason(refused)
    assert "all spend, day" not in reason(refused)
    store.settle(ended(running, DOLLAR // 8))
    await store.flush()
    third = call("r3", DOLLAR * 3 // 8)
    assert (await store.admit(third, terms(third, ALL_DAY, month))).refusal is None


async def test_a_soft_budget_counts_of_a_running_call_what_it_will_probably_cost(
    store: SqliteLedger | MemoryLedger,
) -> None:
    soft = replace(ALL_DAY, hard=False)
    first = replace(call("r1", DOLLAR), soft_held_nano_usd=DOLLAR // 4)
    second = replace(call("r2", DOLLAR), soft_held_nano_usd=DOLLAR * 3 // 4)
    third = replace(call("r3", DOLLAR), soft_held_nano_usd=1)
    for each, warned in ((first, False), (second, False), (third, True)):
        admission = await store.admit(each, terms(each, soft))
        assert admission.refusal is None
        assert bool(admission.warnings) is warned


async def test_what_was_refused_left_no_row(ledger: SqliteLedger, path: Path) -> None:
    intent = call("r1", 2 * DOLLAR)
    assert (await ledger.admit(intent, terms(intent, ALL_DAY))).refusal is not None
    assert beside_it(path, "SELECT count(*) FROM token_spend") == [(0,)]


async def test_an_unknown_price_is_refused_under_a_hard_cap_only(store: SqliteLedger | MemoryLedger) -> None:
    intent = call("r1", held=None)
    assert "unknown" in reason(await store.admit(intent, terms(intent, ALL_DAY)))
    soft = await store.admit(intent, terms(intent, replace(ALL_DAY, hard=False)))
    assert soft == Admission()


async def test_a_soft_cap_warns_and_the_call_is_written(store: SqliteLedger | MemoryLedger) -> None:
    intent = call("r1", 2 * DOLLAR)
    admission = await store.admit(intent, terms(intent, replace(ALL_DAY, hard=False)))
    assert admission.refusal is None
    [warning] = admission.warnings
    assert "all spend, day" in warning


async def test_what_costs_nothing_goes_on_when_everything_is_spent(
    store: SqliteLedger | MemoryLedger,
) -> None:
    paid, free = call("r1", DOLLAR), call("r2", 0)
    await store.admit(paid, terms(paid, ALL_DAY))
    assert (await store.admit(free, terms(free, ALL_DAY))).refusal is None


async def test_an_overrun_is_posted_as_it_is_and_flagged(ledger: SqliteLedger, reader: SqliteReports) -> None:
    over, exact = call("r1", DOLLAR // 2), call("r2", 0)
    await ledger.admit(over, terms(over, ALL_DAY))
    await ledger.admit(exact, terms(exact, ALL_DAY))
    ledger.settle(ended(over, 3 * DOLLAR))
    ledger.settle(ended(exact, 0))
    await ledger.flush()
    [used] = await reader.budgets(standing_caps([ALL_DAY], START, UTC))
    assert used == Used(3 * DOLLAR, 0)
    flags = {entry.intent.request_id: entry.overrun_nano_usd for entry in await reader.recent(2)}
    assert flags == {"r1": 5 * DOLLAR // 2, "r2": 0}


async def test_a_call_budget_counts_all_attempts_of_the_request(store: SqliteLedger | MemoryLedger) -> None:
    budget = Budget(BudgetScope.ALL, None, BudgetWindow.CALL, DOLLAR)
    first = call("r1", DOLLAR * 6 // 10)
    again, other = replace(first, attempt=2), replace(first, request_id="r2")
    assert (await store.admit(first, terms(first, budget))).refusal is None
    assert "all spend, call" in reason(await store.admit(again, terms(again, budget)))
    assert (await store.admit(other, terms(other, budget))).refusal is None


async def test_a_session_budget_is_each_sessions_own(store: SqliteLedger | MemoryLedger) -> None:
    budget = Budget(BudgetScope.ALL, None, BudgetWindow.SESSION, DOLLAR)
    mine = [replace(call(f"m{n}", DOLLAR), session_id="mine", started_at=START + n * DAY) for n in range(2)]
    theirs = replace(call("t", DOLLAR), session_id="theirs")
    assert (await store.admit(mine[0], terms(mine[0], budget))).refusal is None
    assert "session" in reason(await store.admit(mine[1], terms(mine[1], budget)))
    assert (await store.admit(theirs, terms(theirs, budget))).refusal is None


async def test_a_tag_budget_counts_every_attempt_of_a_tagged_request(
    store: SqliteLedger | MemoryLedger,
) -> None:
    budget = Budget(BudgetScope.TAG, "client=acme", BudgetWindow.DAY, DOLLAR)
    first = replace(call("r1", DOLLAR // 2), tags=(("client", "acme"), ("team", "a")))
    again, last = replace(first, attempt=2), replace(first, attempt=3)
    other = replace(first, request_id="r2", tags=(("client", "other"),))
    assert (await store.admit(first, terms(first, budget))).refusal is None
    assert (await store.admit(again, terms(again, budget))).refusal is None
    assert "tag client=acme, day" in reason(await store.admit(last, terms(last, budget)))
    assert (await store.admit(other, terms(other, budget))).refusal is None
    store.settle(ended(again, 0))
    assert (await store.admit(last, terms(last, budget))).refusal is None


async def test_what_has_neither_cost_nor_hold_is_told_as_unknown(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    known, unknown = call("r1", DOLLAR), call("r2", None)
    for intent in (known, unknown):
        await ledger.admit(intent)
    ledger.settle(ended(unknown, None))
    await ledger.flush()
    [used] = await reader.budgets(standing_caps([ALL_DAY], START, UTC))
    assert used == Used(0, DOLLAR, unknown=1)


async def test_a_call_counts_in_the_day_it_was_admitted_on(store: SqliteLedger | MemoryLedger) -> None:
    [today] = calendar_days(START, UTC, 1)
    before, after = call("r1", DOLLAR, today.end - 1), call("r2", DOLLAR, today.end)
    assert (await store.admit(before, terms(before, ALL_DAY))).refusal is None
    assert (await store.admit(after, terms(after, ALL_DAY))).refusal is None
    again = call("r3", DOLLAR, today.end + 1)
    assert reason(await store.admit(again, terms(again, ALL_DAY))).startswith("budget `all spend, day`")


@dataclass(frozen=True)
class Admit:
    """A call asks to be admitted, some time after the last step, by a process that will or will not live."""

    bound: int | None
    session: str | None
    tier: str
    tagged: bool
    wait_ms: int
    again: bool
    """As the next attempt of the request before."""
    dies: bool


@dataclass(frozen=True)
class End:
    """One of the running calls ends: at a share of its bound, or with an outcome nobody knows."""

    which: int
    share: float | None


@dataclass(frozen=True)
class Grow:
    """One of the running calls needs more than is held for it."""

    which: int
    by: int


@dataclass(frozen=True)
class Crash:
    """The processes that die are dead, and somebody looks."""


admits = st.builds(
    Admit,
    bound=st.none() | st.integers(0, 600_000_000),
    session=st.sampled_from([None, "s1", "s2"]),
    tier=st.sampled_from(["T2", "T6"]),
    tagged=st.booleans(),
    wait_ms=st.sampled_from([0, 1, 60_000, HOUR_MS, 26 * HOUR_MS]),
    again=st.booleans(),
    dies=st.booleans(),
)
steps = st.lists(
    admits
    | st.builds(End, st.integers(0, 20), st.none() | st.floats(0, 1))
    | st.builds(Grow, st.integers(0, 20), st.integers(1, 600_000_000))
    | st.just(Crash()),
    min_size=4,
    max_size=40,
)
budgets = st.lists(
    st.builds(
        lambda scope, window, limit: Budget(scope[0], scope[1], window, limit),
        st.sampled_from(SCOPES),
        st.sampled_from(BudgetWindow),
        st.integers(0, 2 * DOLLAR),
    ),
    min_size=1,
    max_size=4,
)


WHOLE = [
    Cap("all", 0, 0, since_ms=0),
    Cap("tier", 0, 0, since_ms=0, column="tier", value="T2"),
    Cap("route", 0, 0, since_ms=START + HOUR_MS // 3, column="route", value="auto"),
    Cap("session", 0, 0, since_ms=0, column="session_id", value="s1"),
    Cap("tag", 0, 0, since_ms=0, tag=("client", "acme")),
    Cap("tag, a part of an hour", 0, 0, since_ms=START + HOUR_MS // 3, tag=("client", "acme")),
]
"""One of each kind, looked at whatever the budgets are."""


class World:
    """A ledger, a plain list of what should be in it, and the hand that moves both."""

    def __init__(self, connection: Connection, path: Path, budgets: list[Budget], zone: ZoneInfo) -> None:
        self.connection, self.path, self.budgets, self.zone = connection, path, budgets, zone
        self.now = START
        self.entries: list[Entry] = []
        self.dying: set[tuple[str, int]] = set()
        self.names = count(1)

    def take(self, step: Admit | End | Grow | Crash) -> None:
        running = [entry for entry in self.entries if entry.settlement is None]
        match step:
            case Admit():
                self._admit(step)
            case End() if running:
                intent = running[step.which % len(running)].intent
                held = intent.held_nano_usd
                if step.share is None:
                    self._end(ended(intent, None, held))
                else:
                    self._end(ended(intent, int((held or 0) * step.share)))
            case Grow() if running:
                self._grow(running[step.which % len(running)].intent, step.by)
            case Crash():
                for entry in running:
                    if (entry.intent.request_id, entry.intent.attempt) in self.dying:
                        self._forget(ended(entry.intent, None, entry.intent.held_nano_usd))
                sweep(self.connection, self.path, self.now)
            case _:
                pass

    def _admit(self, step: Admit) -> None:
        self.now += step.wait_ms
        last = self.entries[-1].intent if self.entries and step.again else None
        intent = replace(
            INTENT,
            request_id=last.request_id if last else f"r{next(self.names)}",
            attempt=last.attempt + 1 if last else 1,
            started_at=self.now,
            session_id=last.session_id if last else step.session,
            tier=step.tier,
            held_nano_usd=step.bound,
            estimate_nano_usd=step.bound,
            tags=last.tags if last else ((("client", "acme"),) if step.tagged else ()),
        )
        asked = caps(self.budgets, charge_of(intent), self.now, self.zone)
        with writing(self.connection):
            owner = DEAD if step.dies else this_process()
            admission = admit(self.connection, intent, Terms(caps=asked), owner)
        assert admission is not None
        used = [plain_sums.spent(self.entries, cap).nano for cap in asked]
        fits = [self._fits(cap, nano) for cap, nano in zip(asked, used, strict=True)]
        assert (admission.refusal is None) is all(fits)
        if admission.refusal is None:
            self.entries.append(Entry(intent, None))
            if step.dies:
                self.dying.add((intent.request_id, intent.attempt))
        self._agree(asked)

    def _grow(self, intent: Intent, by: int) -> None:
        charge = replace(charge_of(intent), bound_nano=by)
        asked = extra_caps(self.budgets, charge, intent.started_at, self.zone)
        hold = Hold((intent.held_nano_usd or 0) + by)
        place = (intent.request_id, intent.attempt)
        with writing(self.connection):
            admission = extend(self.connection, place, hold, asked)
        fits = [self._fits(cap, plain_sums.spent(self.entries, cap).nano) for cap in asked]
        assert (admission.refusal is None) is all(fits)
        if admission.refusal is None:
            larger = Entry(replace(intent, held_nano_usd=hold.bound_nano), None)
            self.entries = [larger if entry.intent == intent else entry for entry in self.entries]
        self._agree(asked)

    @staticmethod
    def _fits(cap: Cap, used: int) -> bool:
        return cap.amount_nano == 0 or (
            cap.amount_nano is not None and used + cap.amount_nano <= cap.limit_nano
        )

    def _agree(self, asked: tuple[Cap, ...]) -> None:
        """Nothing is above its cap, and the ledger's sums are those of the plain list."""
        for cap, used in zip(asked, spent(self.connection, asked), strict=True):
            assert used.nano <= cap.limit_nano
        everything = [*asked, *WHOLE]
        assert spent(self.connection, everything) == [
            plain_sums.spent(self.entries, cap) for cap in everything
        ]

    def _end(self, settlement: Settlement) -> None:
        with writing(self.connection):
            assert settle_row(self.connection, settled_row(settlement))
        self._forget(settlement)

    def _forget(self, settlement: Settlement) -> None:
        place = (settlement.request_id, settlement.attempt)
        self.entries = [
            replace(entry, settlement=settlement)
            if (entry.intent.request_id, entry.intent.attempt) == place
            else entry
            for entry in self.entries
        ]

    def rest(self) -> None:
        """Everything that runs ends."""
        for entry in [entry for entry in self.entries if entry.settlement is None]:
            self._end(ended(entry.intent, entry.intent.held_nano_usd or 0))
        assert spent(self.connection, WHOLE[:1])[0].held_nano == 0
        self._agree(())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
    return path


@settings(max_examples=150, deadline=None)
@given(budgets=budgets, steps=steps, zone=st.sampled_from(ZONES))
def test_posted_and_held_are_never_above_a_hard_cap_whatever_happens(
    template: Path, budgets: list[Budget], steps: list[Admit | End | Grow | Crash], zone: ZoneInfo
) -> None:
    path = template.with_name("used.db")
    for old in path.parent.glob("used.db*"):
        old.unlink()
    shutil.copy(template, path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        world = World(connection, path, budgets, zone)
        for step in steps:
            world.take(step)
        world.rest()


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        yield connection


@pytest.mark.parametrize("now", ["2026-03", "2026-10"])
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_days_of_a_month_add_up_to_the_month(connection: Connection, now: str, zone: ZoneInfo) -> None:
    year, month = map(int, now.split("-"))
    middle = round(datetime(year, month, 15, 12, tzinfo=zone).timestamp() * 1000)
    whole = calendar_month(middle, zone)
    with writing(connection):
        for at in range(whole.start - DAY, whole.end + DAY, STEP_MS):
            admit(connection, call(f"r{at}", 1, at), Terms(), DEAD)
    [monthly] = standing_caps([Budget(BudgetScope.ALL, None, BudgetWindow.MONTH, 1)], middle, zone)
    assert monthly.until_ms == whole.end
    [of_month], [after] = (
        spent(connection, [replace(monthly, since_ms=since)]) for since in (monthly.since_ms, whole.end)
    )
    days, midnight = [], whole.start
    while midnight < whole.end:
        [day] = calendar_days(midnight, zone, 1)
        starts = (day.start, day.end)
        [first], [second] = (spent(connection, [replace(monthly, since_ms=since)]) for since in starts)
        days.append(first.nano - second.nano)
        midnight = day.end
    assert midnight == whole.end
    assert sum(days) == of_month.nano - after.nano == len(range(whole.start, whole.end, STEP_MS))
    assert set(days) <= {15, 16, 17}


TOTAL = Cap("", 1, 1, since_ms=5 * HOUR_MS)
SESSION = ("session_id", "s1")
REQUEST = ("request_id", "r1")


@pytest.mark.parametrize(
    ("cap", "index"),
    [
        (TOTAL, "spend_rollup USING PRIMARY KEY"),
        (replace(TOTAL, column="tier", value="T2"), "spend_rollup USING PRIMARY KEY"),
        (replace(TOTAL, column="deployment", value="d"), "spend_rollup USING PRIMARY KEY"),
        (replace(TOTAL, tag=("a", "b")), "tag_hour USING PRIMARY KEY"),
        (
            replace(TOTAL, column="session_id", value="s1"),
            "token_spend_session (session_id=? AND started_at>?",
        ),
        (replace(TOTAL, within=SESSION), "token_spend_session (session_id=?"),
        (replace(TOTAL, column="deployment", value="d", within=SESSION), "token_spend_session (session_id=?"),
        (replace(TOTAL, within=REQUEST), "sqlite_autoindex_token_spend_1 (request_id=?"),
        (replace(TOTAL, column="deployment", value="d", within=REQUEST), "(request_id=?"),
    ],
)
def test_no_sum_reads_more_rows_than_it_must(connection: Connection, cap: Cap, index: str) -> None:
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    spent(connection, [cap])
    connection.set_trace_callback(None)
    sums = [query for query in asked if "budget_nano_usd" in query or "held_nano_usd" in query]
    plans = [
        next(str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {query}")) for query in sums
    ]
    narrow = ("token_spend_open", "token_spend_no_figure", "request_id=?", "session_id=?", index)
    assert any(index in plan for plan in plans)
    assert [plan for plan in plans if not any(name in plan for name in narrow)] == []
