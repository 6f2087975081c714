from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.cost import cost
from router.core.cost.estimate import EXPECTED_OUTPUT_TOKENS, estimate, input_size
from router.core.cost.price_config import price_from_config
from router.core.message import Message
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.prices import Price
from router.core.settings.providers import Billing, Provider, Wire
from router.core.usage import Usage, UsageReading

FULL = {
    "input_mtok": "3",
    "cache_read_mtok": "0.30",
    "cache_write_mtok": "3.75",
    "output_mtok": "15",
    "tiers": [{"above_input_tokens": 1000, "input_mtok": "6", "output_mtok": "22.50"}],
    "schedule": [{"utc_from": "01:00", "utc_to": "04:00", "input_mtok": "9", "output_mtok": "30"}],
}
texts = st.text(st.characters(exclude_categories=()), max_size=300)


def messages(*contents: str) -> tuple[Message, ...]:
    return tuple(Message("user", content) for content in contents)


def deployment(
    price: Price | None, billing: Billing = Billing.METERED, most: int | None = None
) -> Deployment:
    provider = Provider("p", Wire.OPENAI, Billing.METERED)
    return Deployment("d", Tier("T0", "", 0), provider, "m", billing, price, max_output_tokens=most)


@given(st.lists(texts, min_size=1, max_size=4), st.integers(1, 10_000))
def test_the_bound_is_never_below_what_is_expected(contents: list[str], max_tokens: int) -> None:
    found = estimate(input_size(messages(*contents)), deployment(price_from_config(FULL)), max_tokens)
    assert found.input_bound_tokens >= found.input_expected_tokens >= 0
    assert found.output_bound_tokens is not None
    assert found.output_bound_tokens >= found.output_expected_tokens >= 0
    assert found.bound_nano is not None
    assert found.expected_nano is not None
    assert found.bound_nano >= found.expected_nano >= 0


@given(st.data(), texts, st.integers(1, 10_000), st.integers(0, 4_000_000_000_000))
def test_no_call_within_its_limits_costs_more_than_its_bound(
    data: st.DataObject, text: str, max_tokens: int, when_ms: int
) -> None:
    price = price_from_config(FULL)
    found = estimate(input_size(messages(text)), deployment(price), max_tokens)
    total = data.draw(st.integers(1, found.input_bound_tokens))
    read = data.draw(st.integers(0, total))
    written = data.draw(st.integers(0, total - read))
    output = data.draw(st.integers(0, max_tokens))
    actual = cost(UsageReading(usage=Usage(total, read, written, None, output)), price, when_ms).nano
    assert actual is not None
    assert found.bound_nano is not None
    assert actual <= found.bound_nano


def test_text_that_grows_when_it_is_normalised_is_counted_grown() -> None:
    bound, _, _ = input_size(messages("\ufdfa" * 100))
    assert bound >= 100 * 15  # three bytes that became fifteen tokens


@pytest.mark.parametrize(
    ("text", "true_tokens", "within"),
    [
        # o200k counts of such texts, in tokens per byte
        ("The quick brown fox jumps over the lazy dog near the river bank. " * 40, 15 * 40, 1.4),
        ('{"id":12345,"name":"x","values":[1,2,3],"ok":true}' * 40, 21 * 40, 1.6),
        ("550e8400-e29b-41d4-a716-446655440000 " * 40, 26 * 40, 1.6),
    ],
)
def test_the_expectation_is_near_for_prose_and_for_what_agents_send(
    text: str, true_tokens: int, within: float
) -> None:
    _, expected, _ = input_size(messages(text))
    assert true_tokens / within <= expected <= true_tokens * within


def test_an_unknown_price_has_no_estimate_and_a_plan_costs_nothing() -> None:
    unknown = estimate(input_size(messages("hi")), deployment(None), 10)
    assert (unknown.bound_nano, unknown.expected_nano) == (None, None)
    zeros = price_from_config({"input_mtok": "0", "output_mtok": "0"})
    assert estimate(input_size(messages("hi")), deployment(zeros), 10).bound_nano is None
    for billing in (Billing.FREE, Billing.LOCAL, Billing.SUBSCRIPTION):
        assert estimate(input_size(messages("hi")), deployment(None, billing), 10).bound_nano == 0
    local = price_from_config({"plan": "local"})
    assert estimate(input_size(messages("hi")), deployment(local), 10).expected_nano == 0


def test_without_a_limit_on_the_answer_there_is_no_bound() -> None:
    price = price_from_config(FULL)
    open_ended = estimate(input_size(messages("hi")), deployment(price))
    assert open_ended.bound_nano is None
    assert open_ended.output_bound_tokens is None
    assert open_ended.output_expected_tokens == EXPECTED_OUTPUT_TOKENS
    assert open_ended.expected_nano is not None
    assert estimate(input_size(messages("hi")), deployment(price, most=100)).output_bound_tokens == 100


def test_the_bound_takes_the_dearest_hours_and_the_long_tier() -> None:
    price = price_from_config(FULL)
    found = estimate(input_size(messages("x" * 2000)), deployment(price), 100)
    dearest = found.input_bound_tokens * Decimal(9) + 100 * Decimal(30)
    assert found.bound_nano == int(dearest * 1000)
