from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from router.core.money import CostSource
from router.core.settings.prices import model_keys
from router.prices.catalogue import Catalogue, load_catalogue

SPRING = "2026-04-01"
NOW = "2026-11-20"


lookup = load_catalogue().lookup


def ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


def rates(vendor: str, model: str, when: str) -> tuple[str | None, ...]:
    price = lookup(vendor, model, ms(when))
    assert price is not None, f"{vendor} {model} has no price on {when}"
    plain = price.table.rates
    shown = (plain.input_mtok, plain.output_mtok, plain.cache_read_mtok)
    return tuple(None if rate is None else f"{rate.normalize():f}" for rate in shown)


@pytest.mark.parametrize(
    ("vendor", "model", "when", "expected"),
    [
        ("google", "gemini-2.5-flash", SPRING, ("0.3", "2.5", "0.03")),
        ("google", "gemini-2.5-flash-lite", SPRING, ("0.1", "0.4", "0.01")),
        ("gemini", "gemini/gemini-3-flash", SPRING, ("0.5", "3", "0.05")),
        ("google", "models/gemini-3.1-pro", SPRING, ("2", "12", "0.2")),
        ("openai", "gpt-4o", SPRING, ("2.5", "10", "1.25")),
        ("openai", "openai/gpt-4o-mini-2024-07-18", SPRING, ("0.15", "0.6", "0.075")),
        ("openai", "gpt-4o-2024-05-13", SPRING, ("5", "15", None)),
        ("deepseek", "deepseek-chat", SPRING, ("0.28", "0.42", "0.028")),
        ("deepseek", "deepseek-reasoner", SPRING, ("0.28", "0.42", "0.028")),
        ("deepseek", "deepseek-flash", NOW, ("0.15", "0.6", "0.003")),
        ("anthropic", "claude-haiku-4.5", SPRING, ("1", "5", "0.1")),
        ("anthropic", "claude-sonnet-4-5-20250929", SPRING, ("3", "15", "0.3")),
        ("anthropic", "claude-opus-4.6", SPRING, ("5", "25", "0.5")),
        ("anthropic", "claude-opus-5-5", NOW, ("4", "20", "0.2")),
        ("anthropic", "claude-haiku-5.5", NOW, ("0.1", "0.5", "0.01")),
        ("anthropic", "claude-3-haiku-20240307", SPRING, ("0.25", "1.25", "0.03")),
        ("anthropic", "claude-3-5-sonnet-20241022", "2025-09-10", ("3", "15", "0.3")),
        ("qwen", "qwen-max", SPRING, ("1.6", "6.4", "0.32")),
        ("alibaba", "qwen3-max", SPRING, ("1.2", "6", "0.24")),
        ("groq", "llama-3.3-70b-versatile", SPRING, ("0.59", "0.79", None)),
        ("groq", "openai/gpt-oss-20b", NOW, ("0.075", "0.3", "0.0375")),
        ("x-ai", "grok-4-0709", SPRING, ("3", "15", "0.75")),
        ("mistral", "mistral-large-2512", NOW, ("0.5", "1.5", "0.05")),
        ("openrouter", "openrouter/anthropic/claude-sonnet-4.5", SPRING, ("3", "15", "0.3")),
        ("openrouter", "anthropic/claude-4.5-sonnet-20250929", SPRING, ("3", "15", "0.3")),
        ("openrouter", "google/gemini-2.5-flash", SPRING, ("0.3", "2.5", "0.03")),
        ("openrouter", "qwen/qwen3-max", SPRING, ("1.2", "6", "0.24")),
        ("openrouter", "moonshotai/kimi-k2", SPRING, ("0.57", "2.3", None)),
    ],
)
def test_a_model_is_found_under_the_names_people_write(
    vendor: str, model: str, when: str, expected: tuple[str | None, ...]
) -> None:
    assert rates(vendor, model, when) == expected


@pytest.mark.parametrize(
    ("vendor", "model"),
    [
        ("openai", "gpt-4o-made-up"),
        ("openai", "gpt-4o-audio-preview"),
        ("openai", "gpt-4o-mini-search-preview"),
        ("openai", "claude-sonnet-4-5"),
        ("anthropic", "claude-3-5-sonnet-anything"),
        ("anthropic", "claude-sonnet"),
        ("google", "gemma-3-27b-it"),
        ("openrouter", "some/model:freedom"),
        ("openrouter", "google/gemini-2.5-flash:online"),
        ("ollama", "qwen3-coder:480b-cloud"),
        ("ollama", "gpt-oss:cloud"),
        ("nobody", "gpt-4o"),
        ("openai", ""),
    ],
)
def test_a_name_nobody_listed_has_no_price(vendor: str, model: str) -> None:
    assert lookup(vendor, model, ms(NOW)) is None


@pytest.mark.parametrize(
    ("vendor", "model", "plan"),
    [
        ("openrouter", "google/gemma-3-27b-it:free", CostSource.FREE),
        ("openrouter", "openrouter/meta-llama/llama-3.3-70b-instruct:free", CostSource.FREE),
        ("ollama", "ollama/qwen2.5-coder:14b", CostSource.LOCAL),
        ("llamacpp", "smollm2", CostSource.LOCAL),
    ],
)
def test_what_is_unpaid_by_nature_says_why(vendor: str, model: str, plan: CostSource) -> None:
    price = lookup(vendor, model, ms(NOW))
    assert price is not None
    assert price.plan is plan
    assert price.input_mtok is None


def test_the_price_of_the_day_holds_and_old_ones_stay() -> None:
    before = lookup("anthropic", "claude-sonnet-4-6", ms("2026-03-12T23:59:59"))
    after = lookup("anthropic", "claude-sonnet-4-6", ms("2026-03-13"))
    assert before is not None
    assert after is not None
    assert before.table.at(300_000).input_mtok == 6
    assert after.table.at(300_000).input_mtok == 3
    assert lookup("deepseek", "deepseek-chat", ms("2026-08-01")) is None
    assert lookup("deepseek", "deepseek-chat", ms("2025-09-15")) is None, "a gap is no neighbour's price"


def test_batch_rates_reach_back_and_are_half_of_what_held_then() -> None:
    for moment in ("2026-03-10", SPRING, NOW):
        price = lookup("anthropic", "claude-sonnet-4-6", ms(moment))
        assert price is not None
        assert price.batch is not None
        for tokens in (1000, 300_000):
            whole, half = price.table.at(tokens), price.batch.at(tokens)
            assert half.output_mtok is not None
            assert half.cache_write_1h_mtok is not None
            assert (half.output_mtok * 2, half.cache_write_1h_mtok * 2) == (
                whole.output_mtok,
                whole.cache_write_1h_mtok,
            )


def test_every_record_is_a_price_with_a_source_and_a_date() -> None:
    for record in load_catalogue():
        assert record.source
        assert datetime.fromisoformat(record.checked).year >= 2026
        assert record.prices
        for price in record.prices:
            assert price.version == load_catalogue().version
            assert price.input_mtok is not None


def test_the_prices_of_a_model_follow_each_other_without_overlap() -> None:
    for record in load_catalogue():
        for earlier, later in zip(record.prices, record.prices[1:], strict=False):
            assert earlier.valid_to_ms is not None, record.model
            assert later.valid_from_ms is not None, record.model
            assert earlier.valid_to_ms <= later.valid_from_ms, record.model


def test_no_name_of_a_vendor_means_two_models() -> None:
    seen: dict[tuple[str, str], str] = {}
    for record in load_catalogue():
        for name in (record.model, *record.aliases):
            key = (record.vendor, model_keys(name)[0])
            assert seen.setdefault(key, record.model) == record.model, key


def test_a_cache_never_costs_more_to_read_than_the_input() -> None:
    for record in load_catalogue():
        for price in record.prices:
            plain = price.table.rates
            assert (plain.cache_read_mtok or Decimal(0)) <= (plain.input_mtok or Decimal(0)), record.model


def test_what_is_no_catalogue_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no price catalogue"):
        Catalogue({})
    broken = {
        "version": "1",
        "source": "me",
        "checked": "2026-01-01",
        "vendors": {"acme": {"m": {"prices": [{"input_mtok": "-1"}]}}},
    }
    with pytest.raises(ValueError, match="acme m: input_mtok is negative"):
        list(Catalogue(broken))


def test_the_catalogue_is_loaded_by_nobody_who_does_not_ask() -> None:
    code = "import router.prices.catalogue as c; print(c.load_catalogue.cache_info().currsize)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "0"
