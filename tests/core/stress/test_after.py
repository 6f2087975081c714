"""What a run leaves behind: a learned limit, a history, a recommended change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from router.core.health.rate_limits import effective, run_rate
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.core.records.stress import Load, LoadPattern
from router.core.settings.deployments import Limits
from router.core.settings.edits import Drop, Restore, SetLimit
from router.core.stress.change import recommended
from router.core.stress.history import by_deployment, compare, is_structural
from router.core.stress.learned import learned_limit
from tests.configs import small_config
from tests.core.stress.samples import START, result, shots

RAMP = Load(LoadPattern.RAMP, 40)
DAY_MS = 86_400_000
NOON = START


def test_what_went_through_in_the_minute_before_the_first_429_is_the_limit() -> None:
    slow = shots("o" * 30 + "X", every_ms=5000)
    found = learned_limit("free", RAMP, slow)
    assert found is not None
    assert (found.kind, found.value, found.source) == (LimitKind.RPM, 11, LimitSource.STRESS)
    assert found.learned_at == slow[-1].started_ms
    sooner = learned_limit("free", Load(), shots("ooooXX"))
    assert sooner is not None
    assert sooner.value == 4
    assert sooner.confidence < found.confidence < 1


@pytest.mark.parametrize(
    ("load", "row", "rest_s"),
    [
        (Load(), "oooooo", None),
        (Load(), "XXX", 30.0),
        (Load(), "ooXX", 3600.0),
        (Load(LoadPattern.BURST, 6), "ooooXX", 30.0),
    ],
)
def test_nothing_is_learned_where_no_limit_of_a_minute_was_met(
    load: Load, row: str, rest_s: float | None
) -> None:
    assert learned_limit("free", load, shots(row, rest_s=rest_s)) is None


@pytest.mark.parametrize(("found", "used"), [(9, 7), (4, 3), (1, 1), (20, 16)])
def test_four_fifths_of_a_limit_that_a_test_met_are_used(found: int, used: int) -> None:
    learned = LearnedLimit("free", LimitKind.RPM, found, LimitSource.STRESS, START)
    assert run_rate(found) == used
    assert effective(Limits(), [learned], START).rpm == used
    told = replace(learned, source=LimitSource.HEADER)
    assert effective(Limits(), [told], START).rpm == found


def test_trouble_on_two_days_is_structural_and_a_pass_between_ends_it() -> None:
    today, yesterday = result("ttt", at_ms=NOON), result("ggg", at_ms=NOON - DAY_MS)
    passed = result("oooooo", at_ms=NOON - 3600_000)
    stopped = result("ooS", at_ms=NOON - 3600_000)
    assert is_structural([today, yesterday], UTC)
    assert is_structural([today, stopped, yesterday], UTC)
    assert not is_structural([today, replace(today, run_id="again")], UTC)
    assert not is_structural([today, passed, yesterday], UTC)
    assert not is_structural([], UTC)


def test_days_are_local() -> None:
    late, later = result("ttt", at_ms=NOON + 11 * 3600_000), result("ttt", at_ms=NOON + 13 * 3600_000)
    assert is_structural([later, late], UTC)
    assert not is_structural([later, late], ZoneInfo("Asia/Tokyo"))


def test_a_limit_that_lets_something_through_is_no_fault_that_lasts() -> None:
    limited = [result("ooooXX", at_ms=NOON), result("ooooXX", at_ms=NOON - DAY_MS)]
    nothing = [result("XXX", at_ms=NOON), result("XXX", at_ms=NOON - DAY_MS)]
    assert not is_structural(limited, UTC)
    assert is_structural(nothing, UTC)


def test_a_run_is_compared_with_the_one_before() -> None:
    now, before = result("oooooo", at_ms=NOON), result("ttt", at_ms=NOON - DAY_MS)
    runs = by_deployment([now, result("oooooo", name="other"), before])
    found = compare(runs["free"])
    assert (found.runs, found.kept, found.changed, found.slower_by_ms) == (2, 1, True, None)
    same = compare([replace(now, duration_p50_ms=1200), replace(now, duration_p50_ms=900)])
    assert (same.slower_by_ms, same.changed) == (300, False)
    with pytest.raises(ValueError, match="no run"):
        compare([])


def test_a_result_counts_what_its_letters_say() -> None:
    found = result("ooXte", load=Load(requests=5))
    assert (found.letters, found.sent) == ("ooXt!", 5)
    assert (found.ok, found.rate_limited, found.timeouts, found.errors) == (2, 1, 1, 1)
    assert (found.ttft_p50_ms, found.duration_p50_ms) == (301, 901)
    assert result("ttt").letters == "tttS"
    assert result("ooS").letters == "ooS"
    assert result("").letters == "S"


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("oooooo", None),
        ("ttt", Drop("free", "stress test: congested")),
        ("ggg", Drop("free", "stress test: gone")),
        ("ooooXX", SetLimit("free", "rpm", 3)),
        ("ccc", None),
        ("bbb", None),
        ("ooS", None),
    ],
)
def test_a_broken_backend_leaves_its_routes_and_a_limited_one_gets_its_limit(
    row: str, change: Drop | SetLimit | None
) -> None:
    assert recommended(result(row), small_config()) == change


def test_one_that_was_dropped_is_put_back_when_it_answers_again_and_not_dropped_twice() -> None:
    free = replace(small_config().deployments["free"], dropped="2026-11-20: gone")
    dropped = small_config(changes={"free": free})
    assert recommended(result("oooooo"), dropped) == Restore("free")
    auto = replace(dropped.routes["auto"], without={"free": "2026-11-20: gone"})
    assert recommended(result("ttt"), replace(dropped, routes={"auto": auto})) is None


def test_a_limit_that_is_already_written_is_no_change() -> None:
    free = small_config().deployments["free"]
    written = small_config(changes={"free": replace(free, limits=Limits(rpm=3))})
    assert recommended(result("ooooXX"), written) is None
