"""Token counts of one call, all-inclusive.

`input_tokens` contains cache reads and writes, `output_tokens` contains reasoning.
"""

from __future__ import annotations

from router.core.value import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """All-inclusive counts of one call."""

    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    """Both lives."""
    cache_write_1h_tokens: int | None = None
    """The part of `cache_write_tokens` that lives an hour."""
    output_tokens: int | None = None
    reasoning_tokens: int | None = None


NO_USAGE = Usage()
"""What is known before the wire has said anything."""
