"""Which limits an answer's headers tell.

Pure. Where a name does not say whether it counts a minute or a day, and the provider's documentation does
not either, it is a minute: a minute taken for a day would keep a deployment away for hours, a day taken for a
minute only lets the provider refuse by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.core import moments
from router.core.health.limits import LearnedLimit, LimitKind, LimitSource

NAMES: Mapping[str, LimitKind] = {
    # OpenAI, Azure, xAI, and whoever copies them
    "x-ratelimit-limit-requests": LimitKind.RPM,
    "x-ratelimit-limit-tokens": LimitKind.TPM,
    # Cerebras
    "x-ratelimit-limit-requests-minute": LimitKind.RPM,
    "x-ratelimit-limit-requests-day": LimitKind.RPD,
    "x-ratelimit-limit-tokens-minute": LimitKind.TPM,
    "x-ratelimit-limit-tokens-day": LimitKind.TPD,
    # Mistral
    "x-ratelimit-limit-req-minute": LimitKind.RPM,
    # Anthropic; its token limit is the strictest one in force
    "anthropic-ratelimit-requests-limit": LimitKind.RPM,
    "anthropic-ratelimit-tokens-limit": LimitKind.TPM,
}
OF_A_VENDOR: Mapping[tuple[str, str], LimitKind] = {
    # "x-ratelimit-limit-requests: always refers to Requests Per Day", Groq's page on rate limits
    ("groq", "x-ratelimit-limit-requests"): LimitKind.RPD,
}
LARGEST = 10**12
"""A figure above is no limit."""


def limits_told(
    headers: Mapping[str, str], vendor: str, deployment: str, now_ms: int
) -> tuple[LearnedLimit, ...]:
    """Return the limits in an answer's headers, names in lower case; nothing for what is no whole number."""
    return tuple(
        LearnedLimit(deployment, kind, value, LimitSource.HEADER, now_ms)
        for kind, value in _told(headers, vendor)
    )


def _told(headers: Mapping[str, str], vendor: str) -> Iterator[tuple[LimitKind, int]]:
    for name, kind in NAMES.items():
        value = moments.number(headers.get(name))
        if value is not None and 1 <= value <= LARGEST and value == int(value):
            yield OF_A_VENDOR.get((vendor, name), kind), int(value)
