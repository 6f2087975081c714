"""Who takes a thinking budget: what is asked of models that refuse one would fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.routing.clamp import ThinkingRange, thinking_range
from router.core.settings.providers import Billing, Wire
from tests.configs import T0, deployment


@pytest.mark.parametrize(
    ("wire", "vendor", "model", "budgets"),
    [
        (Wire.ANTHROPIC, "anthropic", "claude-3-7-sonnet-20250219", ThinkingRange(1024)),
        (Wire.ANTHROPIC, "anthropic", "claude-sonnet-4-20250514", ThinkingRange(1024)),
        (Wire.ANTHROPIC, "anthropic", "claude-haiku-4-5", ThinkingRange(1024)),
        (Wire.ANTHROPIC, "anthropic", "claude-opus-4-6", ThinkingRange(1024)),
        (Wire.ANTHROPIC, "anthropic", "claude-opus-4-7", None),
        (Wire.ANTHROPIC, "anthropic", "claude-sonnet-5-5", None),
        (Wire.ANTHROPIC, "anthropic", "claude-3-5-sonnet-latest", None),
        (Wire.ANTHROPIC, "deepseek", "claude-haiku-4-5", None),
        (Wire.OPENAI, "openrouter", "anything/at-all", ThinkingRange()),
        (Wire.OPENAI, "google", "gemini-2.5-flash", ThinkingRange(1, 24_576)),
        (Wire.OPENAI, "google", "gemini-2.5-flash-lite", ThinkingRange(512, 24_576)),
        (Wire.OPENAI, "gemini", "gemini-2.5-pro", ThinkingRange(128, 32_768)),
        (Wire.OPENAI, "google", "gemini-3-flash", None),
        (Wire.OPENAI, "openai", "gpt-6.1-terra", None),
        (Wire.OPENAI, "deepseek", "deepseek-v4-pro", None),
        (Wire.OLLAMA, "ollama", "qwen3:8b", None),
    ],
)
def test_a_budget_goes_only_where_one_is_taken(
    wire: Wire, vendor: str, model: str, budgets: ThinkingRange | None
) -> None:
    plain = deployment("one", T0, Billing.FREE)
    provider = replace(plain.provider, wire=wire, catalogue=vendor)
    assert thinking_range(replace(plain, provider=provider, model=model)) == budgets
