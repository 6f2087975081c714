"""One word for a deployment: what keeps it away, whether it is proven, whether it is weak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.health.standing import Standing, standing, weakness
from router.core.records.health import Health, TrackRecord

OK, BAD = True, False


@pytest.mark.parametrize(
    ("record", "word", "why"),
    [
        (TrackRecord(), Standing.NEW, None),
        (TrackRecord((OK,)), Standing.OK, None),
        (TrackRecord((BAD,)), Standing.WEAK, "the last call failed"),
        (TrackRecord((BAD, BAD, BAD)), Standing.WEAK, "all of the last 3 calls failed"),
        (TrackRecord((OK, BAD)), Standing.OK, None),
        (TrackRecord((OK, BAD, BAD)), Standing.WEAK, "2 of the last 3 calls failed"),
        (TrackRecord((OK,) * 5 + (BAD,) * 5), Standing.OK, None),
        (TrackRecord((OK,) * 4 + (BAD,) * 6), Standing.WEAK, "6 of the last 10 calls failed"),
        (TrackRecord((OK,), test_keeps=False), Standing.WEAK, "its last stress test says drop"),
        (TrackRecord((), test_keeps=False), Standing.WEAK, "its last stress test says drop"),
        (TrackRecord((), test_keeps=True), Standing.OK, None),
    ],
)
def test_who_may_be_asked_stands_by_its_record(record: TrackRecord, word: Standing, why: str | None) -> None:
    assert (standing(Health.AVAILABLE, record), weakness(record)) == (word, why)


@pytest.mark.parametrize(
    ("health", "off", "dropped", "full", "word"),
    [
        (Health.AVAILABLE, False, False, True, Standing.FULL),
        (Health.COOLING, False, False, False, Standing.COOLING),
        (Health.PROBING, False, False, True, Standing.PROBING),
        (Health.DISABLED, False, False, False, Standing.DOWN),
        (Health.AVAILABLE, False, True, False, Standing.DROPPED),
        (Health.DISABLED, True, True, False, Standing.OFF),
    ],
)
def test_what_keeps_it_away_is_said_first(
    health: Health, off: bool, dropped: bool, full: bool, word: Standing
) -> None:
    for record in (TrackRecord(), TrackRecord((OK,)), TrackRecord((BAD,))):
        assert standing(health, record, off=off, dropped=dropped, full=full) is word


@given(st.lists(st.booleans(), max_size=10), st.sampled_from([None, True, False]))
def test_nobody_whose_every_call_failed_is_ok(calls: list[bool], keeps: bool | None) -> None:
    word = standing(Health.AVAILABLE, TrackRecord(tuple(calls), keeps))
    assert (word is Standing.NEW) is (not calls and keeps is None)
    if calls and not any(calls):
        assert word is Standing.WEAK
