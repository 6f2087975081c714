"""The sums per hour and day are the rows added up: after anything that can happen, over any window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.money import CostSource
from router.core.records.admission import Cap, Used
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.records.history import Correction
from router.core.records.spend import Dimension, Spend, Window
from router.core.records.usage import Usage
from router.core.windows import HOUR_MS, calendar_days, calendar_month, span
from router.engine.clock import ManualClock
from router.ledger.private_files import prepare
from router.ledger.sqlite.adjustments import adjust
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing
from router.ledger.sqlite.queries import deployment_stats, groups, totals
from router.ledger.sqlite.reports import open_reports
from router.ledger.sqlite.rollup_tables import SPANS
from router.ledger.sqlite.rollups import differences, parts
from router.ledger.sqlite.rows import insert_intent, settle_row, settled_row
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.sweep import sweep
from tests.ledger import plain_sums
from tests.ledger.samples import INTENT, SETTLEMENT, START, beside_it, intent

DEAD = "another-boot 1 1 1"
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Amsterdam", "Asia/Kathmandu", "Australia/Lord_Howe")]
SPREAD_MS = 40 * 24 * HOUR_MS
GROUPED = [by for by in Dimension if by is not Dimension.DAY]


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        yield connection


@dataclass(frozen=True)
class Admitted:
    intent: Intent


@dataclass(frozen=True)
class Settled:
    settlement: Settlement


@dataclass(frozen=True)
class Swept:
    """The process died: what is open is closed as unknown."""


@dataclass(frozen=True)
class Adjusted:
    """What an attempt cost becomes known otherwise, again perhaps."""

    place: tuple[str, int]
    cost: int | None


Step = Admitted | Settled | Swept | Adjusted

places = st.tuples(st.sampled_from("abcd"), st.integers(1, 3))
amounts = st.none() | st.integers(0, 10**9)
intents = st.builds(
    lambda place, at, tier, task, held: replace(
        INTENT,
        request_id=place[0],
        attempt=place[1],
        started_at=START + at,
        tier=tier,
        deployment=f"on-{tier}",
        task=task,
        session_id=task,
        held_nano_usd=held,
        tags=(("team", tier),),
    ),
    places,
    st.integers(0, SPREAD_MS) | st.integers(0, 3 * HOUR_MS),
    st.sampled_from(["T0", "T1"]),
    st.sampled_from([None, "chat", "code_gen"]),
    amounts,
)
settlements = st.builds(
    lambda place, status, cost, budget, usage, ttft: replace(
        SETTLEMENT,
        request_id=place[0],
        attempt=place[1],
        status=status,
        cost_nano_usd=cost,
        budget_nano_usd=budget,
        usage=usage,
        ttft_ms=ttft,
    ),
    places,
    st.sampled_from([status for status in EntryStatus if status is not EntryStatus.OPEN]),
    amounts,
    amounts,
    st.builds(Usage, amounts, amounts, amounts, amounts, amounts, amounts),
    amounts,
)
histories = st.lists(
    st.builds(Admitted, intents) | st.builds(Settled, settlements) | st.just(Swept()), max_size=14
)
corrected = st.lists(
    st.builds(Admitted, intents)
    | st.builds(Settled, settlements)
    | st.just(Swept())
    | st.builds(Adjusted, places, amounts),
    max_size=14,
)
windows = st.builds(
    lambda start, length: Window(START + start, START + start + length),
    st.integers(-HOUR_MS, SPREAD_MS),
    st.integers(0, SPREAD_MS),
)


def live(connection: Connection, path: Path, history: Sequence[Step]) -> None:
    for step in history:
        match step:
            case Admitted(intent):
                insert_intent(connection, intent, DEAD)
            case Settled(settlement):
                settle_row(connection, settled_row(settlement))
            case Swept():
                sweep(connection, path, START + SPREAD_MS)
            case Adjusted(place, cost):
                adjust(connection, place, Correction(cost, CostSource.COMPUTED, "by hand"), START)


def remembered(history: Sequence[Step]) -> list[Entry]:
    """Return the entries that the same history leaves, sweeps apart, in the order they were written."""
    entries: dict[tuple[str, int], Entry] = {}
    for step in history:
        match step:
            case Admitted(intent):
                entries.setdefault((intent.request_id, intent.attempt), Entry(intent, None))
            case Settled(settlement):
                place = (settlement.request_id, settlement.attempt)
                if place in entries and entries[place].settlement is None:
                    entries[place] = Entry(entries[place].intent, settlement)
            case _:
                pass
    return list(entries.values())


@settings(max_examples=60, deadline=None)
@given(history=corrected)
def test_the_rollup_equals_the_rows_after_any_sequence(
    history: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rollup") / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection, path)
        live(connection, path, history)
        assert differences(connection) == []
        [(rows, booked)] = connection.execute(
            "SELECT count(*), coalesce(sum(coalesce(budget_nano_usd, held_nano_usd, 0)), 0) FROM token_spend "
            "WHERE status <> 'open'"
        )
        [(attempts, budget)] = connection.execute(
            "SELECT coalesce(sum(attempts), 0), coalesce(sum(budget_nano_usd), 0) FROM spend_rollup "
            "WHERE dimension = 'all' AND span = 'day'"
        )
        assert (attempts, budget) == (rows, booked)


@settings(max_examples=60, deadline=None)
@given(history=histories, window=windows)
def test_every_window_sums_to_what_its_rows_sum_to(
    history: list[Step], window: Window, tmp_path_factory: pytest.TempPathFactory
) -> None:
    history = [step for step in history if not isinstance(step, Swept)]
    entries = remembered(history)
    path = tmp_path_factory.mktemp("windows") / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection, path)
        live(connection, path, history)
        assert totals(connection, window) == plain_sums.totals(entries, window)
        for by in GROUPED:
            assert groups(connection, window, by) == plain_sums.groups(entries, window, by)
        assert deployment_stats(connection, window) == plain_sums.deployment_stats(entries, window)


@settings(max_examples=40, deadline=None)
@given(
    history=histories,
    zone=st.sampled_from(ZONES),
    now=st.integers(START, START + SPREAD_MS),
    days=st.integers(1, 35),
)
def test_local_days_add_up_to_their_period_in_any_zone(
    history: list[Step], zone: ZoneInfo, now: int, days: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("days") / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection, path)
        live(connection, path, history)
        single = calendar_days(now, zone, days)
        sums, whole = [totals(connection, day) for day in single], totals(connection, span(single))
    for field in ("cost_nano_usd", "unknown_cost_attempts", "requests", "attempts"):
        assert sum(getattr(day, field) for day in sums) == getattr(whole, field)


CHANGES = [
    ("Europe/Amsterdam", datetime(2026, 10, 31, 12, tzinfo=UTC), 31),
    ("Europe/Amsterdam", datetime(2027, 3, 31, 12, tzinfo=UTC), 31),
    ("Australia/Lord_Howe", datetime(2026, 10, 31, 1, tzinfo=UTC), 31),
    ("America/New_York", datetime(2026, 11, 30, 12, tzinfo=UTC), 30),
]
"""Months in which the clocks change, a moment of their last day, and their days."""


@pytest.mark.parametrize(("zone", "last", "days"), CHANGES)
@settings(max_examples=20, deadline=None)
@given(offsets=st.lists(st.integers(-2 * 24 * HOUR_MS, 33 * 24 * HOUR_MS), max_size=12))
def test_the_days_of_a_month_add_up_to_it_though_the_clocks_change(
    zone: str, last: datetime, days: int, offsets: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    now = round(last.timestamp() * 1000)
    month = calendar_month(now, ZoneInfo(zone))
    assert (month.end - month.start) % (24 * HOUR_MS) != 0
    path = tmp_path_factory.mktemp("month") / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection, path)
        for n, offset in enumerate(offsets):
            insert_intent(connection, replace(intent(f"r{n}"), started_at=month.start + offset), DEAD)
            settle_row(connection, settled_row(replace(SETTLEMENT, request_id=f"r{n}", cost_nano_usd=1 << n)))
        single = [totals(connection, day) for day in calendar_days(now, ZoneInfo(zone), days)]
        whole = totals(connection, month)
    within = [n for n, offset in enumerate(offsets) if 0 <= offset < month.end - month.start]
    assert sum(day.cost_nano_usd for day in single) == whole.cost_nano_usd == sum(1 << n for n in within)
    assert sum(day.attempts for day in single) == whole.attempts == len(within)


@given(windows)
def test_the_parts_of_a_window_meet_and_leave_less_than_a_quarter_of_rows_at_each_end(window: Window) -> None:
    cut = parts(window)
    assert all(before.end == after.start for before, after in pairwise(cut))
    assert [window.start, window.end] == ([cut[0].start, cut[-1].end] if cut else [window.start] * 2)
    for part in cut:
        if part.span == "row":
            assert part.end - part.start < 2 * SPANS["quarter"]
            assert part in {cut[0], cut[-1]}
        else:
            assert part.start % SPANS[part.span] == part.end % SPANS[part.span] == 0


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_local_day_needs_no_rows_at_all(zone: ZoneInfo) -> None:
    for day in calendar_days(START, zone, 400):
        assert {part.span for part in parts(day)} <= set(SPANS)


def test_a_changed_sum_is_found_and_named(connection: Connection) -> None:
    insert_intent(connection, INTENT, DEAD)
    settle_row(connection, settled_row(SETTLEMENT))
    connection.execute("UPDATE spend_rollup SET cost_nano_usd = 7 WHERE dimension = 'tier' AND span = 'hour'")
    assert differences(connection) == [f"tier T2 in the hour from {START - START % HOUR_MS}"]
    connection.execute("DELETE FROM spend_rollup")
    assert len(differences(connection)) == 7


def test_a_request_retried_past_midnight_counts_on_the_day_it_began(connection: Connection) -> None:
    midnight = START - START % (24 * HOUR_MS) + 24 * HOUR_MS
    insert_intent(connection, replace(intent("r", 1), started_at=midnight - 1), DEAD)
    insert_intent(connection, replace(intent("r", 2), started_at=midnight, tier="T5"), DEAD)
    before, after = Window(midnight - HOUR_MS, midnight), Window(midnight, midnight + HOUR_MS)
    assert totals(connection, before) == Spend(requests=1, attempts=1)
    assert totals(connection, after) == Spend(requests=0, attempts=1)
    [line] = groups(connection, after, Dimension.TIER)
    assert (line.key, line.spend.requests) == ("T5", 1)  # the first attempt on that tier


async def test_an_older_ledger_is_read_without_the_columns_it_lacks(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    await ledger.aclose()
    beside_it(
        path,
        "ALTER TABLE token_spend DROP COLUMN soft_held_nano_usd",
        "ALTER TABLE token_spend DROP COLUMN plain_input_tokens",
        "PRAGMA user_version = 7",
    )
    reader = await open_reports(path)
    soft = Cap("all spend, day", 10**9, 0, since_ms=0, hard=False)
    assert [entry.intent for entry in await reader.recent(1)] == [INTENT]
    assert await reader.budgets([soft]) == [Used(0, INTENT.held_nano_usd or 0)]
    assert await reader.answered([INTENT.deployment], 0) == {INTENT.deployment: []}
    await reader.aclose()


OLD_TRIGGERS = ("tag_hour_admitted", "tag_hour_settled", "tag_hour_tagged")
"""Made by migration 3, which is not undone here; 20 drops them."""


async def test_an_older_ledger_is_summed_from_its_rows_and_gets_its_sums_when_it_is_opened(
    path: Path, clock: ManualClock
) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    ledger.settle(SETTLEMENT)
    await ledger.admit(intent("open"))
    await ledger.aclose()
    stored = beside_it(path, "SELECT * FROM spend_rollup ORDER BY 1, 2, 3, 4")
    older = (
        *(f"DROP TABLE {table}" for table in ("spend_rollup", "lot_day", "paid_second", "paid_prompt")),
        *(f"CREATE TRIGGER {name} AFTER DELETE ON rating BEGIN SELECT 1; END" for name in OLD_TRIGGERS),
        "DELETE FROM _sqlite_migrations WHERE name IN ('m004_rollups', 'm020_sums_of_what_has_ended')",
        "PRAGMA user_version = 1",
    )
    beside_it(path, *older)
    reader = await open_reports(path)
    day = Window(START, START + HOUR_MS)
    from_rows = await reader.totals([day])
    await (await open_ledger(path, clock)).aclose()
    assert beside_it(path, "SELECT * FROM spend_rollup ORDER BY 1, 2, 3, 4") == stored
    assert await reader.totals([day]) == from_rows == [Spend(1_200, 0, 2, 2, SETTLEMENT.usage)]
    await reader.aclose()
