"""What every ledger promises, on the file and in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.records.admission import Quota, Unit
from router.core.records.entries import EntryStatus
from router.core.records.facts import LimitExhausted
from router.core.records.health import ExhaustedLimit, TrackRecord
from router.core.records.history import Answered
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.usage import Usage
from router.errors import LedgerError
from router.ledger.memory import MemoryLedger
from router.ledger.sqlite.history import NEWEST
from tests.ledger.samples import ALL, DAY, INTENT, SETTLEMENT, START, Book, intent, settlement


async def test_an_admitted_attempt_is_read_back_as_an_open_entry(book: Book) -> None:
    await book.ledger.admit(INTENT)
    [entry] = await book.reader.recent(10)
    assert entry.intent == INTENT
    assert entry.settlement is None
    assert entry.status is EntryStatus.OPEN


async def test_a_settled_attempt_is_read_back_whole(book: Book) -> None:
    await book.book(INTENT, SETTLEMENT)
    [entry] = await book.reader.recent(10)
    assert (entry.intent, entry.settlement) == (INTENT, SETTLEMENT)


async def test_an_attempt_is_admitted_once(book: Book) -> None:
    await book.ledger.admit(INTENT)
    with pytest.raises(LedgerError, match="attempt 1 of request r1 is in the ledger"):
        await book.ledger.admit(replace(INTENT, tier="T9"))
    assert [entry.intent for entry in await book.reader.recent(10)] == [INTENT]


async def test_the_second_settlement_of_an_attempt_changes_nothing(book: Book) -> None:
    await book.book(INTENT, SETTLEMENT)
    book.ledger.settle(replace(SETTLEMENT, status=EntryStatus.FAILED, cost_nano_usd=999))
    await book.ledger.flush()
    [entry] = await book.reader.recent(10)
    assert entry.settlement == SETTLEMENT


async def test_a_settlement_of_an_attempt_nobody_admitted_makes_no_row(book: Book) -> None:
    book.ledger.settle(SETTLEMENT)
    await book.ledger.flush()
    assert await book.reader.recent(10) == []


async def test_the_version_moves_with_every_write_and_not_with_reads(book: Book) -> None:
    before = await book.reader.version()
    await book.ledger.admit(INTENT)
    admitted = await book.reader.version()
    await book.reader.recent(10)
    assert before != admitted == await book.reader.version()
    book.ledger.settle(SETTLEMENT)
    await book.ledger.flush()
    assert await book.reader.version() != admitted


async def test_recent_gives_the_newest_first_and_no_more_than_asked(book: Book) -> None:
    for name, started in [("old", 1), ("new", 3), ("middle", 2), ("new too", 3)]:
        await book.ledger.admit(replace(intent(name), started_at=started))
    names = [entry.intent.request_id for entry in await book.reader.recent(3)]
    assert names == ["new too", "new", "middle"]
    assert await book.reader.recent(0) == await book.reader.recent(-1) == []


async def test_totals_are_of_half_open_windows_in_the_order_asked(book: Book) -> None:
    for name, started in [("a", 10), ("b", 19), ("c", 20)]:
        await book.book(replace(intent(name), started_at=started), settlement(name))
    late, early, none = await book.reader.totals([Window(20, 30), Window(10, 20), Window(30, 40)])
    assert (late.attempts, early.attempts) == (1, 2)
    assert early.cost_nano_usd == 2 * 1_200
    assert none == Spend()


async def test_attempts_of_one_request_count_as_one_request(book: Book) -> None:
    await book.book(intent("r", 1), replace(settlement("r", 1), status=EntryStatus.FAILED, usage=Usage()))
    await book.book(intent("r", 2), settlement("r", 2))
    [spend] = await book.reader.totals([ALL])
    assert spend == Spend(2_400, 0, requests=1, attempts=2, usage=Usage(input_tokens=10, output_tokens=20))


async def test_an_unknown_cost_is_counted_apart_and_a_known_zero_is_not(book: Book) -> None:
    await book.book(intent("known"), settlement("known"))
    await book.book(intent("free"), replace(settlement("free"), cost_nano_usd=0))
    await book.book(intent("cut"), replace(settlement("cut"), cost_nano_usd=None))
    [spend] = await book.reader.totals([ALL])
    assert (spend.cost_nano_usd, spend.unknown_cost_attempts) == (1_200, 1)


async def test_a_running_attempt_is_counted_but_its_cost_is_not_unknown_yet(book: Book) -> None:
    await book.ledger.admit(INTENT)
    assert await book.reader.totals([ALL]) == [Spend(requests=1, attempts=1)]


@pytest.mark.parametrize(
    ("by", "key"),
    [
        (Dimension.TIER, "T2"),
        (Dimension.PROVIDER, "openrouter"),
        (Dimension.MODEL, "google/gemma"),
        (Dimension.DEPLOYMENT, "gemma-free"),
        (Dimension.TASK, "code_gen"),
        (Dimension.SESSION, "s1"),
    ],
)
async def test_a_breakdown_has_a_line_per_value_dearest_first(book: Book, by: Dimension, key: str) -> None:
    await book.book(replace(INTENT, task="code_gen", session_id="s1"), SETTLEMENT)
    other = replace(INTENT, request_id="r2", tier="T0", provider="x", model_requested="x", deployment="x")
    await book.book(other, replace(SETTLEMENT, request_id="r2", cost_nano_usd=1_300))
    dear, cheap = await book.reader.groups(ALL, by)
    assert dear.key == {Dimension.TIER: "T0", Dimension.TASK: None, Dimension.SESSION: None}.get(by, "x")
    assert dear.spend.cost_nano_usd == 1_300
    assert cheap == SpendGroup(key, Spend(1_200, 0, 1, 1, SETTLEMENT.usage))


async def test_a_breakdown_by_tag_has_a_line_per_tag_and_one_for_the_untagged(book: Book) -> None:
    await book.book(replace(intent("a"), tags=(("team", "x"), ("env", "prod"))), settlement("a"))
    await book.book(replace(intent("b"), tags=(("team", "x"),)), settlement("b"))
    await book.book(intent("c"), replace(settlement("c"), cost_nano_usd=1))
    lines = {line.key: line.spend.cost_nano_usd for line in await book.reader.groups(ALL, Dimension.TAG)}
    assert lines == {"team=x": 2_400, "env=prod": 1_200, None: 1}


async def test_a_breakdown_by_day_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match="totals"):
        await book.reader.groups(ALL, Dimension.DAY)


async def test_tags_belong_to_the_request_and_are_read_back_sorted(book: Book) -> None:
    await book.ledger.admit(replace(intent("r", 1), tags=(("b", "2"), ("a", "1"), ("b", "2"))))
    await book.ledger.admit(replace(intent("r", 2), tags=(("c", "3"),)))
    second, first = await book.reader.recent(2)
    assert second.intent.tags == first.intent.tags == (("a", "1"), ("b", "2"), ("c", "3"))


async def test_stats_tell_how_a_deployment_answered(book: Book) -> None:
    endings = [
        (EntryStatus.OK, 100),
        (EntryStatus.OK, 300),
        (EntryStatus.OK, 200),
        (EntryStatus.TRUNCATED, 900),
        (EntryStatus.FAILED, None),
        (EntryStatus.CANCELLED, 1),
    ]
    for n, (status, ttft) in enumerate(endings):
        await book.book(intent(f"r{n}"), replace(settlement(f"r{n}"), status=status, ttft_ms=ttft))
    await book.ledger.admit(intent("running"))
    assert await book.reader.deployment_stats(ALL) == {"gemma-free": DeploymentStats(5, 2, ttft_p50_ms=200)}
    assert await book.reader.deployment_stats(Window(START + 1, START + 2)) == {}


async def test_a_failed_stress_test_is_an_attempt_and_no_failure_of_live_calls(book: Book) -> None:
    await book.book(intent("live"), settlement("live"))
    for n, status in enumerate((EntryStatus.OK, EntryStatus.FAILED, EntryStatus.FAILED)):
        await book.book(
            replace(intent(f"r{n}"), source="stress"), replace(settlement(f"r{n}"), status=status)
        )
    [seen] = (await book.reader.deployment_stats(ALL)).values()
    assert (seen.attempts, seen.tests, seen.calls, seen.failures) == (4, 3, 1, 0)


async def test_a_track_record_is_of_live_calls_and_of_what_says_something(book: Book) -> None:
    endings: list[tuple[EntryStatus, str, str]] = [
        *[(EntryStatus.OK, "ok", "ask")] * 3,
        (EntryStatus.FAILED, "transient", "ask"),
        (EntryStatus.FAILED, "bad_request", "ask"),
        (EntryStatus.CANCELLED, "cancelled", "ask"),
        (EntryStatus.FAILED, "transient", "stress"),
        (EntryStatus.TRUNCATED, "transient", "ask"),
        *[(EntryStatus.OK, "ok", "ask")] * 7,
    ]
    for n, (status, failure, source) in enumerate(endings):
        sent = replace(intent(f"r{n}"), source=source, started_at=START + n)
        await book.book(sent, replace(settlement(f"r{n}"), status=status, failure_class=failure))
    await book.ledger.admit(intent("running"))
    records = await book.reader.track_records(["gemma-free", "never"])
    assert records == {"gemma-free": TrackRecord((True, False, False, *[True] * 7), None)}


async def test_a_closed_ledger_takes_nothing_more_and_closes_twice(book: Book) -> None:
    await book.ledger.aclose()
    await book.ledger.aclose()
    with pytest.raises(LedgerError, match="closed"):
        await book.ledger.admit(INTENT)
    with pytest.raises(LedgerError, match="closed"):
        book.ledger.settle(SETTLEMENT)


async def test_the_ledger_in_memory_refuses_when_told_to() -> None:
    ledger = MemoryLedger()
    ledger.refusal = LedgerError("there is no space left")
    with pytest.raises(LedgerError, match="no space"):
        await ledger.admit(INTENT)
    assert await ledger.recent(1) == []


async def test_what_is_full_is_told_by_its_later_end_and_forgotten_with_its_rest(book: Book) -> None:
    later = ExhaustedLimit("no requests left", START + 9_000)
    book.ledger.note(LimitExhausted("deployment:gemma", later))
    book.ledger.note(LimitExhausted("deployment:gemma", ExhaustedLimit("no tokens left", START + 5_000)))
    book.ledger.note(LimitExhausted("deployment:other", later))
    await book.ledger.flush()
    assert await book.reader.told_full() == {"deployment:gemma": later, "deployment:other": later}
    await book.upkeep.clear_cooldowns(["deployment:gemma"])
    assert await book.reader.told_full() == {"deployment:other": later}
    await book.upkeep.clear_cooldowns()
    assert await book.reader.told_full() == {}


async def test_a_quota_without_room_for_one_more_is_counted_full_until_it_frees(book: Book) -> None:
    await book.book(INTENT, SETTLEMENT)
    now_ms = START + 1_000
    minute = Quota("2 requests a minute", Unit.REQUESTS, 2, 1, now_ms - 60_000)
    day = Quota("30 tokens a day", Unit.TOKENS, 30, 1, 0, START + DAY)
    asked = {"gemma-free": [minute, day], "idle": [minute]}
    full = {"gemma-free": ExhaustedLimit("30 tokens a day", START + DAY)}
    assert await book.reader.counted_full(asked, now_ms) == full
    one = replace(minute, limit=1)
    found = await book.reader.counted_full({"gemma-free": [one]}, now_ms)
    assert found == {"gemma-free": ExhaustedLimit("2 requests a minute", START + 60_001)}


async def test_the_newest_counted_answers_of_each_deployment_are_told(book: Book) -> None:
    reported = replace(SETTLEMENT, usage_source="reported")
    for n in range(NEWEST + 5):
        asked = replace(intent(f"r{n}"), started_at=START + n, plain_input_tokens=n, task="chat")
        await book.ledger.admit(asked)
        book.ledger.settle(replace(reported, request_id=f"r{n}"))
    for name, end in (
        ("cut", replace(reported, status=EntryStatus.TRUNCATED)),
        ("guessed", replace(reported, usage_source=None)),
        ("half", replace(reported, usage=Usage(input_tokens=1))),
    ):
        await book.ledger.admit(replace(intent(name), started_at=START + 1_000))
        book.ledger.settle(replace(end, request_id=name))
    await book.ledger.admit(replace(intent("elsewhere"), deployment="other"))
    await book.ledger.flush()
    found = await book.reader.answered(["gemma-free", "nowhere"], START)
    assert found["nowhere"] == []
    assert found["gemma-free"] == [Answered("chat", n, 10, 20) for n in range(NEWEST + 4, 4, -1)]
    assert len((await book.reader.answered(["gemma-free"], START + NEWEST))["gemma-free"]) == 5


async def test_the_beginnings_that_were_sent_are_told_with_those_who_cached_them(book: Book) -> None:
    begun = replace(intent("plain"), prefix_fingerprint="a")
    await book.book(begun, settlement("plain"))
    cached = replace(settlement("cached"), usage=Usage(input_tokens=9, cache_write_tokens=8))
    await book.book(replace(begun, request_id="cached", deployment="keeper"), cached)
    await book.ledger.admit(replace(begun, request_id="running", prefix_fingerprint="b"))
    await book.ledger.admit(replace(begun, request_id="old", prefix_fingerprint="c", started_at=START - 1))
    await book.ledger.admit(intent("none"))
    assert await book.reader.prefixes(START) == {"a": frozenset({"keeper"}), "b": frozenset()}
