"""Whatever an order holds, it fails alone: the writer goes on, and nobody else's call loses its row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.records.admission import Cap, Hold, Terms
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.facts import AnswerDoubted, AnswerRated, LimitExhausted
from router.core.records.health import ExhaustedLimit
from router.core.records.usage import Usage
from router.core.settings.budgets import Guard
from router.engine.clock import ManualClock
from router.engine.ports import Ledger, SpendReader
from router.errors import LedgerError
from router.ledger.memory import MemoryLedger
from router.ledger.private_files import beside
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing
from router.ledger.sqlite.reports import SqliteReports
from tests.ledger.samples import INTENT, SETTLEMENT, Book, intent, settlement, statuses

T = TypeVar("T", Intent, Settlement, Usage)

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**63) - 1, 2**200, 10**15 + 1]),
    st.floats(),
    st.binary(max_size=20),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.sampled_from(["\udcff", "\ud83d", "\0", "a\0b", "'; DROP TABLE token_spend; --"]),
    st.just(["a list"]),
)


def odd(sample: T, *kept: str) -> st.SearchStrategy[T]:
    """Return samples with some fields replaced by anything; `kept` stay as they are."""
    names = [field.name for field in fields(sample) if field.name not in kept]
    changes = st.dictionaries(st.sampled_from(names), ODD, max_size=4)
    return changes.map(lambda changed: replace(sample, **changed))


TAGS = st.lists(st.tuples(ODD, ODD), max_size=2).map(tuple)
INTENTS = st.tuples(odd(INTENT, "tags"), TAGS).map(lambda pair: replace(pair[0], tags=pair[1]))
SETTLEMENTS = st.tuples(odd(SETTLEMENT, "usage"), odd(SETTLEMENT.usage)).map(
    lambda pair: replace(pair[0], usage=pair[1])
)
CAPS = st.tuples(st.sampled_from(["session_id", "tier", None]), ODD, ODD, ODD).map(
    lambda of: Cap("all spend", 10**12, of[2], since_ms=0, column=of[0], value=of[1], hard=bool(of[3]))
)
FACTS = st.one_of(
    st.tuples(ODD, ODD, ODD).map(lambda of: AnswerRated(of[0], of[1], of[2])),
    st.tuples(ODD, ODD).map(lambda of: AnswerDoubted(of[0], of[1])),
    st.tuples(ODD, ODD, ODD).map(lambda of: LimitExhausted(of[0], ExhaustedLimit(of[1], of[2]))),
)


async def goes_on(ledger: Ledger, reader: SpendReader, name: str) -> None:
    """Admit and settle a plain call, and find it again."""
    assert (await ledger.admit(intent(name))).refusal is None
    ledger.settle(settlement(name))
    await ledger.flush()
    assert statuses(await reader.recent(1 << 20))[name] is EntryStatus.OK


async def tried(action: Callable[[], Any]) -> None:
    """Do something that may be refused with a LedgerError, and with nothing else."""
    try:
        done = action()
        if asyncio.iscoroutine(done):
            await done
    except LedgerError:
        pass


@given(INTENTS, SETTLEMENTS, st.lists(CAPS, max_size=2), FACTS, ODD)
def test_nothing_an_order_holds_keeps_the_next_call_from_its_row(
    wanted: Intent, ended: Settlement, caps: list[Cap], fact: Any, place: Any
) -> None:
    async def asked() -> None:
        ledger = MemoryLedger()
        terms = Terms(caps=tuple(caps), guard=Guard())
        await tried(lambda: ledger.admit(wanted, terms))
        await tried(lambda: ledger.settle(ended))
        await tried(lambda: ledger.note(fact))
        await tried(lambda: ledger.extend((place, place), Hold(place, place), caps))
        await goes_on(ledger, ledger, "good")

    asyncio.run(asked())


@pytest.mark.parametrize("session", ["\udcff", "\ud83d half a pair", "x" * 100_000])
async def test_a_session_that_is_no_utf8_is_stored_in_another_form(book: Book, session: str) -> None:
    running = replace(intent("odd"), session_id=session)
    [cap] = [Cap("each session, day", 9_000, 5_000, since_ms=0, column="session_id", value=session)]
    assert (await book.ledger.admit(running, Terms(caps=(cap,), guard=Guard()))).refusal is None
    again = await book.ledger.admit(replace(running, attempt=2), Terms(caps=(cap,)))
    assert again.refusal is not None, "its budget does not count it"
    await goes_on(book.ledger, book.reader, "good")


async def test_an_order_that_cannot_be_written_fails_alone(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await ledger.admit(intent("running"))
    odd_moment: dict[str, Any] = {"started_at": "soon"}
    bad = replace(intent("bad"), **odd_moment)
    admissions = [
        asyncio.create_task(ledger.admit(each)) for each in (intent("before"), bad, intent("after"))
    ]
    await asyncio.sleep(0)  # all in one batch
    ledger.settle(settlement("running"))
    before, refused, after = await asyncio.gather(*admissions, return_exceptions=True)
    assert isinstance(refused, LedgerError)
    assert "nothing was sent" in refused.hint
    await ledger.flush()
    assert not isinstance(before, BaseException)
    assert not isinstance(after, BaseException)
    assert statuses(await reader.recent(9)) == {
        "running": EntryStatus.OK,
        "before": EntryStatus.OPEN,
        "after": EntryStatus.OPEN,
    }


async def test_a_writer_that_ends_is_started_again_and_what_it_held_is_spooled(
    path: Path, clock: ManualClock
) -> None:
    broken: list[bool] = []
    spooled: list[bytes] = []

    class Fragile(Connection):
        """Fails from some moment on with what no ledger expects."""

        def execute(self, sql: str, parameters: Any = ()) -> Any:
            if broken and sql.startswith("BEGIN"):
                raise RuntimeError("a bug")
            return super().execute(sql, parameters)

    def connect(path: Path) -> Connection:
        spooled.append(beside(path, ".spool").read_bytes() if broken else b"")
        broken.clear()
        return open_for_writing(path, factory=Fragile)

    ledger = await open_ledger(path, clock, connect=connect)
    await ledger.admit(intent("running"))
    broken.append(True)
    ledger.settle(settlement("running"))
    with suppress(LedgerError):  # in one batch with what was spooled, it says so
        await ledger.flush()
    await ledger.admit(intent("next"))
    await ledger.flush()
    assert b'"running"' in spooled[1]
    reader = SqliteReports(path)
    assert statuses(await reader.recent(5)) == {"running": EntryStatus.OK, "next": EntryStatus.OPEN}
    await reader.aclose()
    await ledger.aclose()
