"""Who takes a budget for thinking, and how large it may be; how it is asked for is each wire's.

Pure data. A model that is not named here takes none that can be relied on: it thinks as it sees fit, or by a
word such as `high`, and some refuse a request that holds a budget.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.core.model import Deployment, Wire


@dataclass(frozen=True, slots=True)
class ThinkingRange:
    """Which budgets a model takes, in tokens."""

    least: int = 1
    most: int | None = None


_GEMINI = ("google", "gemini")
_BUDGETS: tuple[tuple[Wire, tuple[str, ...], re.Pattern[str], ThinkingRange], ...] = (
    # Claude 4.7 and later answer 400 to a budget; they decide by themselves.
    (
        Wire.ANTHROPIC,
        ("anthropic",),
        re.compile(r"claude-3-7-.*|claude-(opus|sonnet|haiku)-4(-[0156])?(-([0-9]{8}|latest))?"),
        ThinkingRange(1024),
    ),
    # Passes it on as each of its models wants it.
    (Wire.OPENAI, ("openrouter",), re.compile(r".*"), ThinkingRange()),
    # Gemini 3 and later think by level.
    (Wire.OPENAI, _GEMINI, re.compile(r"gemini-2\.5-pro.*"), ThinkingRange(128, 32_768)),
    (Wire.OPENAI, _GEMINI, re.compile(r"gemini-2\.5-flash-lite.*"), ThinkingRange(512, 24_576)),
    (Wire.OPENAI, _GEMINI, re.compile(r"gemini-2\.5-flash.*"), ThinkingRange(1, 24_576)),
)


def thinking_range(deployment: Deployment) -> ThinkingRange | None:
    """Return which thinking budgets a deployment takes; None when it takes none."""
    provider = deployment.provider
    fits = (
        budgets
        for wire, vendors, models, budgets in _BUDGETS
        if provider.wire is wire and provider.vendor in vendors and models.fullmatch(deployment.model)
    )
    return next(fits, None)
