"""Usage as Ollama's own API spells it: in the last line only, and not always whole."""

from __future__ import annotations

from router.core.records.usage import Usage
from router.core.usage.counts import Json, Tally, as_mapping, lay_over
from router.core.usage.values import UsageReading, interpret

_COUNTS = ("prompt_eval_count", "prompt_eval_cached_count", "eval_count")


def read_ollama(obj: object) -> UsageReading:
    """Read a body, or one line of a stream. Never raises.

    A missing prompt count is unknown, not 0: older versions leave it out when the prompt was cached.
    """
    line = as_mapping(obj)
    raw = {key: line.get(key) for key in _COUNTS} if line.get("done") is True else {}
    return interpret(_ollama, lay_over({}, raw))


def _ollama(raw: Json, tally: Tally) -> UsageReading:
    return UsageReading(
        usage=Usage(
            input_tokens=tally.count("prompt_eval_count"),
            cache_read_tokens=tally.count("prompt_eval_cached_count"),
            output_tokens=tally.count("eval_count"),
        )
    )
