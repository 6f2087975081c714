from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.clamp import MARGIN, clamp
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
