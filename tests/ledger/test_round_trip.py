"""Whatever is handed in is read back, and nothing a provider sends can make a row unwritable."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from router.core.money import CostSource
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.records.usage import Usage
from router.ledger.private_files import prepare
from router.ledger.sqlite import queries
from router.ledger.sqlite.driver import Connection, open_for_writing
from router.ledger.sqlite.rows import insert_intent, settle_row, settled_row
from router.ledger.sqlite.schema import migrate
from tests.ledger.samples import INTENT, SETTLEMENT

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
AMOUNT = st.integers(-(10**15), 10**15)
COUNT = st.none() | st.integers(0, 10**12)

INTENTS = st.builds(
    Intent,
    request_id=TEXT,
    attempt=st.integers(1, 9),
    started_at=st.integers(0, 10**14),
    source=TEXT,
    route=TEXT,
    tier=TEXT,
    deployment=TEXT,
    provider=TEXT,
    model_requested=TEXT,
    billing=TEXT,
    session_id=st.none() | TEXT,
    task=st.none() | TEXT,
    held_nano_usd=st.none() | AMOUNT,
    rates_json=st.none() | TEXT,
    why_json=st.none() | TEXT,
    tags=st.lists(st.tuples(TEXT, TEXT), max_size=4, unique=True).map(sorted).map(tuple),
)
SETTLEMENTS = st.builds(
    Settlement,
    request_id=st.just(""),
    attempt=st.just(0),
    settled_at=st.integers(0, 10**14),
    status=st.sampled_from([status for status in EntryStatus if status is not EntryStatus.OPEN]),
    failure_class=TEXT,
    http_status=st.none() | st.integers(100, 599),
    usage=st.builds(Usage, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT),
    usage_raw_json=st.none() | TEXT,
    cost_nano_usd=st.none() | AMOUNT,
    cost_source=st.sampled_from(CostSource),
    budget_nano_usd=st.none() | AMOUNT,
    ttft_ms=st.none() | st.integers(0, 10**9),
    finish_reason=st.none() | TEXT,
)


def booked(intent: Intent, settlement: Settlement) -> Entry:
    """Write one row into a new ledger and read it."""
    with TemporaryDirectory() as directory, closing(new_ledger(Path(directory) / "ledger.db")) as connection:
        assert insert_intent(connection, intent, "owner")
        assert settle_row(connection, settled_row(settlement))
        [entry] = queries.recent(connection, 2)
        return entry


def new_ledger(path: Path) -> Connection:
    prepare(path)
    connection = open_for_writing(path)
    migrate(connection, path)
    connection.execute("BEGIN")
    return connection


@given(INTENTS, SETTLEMENTS)
def test_every_intent_and_settlement_is_read_back_as_it_was(intent: Intent, settlement: Settlement) -> None:
    settlement = replace(settlement, request_id=intent.request_id, attempt=intent.attempt)
    assert booked(intent, settlement) == Entry(intent, settlement)


def test_half_a_surrogate_pair_from_a_provider_is_kept_as_its_escape() -> None:
    entry = booked(INTENT, replace(SETTLEMENT, finish_reason="stop\ud800"))
    assert entry.settlement is not None
    assert entry.settlement.finish_reason == "stop\\ud800"


def test_a_count_that_cannot_be_true_is_unknown() -> None:
    entry = booked(INTENT, replace(SETTLEMENT, usage=Usage(input_tokens=10**30, output_tokens=5)))
    assert entry.settlement is not None
    assert entry.settlement.usage == Usage(input_tokens=None, output_tokens=5)


def test_words_of_a_newer_cockpit_are_read_as_unknown(tmp_path: Path) -> None:
    with closing(new_ledger(tmp_path / "ledger.db")) as connection:
        insert_intent(connection, INTENT, "owner")
        settle_row(connection, settled_row(SETTLEMENT))
        connection.execute("UPDATE token_spend SET status = 'batched', cost_source = 'barter'")
        [entry] = queries.recent(connection, 1)
    assert entry.settlement is not None
    assert (entry.status, entry.settlement.cost_source) == (EntryStatus.UNKNOWN, CostSource.UNKNOWN)
