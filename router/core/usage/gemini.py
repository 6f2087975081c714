"""Usage as Gemini's own API spells it: thoughts and tool prompts stand outside the counts they belong to."""

from __future__ import annotations

from router.core.records.usage import Usage
from router.core.usage.counts import Json, Tally, add, as_list, as_mapping, as_text, at, lay_over
from router.core.usage.openai import whole_output
from router.core.usage.values import Audio, UsageReading, interpret


def read_gemini(obj: object) -> UsageReading:
    """Read a body, or one chunk of a stream: every chunk has counts, cumulative. Never raises."""
    body = as_mapping(obj)
    queries = [
        query
        for candidate in as_list(body.get("candidates"))
        for query in as_list(at(as_mapping(candidate), "groundingMetadata.webSearchQueries"))
        if isinstance(query, str)
    ]
    # From Gemini 3 on each query is charged, before it each prompt that was grounded.
    by_query = (as_text(body.get("modelVersion")) or "").startswith("gemini-3")
    searches = frozenset(queries if by_query else ["the prompt"][: len(queries)])
    return interpret(_gemini, lay_over({}, as_mapping(body.get("usageMetadata"))), searches)


def _gemini(raw: Json, tally: Tally) -> UsageReading:
    prompt = tally.count("promptTokenCount")
    tools = tally.count("toolUsePromptTokenCount")
    total_in = None if prompt is None else prompt + (tools or 0)
    thoughts = tally.count("thoughtsTokenCount")
    output = add(tally.count("candidatesTokenCount"), thoughts)
    return UsageReading(
        usage=Usage(
            input_tokens=total_in,
            cache_read_tokens=tally.count("cachedContentTokenCount"),
            output_tokens=whole_output(tally, total_in, output, "totalTokenCount"),
            reasoning_tokens=thoughts,
        ),
        service_tier=_tier(raw),
        audio=Audio(
            input_tokens=_audio(raw, tally, "promptTokensDetails")
            + _audio(raw, tally, "toolUsePromptTokensDetails"),
            cache_read_tokens=_audio(raw, tally, "cacheTokensDetails"),
            output_tokens=_audio(raw, tally, "candidatesTokensDetails"),
        ),
    )


def _tier(raw: Json) -> str | None:
    """`serviceTier`, or the tier inside a traffic type such as `ON_DEMAND_FLEX`."""
    tier = as_text(raw.get("serviceTier")) or as_text(raw.get("trafficType")) or ""
    return tier.lower().removeprefix("on_demand").strip("_") or None


def _audio(raw: Json, tally: Tally, name: str) -> int:
    modalities = [as_mapping(entry) for entry in as_list(raw.get(name))]
    spoken = [entry for entry in modalities if entry.get("modality") == "AUDIO"]
    return sum(tally.of(entry).count("tokenCount") or 0 for entry in spoken)
