"""The readers of usage on JSON of any shape; what they make of real answers is in test_billing.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.usage import (
    NO_USAGE,
    NOTHING_READ,
    Usage,
    UsageReading,
    merge,
    merge_all,
    read_anthropic,
    read_gemini,
    read_ollama,
    read_openai,
)

Read = Callable[[object], UsageReading]
READERS: list[Read] = [read_openai, read_anthropic, read_gemini, read_ollama]
KEYS = [
    *("usage", "usageMetadata", "message", "response", "x_groq", "timings", "type", "model", "done", "item"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "output"),
    *("prompt_tokens_details", "cached_tokens", "cache_write_tokens", "prompt_cache_miss_tokens", "cost"),
    *("cache_creation", "cache_creation_input_tokens", "ephemeral_1h_input_tokens", "iterations", "is_byok"),
    *("promptTokenCount", "thoughtsTokenCount", "totalTokenCount", "promptTokensDetails", "candidates"),
    *("action", "id", "groundingMetadata", "webSearchQueries", "modality", "tokenCount", "model"),
    *("server_tool_use", "web_search_requests", "cost_in_usd_ticks", "prompt_eval_count", "eval_count"),
]
decimals = st.decimals() | st.sampled_from([Decimal("1E+999999"), Decimal("1E-999999"), Decimal("sNaN")])
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | decimals
    | st.floats()
    | st.sampled_from(["message_start", "message", "compaction", "advisor_message", "web_search_call", ""])
)
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=10,
)
usages = st.dictionaries(st.sampled_from(KEYS), st.integers(-1, 50) | anything, max_size=8)


@st.composite
def events(draw: st.DrawFn) -> object:
    """Draw JSON of any shape, or one that has a usage where each wire looks for it."""
    usage = draw(usages)
    placed = {"usage": usage, "usageMetadata": usage, "message": {"usage": usage}, "done": True, **usage}
    placed |= {"item": {"type": "web_search_call", "id": draw(leaves), "action": draw(usages)}}
    return draw(anything) if draw(st.booleans()) else placed | {"type": draw(leaves)}


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=60)
@given(obj=events())
def test_no_json_makes_a_reader_raise_and_every_count_is_possible(read: Read, obj: object) -> None:
    reading = read(obj)
    usage = reading.usage
    counts = (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens, usage.output_tokens)
    assert all(count is None or count >= 0 for count in counts)
    if usage.input_tokens is not None:
        assert usage.input_tokens >= (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
    assert isinstance(reading.raw_json, str)
    if reading.suspect:
        assert usage == NO_USAGE


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=50)
@given(first=events(), second=events(), third=events())
def test_merging_is_associative_and_nothing_read_changes_nothing(
    read: Read, first: object, second: object, third: object
) -> None:
    a, b, c = read(first), read(second), read(third)
    assert repr(merge(merge(a, b), c)) == repr(merge(a, merge(b, c)))
    assert merge(a, NOTHING_READ) is a
    assert merge(NOTHING_READ, a) is a
    once, twice = merge_all([a, b, c]), merge(merge(a, b), c)
    assert repr(replace(once, reader=None)) == repr(replace(twice, reader=None))


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1))
def test_the_last_counts_win_and_are_never_added(told: list[tuple[int, int]]) -> None:
    reading = NOTHING_READ
    for prompt, completion in told:
        counts = {"prompt_tokens": prompt, "completion_tokens": completion}
        reading = merge(reading, read_openai({"usage": counts}))
    assert (reading.usage.input_tokens, reading.usage.output_tokens) == told[-1]


def test_a_field_the_later_event_leaves_out_is_kept_from_the_earlier_one() -> None:
    started = read_anthropic(
        {
            "type": "message_start",
            "message": {
                "usage": {
                    "input_tokens": 5,
                    "cache_creation_input_tokens": 7,
                    "cache_creation": {"ephemeral_1h_input_tokens": 7},
                    "output_tokens": 1,
                    "service_tier": "Priority",
                }
            },
        }
    )
    assert started.usage == Usage(12, None, 7, 7, None, None), "the placeholder of 1 is not an output count"
    ended = merge(started, read_anthropic({"type": "message_delta", "usage": {"output_tokens": 9}}))
    assert ended.usage == Usage(12, None, 7, 7, 9, None)
    assert ended.service_tier == "priority"


def test_a_null_changes_nothing() -> None:
    told = read_openai({"usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    assert merge(told, read_openai({"usage": None})).usage == told.usage


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, "zero input"),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 6}}, "cached parts"),
        ({"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 9}, "smaller than its parts"),
        ({"prompt_tokens": 5, "completion_tokens": "5.5"}, "not a count"),
        ({"prompt_tokens": True, "completion_tokens": 5}, "not a count"),
        ({"prompt_tokens": 10**13, "completion_tokens": 5}, "not a count"),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 2}, "num_cached_tokens": 3},
            "disagree",
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "completion_tokens_details": {"reasoning_tokens": 6},
            },
            "reasoning is larger",
        ),
    ],
)
def test_counts_that_contradict_themselves_are_kept_raw_and_marked(
    usage: dict[str, object], reason: str
) -> None:
    reading = read_openai({"usage": usage})
    assert reading.usage == NO_USAGE
    assert reason in (reading.suspect or "")
    assert dict(reading.raw) == usage


def test_counts_that_come_as_whole_decimals_are_counts() -> None:
    usage = {"prompt_tokens": Decimal("12.0"), "completion_tokens": Decimal(3)}
    assert read_openai({"usage": usage}).usage == Usage(input_tokens=12, output_tokens=3)


def test_hostile_nesting_is_cut_off() -> None:
    deep: object = 1
    for _ in range(900):
        deep = {"prompt_tokens_details": [deep]}
    reading = read_openai({"usage": {"prompt_tokens": 5, "completion_tokens": 1, "x": deep}})
    assert reading.usage.input_tokens == 5
    assert len(reading.raw_json) < 300


@pytest.mark.parametrize(
    ("usage", "nano"),
    [
        ({"cost": Decimal("7.4E-7")}, 740),
        ({"cost": 0}, 0),
        ({"cost": Decimal("-1")}, None),
        ({"cost": Decimal("1E+99999")}, None),
        ({"cost": {"total_cost": 1}}, None),
        (
            {"cost": Decimal("0.05"), "is_byok": True, "cost_details": {"upstream_inference_cost": 1}},
            1_050_000_000,
        ),
        ({"cost": Decimal("0.05"), "is_byok": True}, None),
        ({"cost": 1, "is_byok": False, "cost_details": {"upstream_inference_cost": 1}}, 1_000_000_000),
        ({"cost_in_usd_ticks": 232_856_000}, 23_285_600),
    ],
)
def test_the_providers_own_figure_is_read_exactly(usage: dict[str, object], nano: int | None) -> None:
    assert read_openai({"usage": usage}).reported_cost_nano == nano


def test_gemini_3_counts_its_queries_and_older_models_the_grounded_prompt() -> None:
    def searches(model: str) -> int:
        grounded = {"groundingMetadata": {"webSearchQueries": ["a", "b"]}}
        return read_gemini({"modelVersion": model, "candidates": [grounded]}).web_searches

    assert searches("gemini-3.1-pro-preview") == 2
    assert searches("gemini-2.5-flash") == 1
    assert read_gemini({"modelVersion": "gemini-2.5-flash"}).web_searches == 0


@pytest.mark.parametrize(
    ("metadata", "tier"),
    [({"trafficType": "ON_DEMAND_FLEX"}, "flex"), ({"trafficType": "ON_DEMAND"}, None), ({}, None)],
)
def test_geminis_traffic_type_names_its_service_tier(metadata: dict[str, str], tier: str | None) -> None:
    assert read_gemini({"usageMetadata": metadata}).service_tier == tier


def test_counts_written_as_strings_and_usage_beside_the_choice_are_read() -> None:
    usage = {"prompt_tokens": "9", "completion_tokens": " 4 "}
    assert read_openai({"usage": usage}).usage == Usage(input_tokens=9, output_tokens=4)
    assert read_openai({"choices": [{"usage": usage}]}).usage == Usage(input_tokens=9, output_tokens=4)
