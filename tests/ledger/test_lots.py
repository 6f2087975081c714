"""Repricing lots is repricing the rows one by one, whatever the price does with sizes and hours."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.cost.cost import list_cost
from router.core.cost.price_config import price_from_config
from router.core.money import CostSource
from router.core.records.entries import EntryStatus
from router.core.records.history import Correction, Divisions, Lot
from router.core.records.spend import Window
from router.core.reports.lots import at_price, divisions
from router.core.usage import Usage, UsageReading
from router.ledger.sqlite.adjustments import adjust
from router.ledger.sqlite.driver import Connection, connect
from router.ledger.sqlite.history import lots, prefix_uses, subscribed
from router.ledger.sqlite.rows import insert_intent, settle_row, settled_row
from router.ledger.sqlite.schema import SUMS_SINCE, migrate
from tests.ledger.samples import ALL, SETTLEMENT, START, intent, settlement

PRICE = price_from_config(
    {
        "input_mtok": "3",
        "output_mtok": "15",
        "cache_read_mtok": "0.3",
        "tiers": [
            {"above_input_tokens": 1_000, "input_mtok": "6", "output_mtok": "22"},
            {"from_input_tokens": 2_000, "input_mtok": "7"},
        ],
        "schedule": [
            {"utc_from": "16:30", "utc_to": "00:30", "input_mtok": "1", "output_mtok": "5"},
            {"weekdays": [6, 7], "utc_from": "08:00", "utc_to": "09:00", "input_mtok": "2"},
        ],
        "request_usd": "0.001",
    }
)
"""In whole nano-dollars a token, so that rounding once or per call is the same."""
WEEK_MS = 7 * 24 * 3_600_000

calls = st.lists(
    st.tuples(
        st.integers(0, WEEK_MS) | st.sampled_from([59_400_000, 1_800_000, 28_800_000]),
        st.integers(1, 3_000) | st.sampled_from([999, 1_000, 1_001, 1_999, 2_000, 2_001]),
        st.integers(0, 500),
    ),
    max_size=12,
)


def opened() -> Connection:
    connection = connect(":memory:", isolation_level=None)
    migrate(connection, Path("in-memory"))
    return connection


@settings(max_examples=80, deadline=None)
@given(calls)
def test_the_lots_of_a_window_cost_what_its_rows_cost_one_by_one(made: list[tuple[int, int, int]]) -> None:
    with closing(opened()) as connection:
        expected = 0
        for n, (after_ms, tokens_in, tokens_out) in enumerate(made):
            usage = Usage(input_tokens=tokens_in, cache_read_tokens=tokens_in // 3, output_tokens=tokens_out)
            insert_intent(connection, intent(f"r{n}"), "owner")
            ended = replace(settlement(f"r{n}"), settled_at=START + after_ms, usage=usage)
            settle_row(connection, settled_row(ended))
            expected += list_cost(UsageReading(usage), PRICE, START + after_ms).nano or 0
        found = lots(connection, ALL, divisions([PRICE, None]))
        assert sum(at_price(lot, PRICE) or 0 for lot in found) == expected
        assert sum(lot.attempts for lot in found) == sum(lot.requests for lot in found) == len(made)
        assert sum(lot.cost_nano_usd or 0 for lot in found) == 1_200 * len(made)


DAY_MS = 24 * 3_600_000
days = st.lists(
    st.tuples(
        st.integers(0, 4 * DAY_MS),
        st.sampled_from([None, 5, 127_999, 128_000, 128_001, 300_000]),
        st.sampled_from([None, "chat"]),
        st.sampled_from(list(CostSource)),
        st.none() | st.integers(0, 10**6),
        st.integers(1, 2),
    ),
    max_size=14,
)


@settings(max_examples=80, deadline=None)
@given(
    days,
    st.integers(0, 2 * DAY_MS),
    st.integers(0, 4 * DAY_MS),
    st.sampled_from([(), (128_000,), (128_001, 272_000), (77,)]),
    st.lists(st.tuples(st.integers(0, 13), st.none() | st.integers(0, 10**6)), max_size=3),
)
def test_the_lots_of_whole_days_are_those_of_their_rows(
    made: list[tuple[int, int | None, str | None, CostSource, int | None, int]],
    after_ms: int,
    length_ms: int,
    sizes: tuple[int, ...],
    corrections: list[tuple[int, int | None]],
) -> None:
    window, divided = Window(START + after_ms, START + after_ms + length_ms), Divisions(sizes)
    with closing(opened()) as connection:
        for n, (at, tokens, task, source, cost, attempt) in enumerate(made):
            begun = replace(intent(f"r{n // 2}", attempt), started_at=START + at, task=task)
            insert_intent(connection, begun, "owner")
            usage = Usage(input_tokens=tokens, cache_read_tokens=cost, output_tokens=7)
            ended = replace(SETTLEMENT, usage=usage, cost_source=source, cost_nano_usd=cost)
            settle_row(
                connection,
                settled_row(
                    replace(ended, request_id=begun.request_id, attempt=attempt, list_cost_nano_usd=cost)
                ),
            )
        for n, cost in corrections:
            source = CostSource.UNKNOWN if cost is None else CostSource.COMPUTED
            adjust(connection, (f"r{n // 2}", 1), Correction(cost, source, "by hand"), START)
        summed = comparable(lots(connection, window, divided)), subscribed(connection, window)
        connection.execute(f"PRAGMA user_version = {SUMS_SINCE - 1}")
        assert summed == (comparable(lots(connection, window, divided)), subscribed(connection, window))


def comparable(found: list[Lot]) -> list[str]:
    """Return lots without what is said of one of their rows."""
    return sorted(str(replace(lot, input_tokens=0, when_ms=0)) for lot in found)


def test_without_thresholds_or_hours_a_task_at_a_deployment_is_one_lot() -> None:
    with closing(opened()) as connection:
        for n in range(5):
            insert_intent(connection, intent(f"r{n}"), "owner")
            settle_row(connection, settled_row(settlement(f"r{n}")))
        insert_intent(connection, intent("open"), "owner")
        [lot] = lots(connection, ALL, divisions([price_from_config({"input_mtok": "1", "output_mtok": "1"})]))
    assert (lot.attempts, lot.usage, lot.cost_nano_usd) == (
        5,
        Usage(input_tokens=50, output_tokens=100),
        6_000,
    )


@pytest.mark.parametrize(
    ("source", "usage", "cost"),
    [
        (CostSource.NOT_BILLED, Usage(), 0),  # never reached anybody: costs nothing elsewhere either
        (CostSource.FREE, Usage(), None),  # was answered, nobody counted
        (CostSource.UNKNOWN, Usage(input_tokens=5), None),
    ],
)
def test_what_has_no_counts_is_unknown_unless_it_was_never_billed(
    source: CostSource, usage: Usage, cost: int | None
) -> None:
    with closing(opened()) as connection:
        insert_intent(connection, intent("r"), "owner")
        ended = replace(settlement("r"), status=EntryStatus.FAILED, usage=usage, cost_source=source)
        settle_row(connection, settled_row(ended))
        [lot] = lots(connection, ALL, divisions([PRICE]))
    assert at_price(lot, PRICE) == cost


def test_a_prefix_is_read_when_it_comes_again_within_five_minutes() -> None:
    minutes = [0, 4, 9, 15, 16]  # 4 after 0 and 9 after 4 and 16 after 15 would have been read
    with closing(opened()) as connection:
        for n, minute in enumerate(minutes):
            begun = replace(intent(f"r{n}"), started_at=START + minute * 60_000, prefix_fingerprint="p")
            insert_intent(connection, begun, "owner")
            usage = Usage(input_tokens=1_500 - n, output_tokens=1)
            settle_row(connection, settled_row(replace(settlement(f"r{n}"), usage=usage)))
        [use] = prefix_uses(connection, ALL)
    assert (use.calls, use.reads, use.prefix_tokens, use.fingerprint) == (5, 3, 1_496, "p")
