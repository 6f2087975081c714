"""Usage as OpenAI spells it, and as the many that speak its dialect do.

Chat Completions and Responses of OpenAI, DeepSeek, OpenRouter, Groq, Mistral, xAI, Alibaba, Gemini's and
Ollama's OpenAI shape, llama.cpp. Cache counts are inside the input count on all of them.
"""

from __future__ import annotations

from decimal import Decimal

from router.core.money import to_nano
from router.core.records.usage import Usage
from router.core.usage.counts import Json, Tally, add, amount, as_list, as_mapping, as_text, at, lay_over
from router.core.usage.values import Audio, UsageReading, interpret

_TICKS = Decimal(10**10)
"""xAI's ticks in a dollar."""


def read_openai(obj: object) -> UsageReading:
    """Read a Chat Completions body or chunk, or a Responses body or event. Never raises."""
    event = as_mapping(obj)
    body = as_mapping(event.get("response")) or event
    beside = {key: body.get(key) for key in ("timings", "service_tier")}
    inner = as_mapping(next(iter(as_list(body.get("choices"))), None)).get("usage")
    elsewhere = as_mapping(at(body, "x_groq.usage")) or as_mapping(inner)
    raw = lay_over(elsewhere, {**as_mapping(body.get("usage")), **beside})
    items = [*enumerate(as_list(body.get("output"))), (event.get("output_index"), event.get("item"))]
    searches = (
        as_text(as_mapping(item).get("id")) or f"item {place}" for place, item in items if _paid(item)
    )
    return interpret(_openai, raw, frozenset(searches))


def _paid(item: object) -> bool:
    """Whether an output item is a search; opening a page that it found costs nothing."""
    call = as_mapping(item)
    searched = call.get("type") == "web_search_call" and call.get("status") != "failed"
    return searched and at(call, "action.type") in (None, "search")


def _openai(raw: Json, tally: Tally) -> UsageReading:
    if raw.get("timings") and raw.keys() <= {"timings", "service_tier"}:
        return UsageReading(usage=_llamacpp(tally))
    read = tally.count(
        "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens",
        "prompt_token_details.cached_tokens",  # Mistral sends it under both spellings
        "num_cached_tokens",
        "prompt_cache_hit_tokens",
    )
    written = tally.count(
        "prompt_tokens_details.cache_write_tokens",
        "input_tokens_details.cache_write_tokens",
        "prompt_tokens_details.cache_creation_input_tokens",
    )
    total_in = _input(tally, read)
    output = tally.count("completion_tokens", "output_tokens")
    reasoning = tally.count(
        "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"
    )
    return UsageReading(
        usage=Usage(
            input_tokens=total_in,
            cache_read_tokens=read,
            cache_write_tokens=written,
            output_tokens=whole_output(tally, total_in, output, "total_tokens"),
            reasoning_tokens=reasoning,
        ),
        reported_cost_nano=_reported(raw),
        service_tier=(as_text(raw.get("service_tier")) or "").lower() or None,
        audio=Audio(
            input_tokens=tally.count("prompt_tokens_details.audio_tokens") or 0,
            output_tokens=tally.count("completion_tokens_details.audio_tokens") or 0,
        ),
    )


def _input(tally: Tally, read: int | None) -> int | None:
    """DeepSeek also tells hits and misses apart, which together are the prompt."""
    total = tally.count("prompt_tokens", "input_tokens")
    missed = tally.count("prompt_cache_miss_tokens")
    if missed is None:
        return total
    parts = add(read, missed)
    tally.doubt_unless(total in {None, parts}, "cache hits and misses do not make up the prompt")
    return parts


def _llamacpp(tally: Tally) -> Usage:
    """llama.cpp's own figures, which come even when nobody asked for usage."""
    cached, fresh = tally.count("timings.cache_n"), tally.count("timings.prompt_n")
    return Usage(
        input_tokens=None if fresh is None else fresh + (cached or 0),
        cache_read_tokens=cached,
        output_tokens=tally.count("timings.predicted_n"),
    )


def whole_output(tally: Tally, total_in: int | None, output: int | None, path: str) -> int | None:
    """Return the output with the reasoning that some wires leave out of it.

    A total that is larger than its parts holds that reasoning (xAI, Gemini's OpenAI shape); one that is
    smaller contradicts them.
    """
    total = tally.count(path)
    if total_in is None or not total:
        return output
    tally.doubt_unless(total >= total_in + (output or 0), "the total is smaller than its parts")
    return max(total - total_in, 0)


def _reported(raw: Json) -> int | None:
    """OpenRouter's `cost`, plus what the upstream charges when the key is one's own; or xAI's ticks."""
    ticks = amount(raw.get("cost_in_usd_ticks"), _TICKS)
    if ticks is not None:
        return to_nano(ticks)
    cost = amount(raw.get("cost"))
    upstream = amount(at(raw, "cost_details.upstream_inference_cost"))
    own_key = raw.get("is_byok", bool(not cost and upstream))  # free here and charged there: it must be
    if cost is not None and own_key is True:
        cost = None if upstream is None else cost + upstream
    return None if cost is None else to_nano(cost)
