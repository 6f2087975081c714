from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.routing.clamp import MARGIN, Clamp, ThinkingRange, clamp, with_thinking
from tests.configs import small_config

LOCAL = small_config().deployments["local"]


@pytest.mark.parametrize(
    ("asked", "cap", "window", "input_tokens", "sent"),
    [
        pytest.param(None, None, None, 10, 4096, id="nothing asked: the default bounds the cost"),
        pytest.param(100, None, None, 10, 100, id="asked and nothing in the way"),
        pytest.param(
            65_536, 8_192, None, 10, 8_192, id="Claude Code asks 65,536 of a model that gives 8,192"
        ),
        pytest.param(65_536, 8_192, 4_096, 1_000, 4_096 - 1_000 - MARGIN, id="the context leaves less"),
        pytest.param(10, None, 4_096, 5_000, 1, id="never below one"),
    ],
)
def test_max_tokens_is_the_least_of_asked_cap_and_context(
    asked: int | None, cap: int | None, window: int | None, input_tokens: int, sent: int
) -> None:
    deployment = replace(LOCAL, max_output_tokens=cap, context_window=window)
    assert clamp(asked, 4096, deployment, input_tokens).max_tokens == sent


def test_a_clamp_says_what_it_changed_and_why() -> None:
    deployment = replace(LOCAL, max_output_tokens=8_192)
    assert (
        clamp(65_536, 4096, deployment, 10).reason == "max_tokens 65536 → 8192: local gives at most that many"
    )
    assert clamp(100, 4096, deployment, 10).reason is None


def test_where_nothing_was_asked_nothing_needs_explaining() -> None:
    assert clamp(None, 4096, replace(LOCAL, max_output_tokens=2_048), 10) == Clamp(2_048, None)


@pytest.mark.parametrize(
    ("max_tokens", "asked", "thinking", "words"),
    [
        pytest.param(8_192, None, None, None, id="none asked for"),
        pytest.param(8_192, 4_000, 4_000, None, id="room for both"),
        pytest.param(8_192, 8_192, 7_168, "thinking 8192 → 7168", id="a thousand are left for the answer"),
        pytest.param(2_048, 32_000, 1_024, "thinking 32000 → 1024", id="half of a small answer"),
        pytest.param(1_500, 32_000, None, "thinking 32000 → none", id="too little is left to think"),
        pytest.param(1, 32_000, None, "thinking 32000 → none", id="nothing is left"),
    ],
)
def test_thinking_stays_below_max_tokens(
    max_tokens: int, asked: int | None, thinking: int | None, words: str | None
) -> None:
    found = with_thinking(Clamp(max_tokens, "cut"), asked, ThinkingRange(1024))
    assert (found.max_tokens, found.thinking_tokens) == (max_tokens, thinking)
    assert found.thinking_tokens is None or found.thinking_tokens < max_tokens
    assert found.reason == (f"cut; {words}: it stays below max_tokens {max_tokens}" if words else "cut")


@pytest.mark.parametrize(
    ("budgets", "asked", "thinking", "words"),
    [
        (None, 2_000, None, "thinking 2000 → none: it takes no thinking budget"),
        (ThinkingRange(1024), 1_023, None, "thinking 1023 → none: it takes 1024 at least"),
        (ThinkingRange(1024), 1_024, 1_024, None),
        (ThinkingRange(1, 3_000), 9_000, 3_000, "thinking 9000 → 3000: it takes no more"),
        (ThinkingRange(1, 3_000), 3_000, 3_000, None),
    ],
)
def test_a_thinking_budget_is_one_that_the_model_takes_or_none_and_says_so(
    budgets: ThinkingRange | None, asked: int, thinking: int | None, words: str | None
) -> None:
    assert with_thinking(Clamp(8_192, None), asked, budgets) == Clamp(8_192, words, thinking)
