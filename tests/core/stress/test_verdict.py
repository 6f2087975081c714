from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange, Fault
from router.core.failures.exchange import StreamEnd as BodyEnd
from router.core.records.entries import EntryStatus
from router.core.records.stress import Cause, Load, LoadPattern
from router.core.stress.shots import ShotEnd, end_of, rest_asked
from router.core.stress.verdict import judge, unfinished
from tests.core.stress.samples import ENDS, START, shots

RAMP, BURST = Load(LoadPattern.RAMP, 40), Load(LoadPattern.BURST, 10)


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("oooooX", Cause.RATE_LIMITED),
        ("ooooXX", Cause.RATE_LIMITED),
        ("XXX", Cause.RATE_LIMITED),
        ("tttooo", Cause.CONGESTED),
        ("ttt", Cause.CONGESTED),
        ("vvv", Cause.CONGESTED),
        ("tvootv", Cause.CONGESTED),
        ("ottooo", Cause.FLAKY),
        ("oeoeoe", Cause.FLAKY),
        ("eee", Cause.FLAKY),
        ("ggg", Cause.GONE),
        ("ooooog", Cause.GONE),
        ("ogogoo", Cause.FLAKY),
        ("ccc", Cause.CREDENTIALS),
        ("obbb", Cause.BILLING),
        ("uuu", Cause.UNREACHABLE),
        ("ouuoou", Cause.FLAKY),
    ],
)
def test_a_target_that_fails_is_dropped_for_a_cause(row: str, cause: Cause) -> None:
    verdict = judge(Load(), shots(row))
    assert verdict is not None
    assert (verdict.word, verdict.cause) == ("drop", cause)
    assert verdict.evidence


def test_only_a_target_that_answers_everything_in_time_is_kept() -> None:
    verdict = judge(Load(), shots("oooooo"))
    assert verdict is not None
    assert (verdict.word, verdict.cause) == ("keep", Cause.HEALTHY)
    assert verdict.evidence == "6 of 6 answered, median 0.90 s, slowest 0.91 s"


@given(st.text("".join(ENDS), min_size=1, max_size=6))
def test_whatever_happens_keep_means_that_all_were_answered(row: str) -> None:
    verdict = judge(Load(), shots(row))
    assert (verdict is not None and verdict.keep) == (row == "oooooo")


def test_a_target_stopped_before_anything_was_wrong_has_no_verdict() -> None:
    assert judge(Load(), shots("ooS")) is None
    assert judge(Load(), shots("")) is None
    assert unfinished(Load(), shots("ooS")) == "stopped after 2 of 6, all answered"
    failed = judge(Load(), shots("otttS"))
    assert failed is not None
    assert failed.cause is Cause.CONGESTED


def test_a_ramp_that_meets_the_limit_has_found_what_it_was_after() -> None:
    verdict = judge(RAMP, shots("oooooX"))
    assert verdict is not None
    assert (verdict.keep, verdict.cause) == (True, Cause.RATE_LIMITED)
    assert verdict.evidence == "5 went through in 5 s, then it answered 429 and asked to wait 30 s"
    late = judge(RAMP, shots("ootX"))
    assert late is not None
    assert not late.keep
    never = judge(RAMP, shots("X"))
    assert never is not None
    assert not never.keep


def test_a_burst_tells_how_many_at_once_were_answered() -> None:
    verdict = judge(BURST, shots("ooooooXXXX"))
    assert verdict is not None
    assert verdict.keep
    assert verdict.evidence == "6 of 10 at once were answered, the others got 429"


@pytest.mark.parametrize(
    ("exchange", "end"),
    [
        (Exchange("x", status=200, content_seen=True, finish_reason="stop"), ShotEnd.OK),
        (Exchange("x", status=429), ShotEnd.RATE_LIMITED),
        (Exchange("x", status=429, error={"error": {"code": "slow_down"}}), ShotEnd.RATE_LIMITED),
        (Exchange("x", status=404, error="x"), ShotEnd.GONE),
        (Exchange("x", status=401, error="x"), ShotEnd.CREDENTIALS),
        (Exchange("x", status=404, text="404 page not found"), ShotEnd.UNREACHABLE),
        (Exchange("x", status=402), ShotEnd.BILLING),
        (Exchange("x", status=503), ShotEnd.OVERLOADED),
        (Exchange("x", status=500), ShotEnd.ERROR),
        (Exchange("x", status=200, content_seen=True, end=BodyEnd.RESET), ShotEnd.ERROR),
        (Exchange("x", status=200, content_seen=True, end=BodyEnd.HANG), ShotEnd.TIMEOUT),
        (Exchange("x", fault=Fault.READ_TIMEOUT_AFTER_SENT), ShotEnd.TIMEOUT),
        (Exchange("x", fault=Fault.CONNECT_TIMEOUT), ShotEnd.TIMEOUT),
        (Exchange("x", fault=Fault.DNS_FAILURE), ShotEnd.UNREACHABLE),
        (Exchange("x", fault=Fault.CONNECT_REFUSED), ShotEnd.UNREACHABLE),
        (Exchange("x", fault=Fault.TLS_VERIFY_FAILED), ShotEnd.UNREACHABLE),
    ],
)
def test_an_exchange_is_sorted_by_what_it_says_of_the_target(exchange: Exchange, end: ShotEnd) -> None:
    status = EntryStatus.OK if end is ShotEnd.OK else EntryStatus.FAILED
    assert end_of(status, classify(exchange, START), exchange) is end


def test_an_answer_cut_at_its_length_is_an_answer() -> None:
    cut = Exchange("x", status=200, content_seen=True, reasoning_only=True, finish_reason="length")
    assert end_of(EntryStatus.OK, classify(cut, START), cut) is ShotEnd.OK


def test_only_a_rest_the_server_asked_for_is_told() -> None:
    asked = classify(Exchange("x", status=429, headers={"retry-after": "7"}), START)
    guessed = classify(Exchange("x", status=429), START)
    assert (rest_asked(asked), rest_asked(guessed)) == (7, None)
