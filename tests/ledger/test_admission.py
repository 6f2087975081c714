"""What every ledger asks again when an attempt is to start, on the file and in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from router.core.failures.classify import begun, cancelled, classify
from router.core.failures.exchange import Exchange
from router.core.records.admission import Lesson, Quota, RefusedBy, Terms, Unit
from router.core.records.diagnosis import Diagnosis
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.facts import HealthLearned
from router.core.records.health import Health, LearnedLimit, LimitKind, LimitSource
from router.core.records.usage import Usage
from router.core.settings.policy import Policy
from tests.ledger.samples import SCOPES, START, Book, intent, settlement

LEASE_MS = 65_000
TERMS = Terms(scopes=SCOPES, lease_ms=LEASE_MS)
LIMITED = classify(Exchange("x", status=429, headers={"retry-after": "7"}), START)
DEAD_KEY = classify(Exchange("x", status=401, error={"message": "no such key"}), START)
FINE = begun()
MINUTE = 60_000


def at(request_id: str, after_ms: int) -> Intent:
    """An attempt that starts so long after START."""
    return replace(intent(request_id), started_at=START + after_ms)


def ended(
    request_id: str, after_ms: int, diagnosis: Diagnosis, leased_at: int | None = None
) -> tuple[Settlement, Lesson]:
    """How an attempt ended, and what that taught; `leased_at` is when it took the slot of a probe."""
    status = EntryStatus.OK if diagnosis is FINE else EntryStatus.FAILED
    lease = None if leased_at is None else START + leased_at + LEASE_MS
    end = replace(settlement(request_id), settled_at=START + after_ms, status=status)
    return end, Lesson(SCOPES, diagnosis, Policy(), 0.0, lease)


async def rested(book: Book, diagnosis: Diagnosis = LIMITED) -> None:
    """Admit an attempt and let it fail at START."""
    assert (await book.ledger.admit(intent("first"), TERMS)).refusal is None
    book.ledger.settle(*ended("first", 0, diagnosis))


async def names(book: Book) -> list[str]:
    await book.ledger.flush()
    return sorted(entry.intent.request_id for entry in await book.reader.recent(100))


async def test_a_limit_a_minute_does_not_count_what_was_written_before_the_clock_was_set_back(
    book: Book,
) -> None:
    async def let_in(name: str, after_ms: int) -> bool:
        asked = at(name, after_ms)
        quota = Quota("2 requests a minute", Unit.REQUESTS, 2, 1, asked.started_at - MINUTE)
        return (await book.ledger.admit(asked, Terms(quotas=(quota,)))).refusal is None

    assert [await let_in(f"first {n}", minute * MINUTE) for n, minute in enumerate((0, 0, 8, 10, 10))] == [
        True
    ] * 5
    assert [await let_in(f"again {n}", n) for n in range(3)] == [True, True, False]
    assert [await let_in(f"later {n}", 7 * MINUTE + n) for n in range(3)] == [True, True, False]


async def test_a_limit_a_day_counts_all_of_its_day_though_the_clock_was_set_back(book: Book) -> None:
    day = Quota("1 request a day", Unit.REQUESTS, 1, 1, START, until_ms=START + 24 * 60 * MINUTE)
    await book.ledger.admit(at("next day", 25 * 60 * MINUTE))
    assert (await book.ledger.admit(at("ahead", 5 * 60 * MINUTE), Terms(quotas=(day,)))).refusal is None
    assert (await book.ledger.admit(at("set back", 0), Terms(quotas=(day,)))).refusal


async def test_a_scope_that_rests_refuses_until_its_rest_is_over(book: Book) -> None:
    await rested(book)
    admission = await book.ledger.admit(at("early", 6_999), TERMS)
    assert admission.refusal
    assert (admission.refusal.by, admission.refusal.until_ms) == (RefusedBy.HEALTH, START + 7_000)
    assert "cooling" in admission.refusal.reason
    assert admission.health["deployment:gemma"].state is Health.COOLING
    assert (await book.ledger.admit(at("late", 7_000), TERMS)).refusal is None


async def test_a_refused_admission_writes_nothing(book: Book) -> None:
    await rested(book)
    before = await names(book), await book.reader.version(), await book.reader.health()
    assert (await book.ledger.admit(at("refused", 1), TERMS)).refusal
    assert (await names(book), await book.reader.version(), await book.reader.health()) == before


async def test_one_of_many_callers_gets_the_probe_and_the_others_its_lease(book: Book) -> None:
    await rested(book)
    admissions = [await book.ledger.admit(at(f"r{n}", 7_000 + n), TERMS) for n in range(20)]
    assert [admission.refusal is None for admission in admissions] == [True] + [False] * 19
    assert admissions[0].health["deployment:gemma"].state is Health.PROBING
    assert admissions[19].refusal
    assert admissions[19].refusal.until_ms == START + 7_000 + LEASE_MS


async def test_a_probe_that_is_answered_brings_all_back_and_one_that_fails_rests_longer(book: Book) -> None:
    await rested(book)
    await book.ledger.admit(at("probe", 7_000), TERMS)
    book.ledger.settle(*ended("probe", 8_000, LIMITED, leased_at=7_000))
    await book.ledger.flush()
    again = (await book.reader.health())["deployment:gemma"]
    assert (again.state, again.until_ms, again.strikes) == (Health.COOLING, START + 15_000, 2)
    await book.ledger.admit(at("probe 2", 15_000), TERMS)
    book.ledger.settle(*ended("probe 2", 16_000, FINE, leased_at=15_000))
    assert (await book.ledger.admit(at("all", 16_001), TERMS)).refusal is None
    assert (await book.reader.health())["deployment:gemma"].state is Health.AVAILABLE


async def test_the_first_content_of_a_probe_is_enough(book: Book) -> None:
    await rested(book)
    await book.ledger.admit(at("probe", 7_000), TERMS)
    _, lesson = ended("probe", 7_500, FINE, leased_at=7_000)
    book.ledger.note(HealthLearned(lesson, START + 7_500))
    assert (await book.ledger.admit(at("next", 7_501), TERMS)).refusal is None


@pytest.mark.parametrize("diagnosis", [FINE, cancelled(), classify(Exchange("x", status=400), START)])
async def test_the_end_of_a_call_from_before_the_rest_neither_ends_it_nor_frees_the_probe(
    book: Book, diagnosis: Diagnosis
) -> None:
    await book.ledger.admit(intent("old"), TERMS)
    await rested(book)
    await book.ledger.admit(at("probe", 7_000), TERMS)
    book.ledger.settle(*ended("old", 7_100, diagnosis))
    refused = (await book.ledger.admit(at("third", 7_200), TERMS)).refusal
    assert refused
    assert "probed" in refused.reason


async def test_a_second_rest_never_shortens_the_first(book: Book) -> None:
    await book.ledger.admit(intent("other"), TERMS)
    await rested(book, classify(Exchange("x", status=429, headers={"retry-after": "100"}), START))
    book.ledger.settle(*ended("other", 10, LIMITED))
    await book.ledger.flush()
    assert (await book.reader.health())["deployment:gemma"].until_ms == START + 100_000


async def test_a_dead_key_is_out_for_an_hour_or_until_it_is_cleared(book: Book) -> None:
    await rested(book, DEAD_KEY)
    refused = (await book.ledger.admit(at("r", 3_599_000), TERMS)).refusal
    assert refused
    assert refused.until_ms is not None
    assert refused.until_ms >= START + 3_600_000
    await book.upkeep.clear_cooldowns({"credential:1"})
    assert (await book.ledger.admit(at("again", 1), TERMS)).refusal is None
    assert await book.reader.health() == {}


async def test_clearing_without_a_name_clears_everything(book: Book) -> None:
    await rested(book)
    await book.upkeep.clear_cooldowns()
    assert await book.reader.health() == {}


async def test_what_was_never_in_trouble_leaves_no_health_behind(book: Book) -> None:
    admission = await book.ledger.admit(intent("r"), TERMS)
    book.ledger.settle(*ended("r", 5, FINE))
    await book.ledger.flush()
    assert await book.reader.health() == {}
    assert {health.state for health in admission.health.values()} == {Health.AVAILABLE}


# Limits


def quota(unit: Unit, limit: int, now_ms: int, amount: int = 1, until_ms: int | None = None) -> Quota:
    return Quota(f"{limit} {unit}", unit, limit, amount, now_ms - MINUTE, until_ms)


async def start_all(book: Book, moments: Sequence[int], unit: Unit, limit: int) -> list[int]:
    """Ask to start at each of `moments` after START; return those that were let in."""
    started = []
    for n, moment in enumerate(moments):
        terms = Terms(quotas=(quota(unit, limit, START + moment),))
        if (await book.ledger.admit(at(f"r{n}", moment), terms)).refusal is None:
            started.append(moment)
    return started


async def test_nine_requests_a_minute_are_nine_in_any_minute(book: Book) -> None:
    started = await start_all(book, range(0, 180_000, 1_700), Unit.REQUESTS, 9)
    windows = [sum(start <= other <= start + MINUTE for other in started) for start in started]
    assert max(windows) == 9
    assert len(started) == 27


async def test_a_full_minute_says_when_its_first_place_is_free(book: Book) -> None:
    for n, moment in enumerate((0, 10_000)):
        await book.ledger.admit(at(f"r{n}", moment), Terms())
    terms = Terms(quotas=(quota(Unit.REQUESTS, 2, START + 20_000),))
    refused = (await book.ledger.admit(at("third", 20_000), terms)).refusal
    assert refused
    assert refused.by is RefusedBy.LIMIT
    assert refused.until_ms == START + 60_001
    later = Terms(quotas=(quota(Unit.REQUESTS, 2, START + 60_001),))
    assert (await book.ledger.admit(at("fourth", 60_001), later)).refusal is None


async def test_a_day_is_free_again_at_its_end(book: Book) -> None:
    await book.ledger.admit(intent("r1"), Terms())
    terms = Terms(quotas=(quota(Unit.REQUESTS, 1, START, until_ms=START + 5 * MINUTE),))
    refused = (await book.ledger.admit(at("r2", 1), terms)).refusal
    assert refused
    assert refused.until_ms == START + 5 * MINUTE


@pytest.mark.parametrize(
    ("status", "usage", "counted"),
    [
        (EntryStatus.OK, Usage(input_tokens=30, output_tokens=12), 42),
        (EntryStatus.FAILED, Usage(), 0),
        (EntryStatus.TRUNCATED, Usage(), 100),  # nobody knows: what was expected
        (EntryStatus.TRUNCATED, Usage(output_tokens=7), 7),
    ],
)
async def test_tokens_count_as_told_else_as_expected(
    book: Book, status: EntryStatus, usage: Usage, counted: int
) -> None:
    await book.book(
        replace(intent("r"), estimate_tokens=100), replace(settlement("r"), status=status, usage=usage)
    )
    for left, fits in ((1000 - counted, True), (1001 - counted, False)):
        terms = Terms(quotas=(quota(Unit.TOKENS, 1000, START, amount=left),))
        admission = await book.ledger.admit(at(f"try {fits}", 1), terms)
        assert (admission.refusal is None) is fits


async def test_a_running_attempt_counts_the_tokens_it_is_expected_to_take(book: Book) -> None:
    await book.ledger.admit(replace(intent("r"), estimate_tokens=600), Terms())
    terms = Terms(quotas=(quota(Unit.TOKENS, 1000, START + 30_000, amount=500),))
    refused = (await book.ledger.admit(at("s", 30_000), terms)).refusal
    assert refused
    assert refused.until_ms == START + 60_001


async def test_what_is_larger_than_its_limit_never_fits_and_says_so(book: Book) -> None:
    terms = Terms(quotas=(quota(Unit.TOKENS, 1000, START, amount=1500),))
    refused = (await book.ledger.admit(intent("r"), terms)).refusal
    assert refused
    assert refused.until_ms is None
    assert "1,500" in refused.reason


async def test_calls_at_once_are_limited_and_an_end_makes_place(book: Book) -> None:
    terms = Terms(quotas=(quota(Unit.PARALLEL, 2, START),))
    for name in ("a", "b"):
        assert (await book.ledger.admit(intent(name), terms)).refusal is None
    refused = (await book.ledger.admit(intent("c"), terms)).refusal
    assert refused
    assert refused.until_ms
    book.ledger.settle(settlement("a"))
    assert (await book.ledger.admit(intent("c"), terms)).refusal is None


async def test_limits_of_one_deployment_leave_another_alone(book: Book) -> None:
    await book.ledger.admit(intent("a"), Terms())
    terms = Terms(quotas=(quota(Unit.PARALLEL, 1, START), quota(Unit.REQUESTS, 1, START)))
    other = replace(intent("b"), deployment="another")
    assert (await book.ledger.admit(other, terms)).refusal is None


async def test_the_newest_limit_of_a_kind_and_source_is_kept(book: Book) -> None:
    told = LearnedLimit("gemma", LimitKind.RPM, 20, LimitSource.HEADER, START)
    tested = replace(told, value=12, source=LimitSource.STRESS, confidence=0.5)
    book.ledger.note(told)
    book.ledger.note(tested)
    book.ledger.note(replace(told, value=25, learned_at=START + 1))
    await book.ledger.flush()
    assert await book.reader.limits() == [replace(told, value=25, learned_at=START + 1), tested]
