"""Usage as Anthropic's Messages API spells it: the cache counts stand outside `input_tokens`."""

from __future__ import annotations

from router.core.records.usage import Usage
from router.core.usage.counts import Json, Tally, add, as_list, as_mapping, as_text, at, lay_over
from router.core.usage.values import UsageReading, interpret


def read_anthropic(obj: object) -> UsageReading:
    """Read a Messages body, or one event of its stream. Never raises.

    The output count of `message_start` is a placeholder and is left out.
    """
    event = as_mapping(obj)
    usage = as_mapping(event.get("usage"))
    if event.get("type") == "message_start":
        started = as_mapping(at(event, "message.usage"))
        usage = {key: value for key, value in started.items() if not key.startswith("output_tokens")}
    return interpret(_anthropic, lay_over({}, usage))


def _anthropic(raw: Json, tally: Tally) -> UsageReading:
    passes = [as_mapping(entry) for entry in as_list(raw.get("iterations"))]
    own = [_counts(tally.of(entry)) for entry in _billed(passes)]
    advice = [entry for entry in passes if entry.get("type") == "advisor_message"]
    return UsageReading(
        usage=_sum(own) if own else _counts(tally),
        service_tier=(as_text(raw.get("service_tier")) or "").lower() or None,
        speed=as_text(raw.get("speed")),
        geo=as_text(raw.get("inference_geo")),
        web_searches=tally.count("server_tool_use.web_search_requests") or 0,
        others=tuple((as_text(entry.get("model")) or "", _counts(tally.of(entry))) for entry in advice),
    )


def _billed(passes: list[Json]) -> list[Json]:
    """The passes of the serving model: a compaction is not in the top-level counts, so they are summed here.

    When a fallback model served, only its passes count; a declined attempt is not billed.
    """
    served = next((entry for entry in passes if entry.get("type") == "fallback_message"), None)
    messages = [
        entry
        for entry in passes
        if entry.get("type") == "message" and (served is None or entry.get("model") == served.get("model"))
    ]
    compactions = [entry for entry in passes if entry.get("type") == "compaction"]
    return messages + compactions + ([] if served is None else [served])


def _counts(tally: Tally) -> Usage:
    fresh = tally.count("input_tokens")
    read = tally.count("cache_read_input_tokens")
    five_minutes = tally.count("cache_creation.ephemeral_5m_input_tokens")
    one_hour = tally.count("cache_creation.ephemeral_1h_input_tokens")
    written = tally.count("cache_creation_input_tokens")
    split = add(five_minutes, one_hour)
    written = split if written is None else written
    tally.doubt_unless((split or 0) <= (written or 0), "the cache writes by life exceed all writes")
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=one_hour,
        output_tokens=tally.count("output_tokens"),
        reasoning_tokens=tally.count("output_tokens_details.thinking_tokens"),
    )


def _sum(passes: list[Usage]) -> Usage:
    """Add up the passes of one call; a total that one of them does not tell is unknown."""
    total = passes[0]
    for one in passes[1:]:
        total = Usage(
            input_tokens=_both(total.input_tokens, one.input_tokens),
            cache_read_tokens=add(total.cache_read_tokens, one.cache_read_tokens),
            cache_write_tokens=add(total.cache_write_tokens, one.cache_write_tokens),
            cache_write_1h_tokens=add(total.cache_write_1h_tokens, one.cache_write_1h_tokens),
            output_tokens=_both(total.output_tokens, one.output_tokens),
            reasoning_tokens=add(total.reasoning_tokens, one.reasoning_tokens),
        )
    return total


def _both(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right
