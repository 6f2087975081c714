"""The classifier against every saved case, each rule of it against its removal, and anything at all."""

from __future__ import annotations

import inspect
import json
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.failures import error_body
from router.core.failures.classify import cancelled, classify, internal
from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.failures.finish_reasons import KNOWN
from router.core.failures.rules import FailureRule
from router.core.failures.table import RULES
from router.core.records.diagnosis import Action, Diagnosis, FailureClass, HealthScope, Lacking, LedgerOutcome
from router.core.settings.secret import Secret
from router.providers.saved_answers import parse, play

NOW_MS = 1_795_348_800_000
"""2026-11-22T12:00:00Z, the moment all cases are judged at."""
CASES_FILE = Path(__file__).parents[2] / "data" / "faults.jsonl"


@dataclass(frozen=True)
class SavedCase:
    id: str
    exchange: Exchange
    expected: Mapping[str, object]
    rest: Mapping[str, object]


def _cases() -> list[SavedCase]:
    lines = CASES_FILE.read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    return [
        SavedCase(case["id"], play(parse(line)), case, case["cooldown_expectation"])
        for case, line in zip(cases, lines, strict=True)
    ]


def _near_the_window(name: str, share: float | None, expected: FailureClass, action: Action) -> SavedCase:
    """A refusal nobody knows, of a request that fills a share of its window: no saved answer can say that."""
    exchange = Exchange("any", status=400, error={"message": "nope", "type": "x"}, input_share=share)
    rest = {"scope": "none", "min_s": None, "max_s": None, "until": None, "derived_from": "none"}
    said = {"expected_class": expected, "expected_action": action, "ledger_expectation": "void"}
    return SavedCase(name, exchange, said, {**rest, "counts_toward_breaker": False})


CASES = [
    *_cases(),
    _near_the_window("near-the-window", 0.7, FailureClass.BAD_REQUEST, Action.FALL_OVER_IF_CAPABLE),
    _near_the_window("far-from-the-window", 0.69, FailureClass.BAD_REQUEST, Action.RETURN_TO_CALLER),
]


def _named(case: SavedCase) -> str:
    return case.id


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_a_saved_answer_means_what_its_case_says(case: SavedCase) -> None:
    found = classify(case.exchange, NOW_MS)
    assert (found.failure_class, found.action, found.ledger) == (
        case.expected["expected_class"],
        case.expected["expected_action"],
        case.expected["ledger_expectation"],
    )
    assert found.counts_toward_breaker is case.rest["counts_toward_breaker"]


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_a_saved_answer_rests_as_long_as_its_case_says(case: SavedCase) -> None:
    cooldown = classify(case.exchange, NOW_MS).cooldown
    assert cooldown.scope == case.rest["scope"]
    assert cooldown.derived_from.startswith(str(case.rest["derived_from"]))
    lowest, highest = case.rest["min_s"], case.rest["max_s"]
    if isinstance(lowest, int | float) and isinstance(highest, int | float):
        assert cooldown.seconds is not None
        assert lowest <= cooldown.seconds <= highest
    if case.rest["until"] is not None:
        assert cooldown.until == case.rest["until"]
    if case.rest["until"] in (None, "config_change") and lowest is None:
        assert cooldown.seconds is None


def _essence(found: Diagnosis) -> Diagnosis:
    """Everything that has a consequence: the evidence names the rule, so it always changes."""
    return replace(found, evidence="")


@cache
def _judged() -> list[tuple[str, SavedCase, Diagnosis]]:
    found = [(case, classify(case.exchange, NOW_MS)) for case in CASES]
    return [(judged.evidence.split(";")[0], case, _essence(judged)) for case, judged in found]


def _decided_by(rule: FailureRule) -> list[tuple[SavedCase, Diagnosis]]:
    """The cases that a rule decides: no other can miss it."""
    return [(case, found) for name, case, found in _judged() if name == rule.name]


@pytest.mark.parametrize("rule", RULES[:-1], ids=lambda rule: rule.name)
def test_each_rule_is_missed_by_some_case_when_it_is_taken_out(rule: FailureRule) -> None:
    without = [other for other in RULES if other is not rule]
    assert any(
        _essence(classify(case.exchange, NOW_MS, without)) != found for case, found in _decided_by(rule)
    )


NEVER = r"(?!)"
"""A pattern that nothing fits."""


def _alternatives(pattern: str) -> list[str]:
    """Cut a pattern at the bars that stand outside of its groups."""
    pieces, depth = [""], 0
    for sign in pattern:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            pieces.append("")
        else:
            pieces[-1] += sign
    return pieces


def _shortened() -> list[tuple[str, FailureRule, FailureRule]]:
    """Every rule without one of the words or texts it knows."""
    found = []
    for rule in RULES:
        words, text = (_alternatives(pattern) if pattern else [] for pattern in (rule.words, rule.text))
        found += [(f"{rule.name}: {one}", rule, replace(rule, words=_without(words, one))) for one in words]
        found += [(f"{rule.name}: {one}", rule, replace(rule, text=_without(text, one))) for one in text]
    return found


def _without(pieces: list[str], one: str) -> str:
    return "|".join(piece for piece in pieces if piece != one) or NEVER


SHORTENED = _shortened()


@pytest.mark.parametrize(("rule", "short"), [row[1:] for row in SHORTENED], ids=[row[0] for row in SHORTENED])
def test_each_wording_of_a_rule_is_missed_by_some_case(rule: FailureRule, short: FailureRule) -> None:
    rules = [short if other is rule else other for other in RULES]
    assert any(_essence(classify(case.exchange, NOW_MS, rules)) != found for case, found in _decided_by(rule))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_decides_some_case_and_is_named_in_its_evidence(rule: FailureRule) -> None:
    assert _decided_by(rule)


def test_no_two_rules_share_a_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_no_evidence_holds_a_key_or_a_prompt_that_the_provider_echoed() -> None:
    echoed = [case for case in CASES if "CANARY" in json.dumps(case.expected)]
    assert len(echoed) > 5
    for case in CASES:
        evidence = classify(case.exchange, NOW_MS).evidence
        assert "canary" not in evidence.lower()
        assert "secret prompt" not in evidence
        assert len(evidence) < 250


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_once_content_is_delivered_nobody_else_may_answer(case: SavedCase) -> None:
    delivered = replace(case.exchange, delivered=True, content_seen=True)
    assert classify(delivered, NOW_MS).action in (
        Action.CONTINUE,
        Action.RETURN_TO_CALLER,
        Action.SURFACE_STREAM_ERROR,
    )


def test_what_we_stopped_goes_back_to_the_caller_and_puts_nobody_to_rest() -> None:
    found = cancelled()
    assert (found.failure_class, found.action) == (FailureClass.CANCELLED, Action.RETURN_TO_CALLER)
    assert found.cooldown.scope is HealthScope.NONE
    assert not found.counts_toward_breaker


@pytest.mark.parametrize(
    ("sent", "delivered", "action", "ledger"),
    [
        (False, False, Action.FALL_OVER, LedgerOutcome.VOID),
        (True, False, Action.FALL_OVER, LedgerOutcome.UNKNOWN),
        (True, True, Action.SURFACE_STREAM_ERROR, LedgerOutcome.UNKNOWN),
    ],
)
def test_what_we_broke_ourselves_falls_over_unless_content_was_delivered(
    sent: bool, delivered: bool, action: Action, ledger: LedgerOutcome
) -> None:
    found = internal("KeyError", sent=sent, delivered=delivered)
    assert (found.failure_class, found.action, found.ledger) == (FailureClass.INTERNAL, action, ledger)
    assert found.counts_toward_breaker is sent
    assert "KeyError" in found.evidence


# Anything at all

VENDORS = ("openai", "anthropic", "gemini", "google", "openrouter", "deepseek", "groq", "ollama", "any")
WORDS = sorted({word for rule in RULES for word in (rule.words or "").split("|") if word.isidentifier()})
NAMES = sorted(set(re.findall(r'"(\w+)"', inspect.getsource(error_body))))
"""Every field and word that the reader of error bodies knows."""
HEADERS = (
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-reset",
    "anthropic-ratelimit-unified-status",
    "anthropic-ratelimit-unified-reset",
    "ratelimit-remaining",
)
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(WORDS),
    st.sampled_from(
        ["limit: 0", "try again in 9m", "regain access on 9999-99-99", "1e999", "0", "6m0s", "NaN"]
    ),
    st.text(string.digits + "smh.-+:TZe", max_size=40),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), texts), inner, max_size=5),
    ),
    max_leaves=12,
)
exchanges = st.builds(
    Exchange,
    vendor=st.sampled_from(VENDORS),
    streamed=st.booleans(),
    status=st.one_of(
        st.none(), st.integers(-1, 1000), st.sampled_from([200, 400, 402, 403, 404, 429, 500, 503])
    ),
    headers=st.dictionaries(st.sampled_from(HEADERS), texts, max_size=4),
    fault=st.one_of(st.none(), st.sampled_from(Fault)),
    end=st.sampled_from(StreamEnd),
    error=json_values,
    text=texts,
    parsed=st.booleans(),
    content_seen=st.booleans(),
    reasoning_only=st.booleans(),
    finish_reason=st.one_of(st.none(), texts, st.sampled_from(["stop", "length", "refusal"])),
    output_tokens=st.one_of(st.none(), st.integers(0, 9)),
    usage_seen=st.booleans(),
    delivered=st.booleans(),
)
moments_ms = st.integers(1_700_000_000_000, 4_000_000_000_000)


@given(exchanges, moments_ms)
def test_nothing_a_provider_sends_makes_the_classifier_fail(exchange: Exchange, now_ms: int) -> None:
    found = classify(exchange, now_ms)
    cooldown = found.cooldown
    assert (cooldown.scope is HealthScope.NONE) == (cooldown.until is None)
    assert cooldown.seconds is None or cooldown.seconds > 0
    if found.failure_class in (FailureClass.TRANSIENT, FailureClass.QUOTA_UNTIL_TIME):
        assert cooldown.seconds is not None
        assert cooldown.seconds <= 90_000  # a day, and the hour that a clock change adds to one
    if found.counts_toward_breaker:
        assert found.failure_class is FailureClass.TRANSIENT
    if found.failure_class is FailureClass.OK:
        assert found.ledger in (LedgerOutcome.SETTLE_REPORTED, LedgerOutcome.SETTLE_ESTIMATED)
    assert len(found.evidence) < 250


@given(
    st.sampled_from(("openai", "anthropic", "ollama")),
    st.sampled_from((200, 400, 429, 503)),
    st.text(),
    st.booleans(),
)
def test_no_body_makes_a_reader_or_the_classifier_fail(
    vendor: str, status: int, body: str, stream: bool
) -> None:
    case = {"provider": vendor, "status": status, "request": {"stream": stream}, "body_raw": body}
    assert classify(play(parse(json.dumps(case))), NOW_MS).evidence


@given(st.text(string.ascii_letters + string.digits + "-_", min_size=20, max_size=60), st.sampled_from(CASES))
def test_a_key_in_any_field_of_an_error_never_reaches_the_evidence(key: str, case: SavedCase) -> None:
    error = {name: f"{key}{name}" for name in NAMES} | {
        "message": key,
        "code": key,
        "type": f"{key}_spend_limit_exceeded",
    }
    found = classify(replace(case.exchange, error=error, text=key, finish_reason=key), NOW_MS)
    assert key not in found.evidence


WINDOWS = {
    "sglang-context": 4096,
    "vllm-only-context": 4096,
    "moonshot-context": 8192,
    "lmstudio-loaded": 4096,
    "mistral-prompt-contains": 32768,
    "copilot-prompt-count": 8000,
    "dashscope-range": 30720,
    "deepinfra-input-length": 4096,
    "tgi-inputs-sum": 4096,
    "tgi-inputs-less": 4095,
    "cohere-too-many": 4081,
    "llamacpp-n-ctx": 4096,
    "real-window-8192": 8192,
    "deepseek-400-context": 131072,
}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_server_s_own_figure_of_its_window_is_read(name: str) -> None:
    found = classify(next(case.exchange for case in CASES if case.id == name), NOW_MS)
    assert (found.lacking, found.limit_tokens) == (Lacking.WINDOW, WINDOWS[name])


def test_an_account_s_tokens_a_minute_are_no_window() -> None:
    message = "Request too large for model `m` on tokens per minute (TPM): Limit 8000, Requested 12000"
    error = {"message": message}
    found = classify(Exchange("groq", status=413, error=error), NOW_MS)
    assert (found.lacking, found.limit_tokens) == (Lacking.TOKEN_RATE, 8000)


def test_a_word_of_an_error_that_repeats_the_key_is_not_told() -> None:
    exchange = Exchange("x", status=402, error={"message": "no", "code": "a"}, api_key=Secret("a"))
    judged = classify(exchange, NOW_MS)
    assert judged.failure_class is FailureClass.BILLING  # the key is no part of the judgement
    key = "my_budget_key"
    echoed = Exchange("x", status=403, error={"code": key}, api_key=Secret(key))
    assert key in classify(replace(echoed, api_key=None), NOW_MS).evidence
    assert key not in classify(echoed, NOW_MS).evidence


@given(st.text(max_size=40), st.sampled_from([401, 403, 404, 405, 410]))
def test_a_page_on_the_way_never_disables_anybody(text: str, status: int) -> None:
    found = classify(Exchange("x", status=status, text=text), NOW_MS)
    assert found.cooldown.until != "config_change"
    assert found.failure_class is FailureClass.TRANSIENT
    assert found.cooldown.scope is HealthScope.PROVIDER_ENDPOINT


@given(st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=20))
def test_an_answer_that_ends_with_a_word_of_its_own_is_an_answer(word: str) -> None:
    exchange = Exchange("x", streamed=True, status=200, content_seen=True, finish_reason=word)
    if word.lower() not in KNOWN:
        assert classify(exchange, NOW_MS).failure_class is FailureClass.OK


def test_the_wire_s_last_word_makes_an_answer_whole() -> None:
    exchange = Exchange("x", streamed=True, status=200, content_seen=True, usage_seen=True, done=True)
    found = classify(exchange, NOW_MS)
    assert (found.failure_class, found.ledger) == (FailureClass.OK, LedgerOutcome.SETTLE_REPORTED)
    assert classify(replace(exchange, done=False), NOW_MS).failure_class is FailureClass.TRANSIENT


nobodys_words = st.text("bcdfghjklmnpqrstvwxz", min_size=6, max_size=14)
"""Words without a vowel: no rule knows any."""
BY_STATUS_ALONE = {
    *("redirected-to-a-login", "proxy-wants-credentials"),
    *("key-refused", "forbidden", "not-found", "payment-required", "bad-request"),
}
"""The rules that may say for ever, or back to the caller, by the status of an error in an API's own form."""


@given(
    st.sampled_from(VENDORS),
    st.integers(100, 599),
    st.lists(nobodys_words, min_size=3, max_size=3),
    st.booleans(),
    moments_ms,
)
def test_no_unknown_word_ends_in_for_ever_or_at_the_caller_but_by_a_rule_of_the_status(
    vendor: str, status: int, words: list[str], in_form: bool, now_ms: int
) -> None:
    message, code, kind = words
    body = {"error": {"message": message, "code": code, "type": kind}}
    said = {"error": body} if in_form else {"text": f"<html>{message} {code}</html>"}
    found = classify(Exchange(vendor, status=status, **said), now_ms)
    if found.action in (Action.DISABLE_AND_FALL_OVER, Action.RETURN_TO_CALLER):
        assert found.evidence.split(";")[0] in BY_STATUS_ALONE
        assert in_form or status in range(300, 400) or status == 407
