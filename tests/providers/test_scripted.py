"""The scripted upstream plays what it was told, in the loop's own time."""

from __future__ import annotations

import asyncio

from router.core.failures.exchange import Exchange, StreamEnd
from router.core.usage import Usage, UsageReading
from router.engine.ports import Answering, Content, Ended, UpstreamEvent, UsageReport, Waiting
from router.engine.virtual_time import run_virtual
from router.providers.scripted import Script, ScriptedUpstream
from tests.providers.calls import a_call, gather


def play(*scripts: Script, times: int = 1) -> tuple[list[UpstreamEvent], float]:
    async def main() -> tuple[list[UpstreamEvent], float]:
        upstream = ScriptedUpstream({"d": scripts})
        events = [event for _ in range(times) for event in await gather(upstream.stream(a_call()))]
        assert len(upstream.calls) == times
        return events, asyncio.get_running_loop().time()

    return run_virtual(main())


def test_an_answer_is_played_in_order_and_in_time() -> None:
    reading = UsageReading(Usage(input_tokens=3, output_tokens=2))
    script = Script(("a", "b"), waiting="a model loads", head_s=1, piece_s=2, end_s=4, usage=reading)
    exchange = Exchange(
        "fake",
        streamed=True,
        status=200,
        content_seen=True,
        finish_reason="stop",
        output_tokens=2,
        usage_seen=True,
    )
    assert play(script) == (
        [
            Waiting("a model loads"),
            Answering(200),
            Content("a"),
            Content("b"),
            UsageReport(reading, "some-model"),
            Ended(exchange),
        ],
        9.0,
    )


def test_scripts_follow_each_other_and_the_last_one_stays() -> None:
    events, _ = play(Script(("one",)), Script(("two",)), times=3)
    assert [event.text for event in events if isinstance(event, Content)] == ["one", "two", "two"]


def test_a_failure_before_the_answer_has_no_content() -> None:
    events, _ = play(Script(failure=Exchange("", status=429, error={"code": "rate_limit_exceeded"})))
    assert events == [
        Answering(429),
        Ended(Exchange("fake", streamed=True, status=429, error={"code": "rate_limit_exceeded"})),
    ]


def test_a_failure_in_the_answer_comes_after_its_content() -> None:
    events, _ = play(Script(("a",), failure=Exchange("", status=200, end=StreamEnd.RESET)))
    assert events == [
        Answering(200),
        Content("a"),
        Ended(Exchange("fake", streamed=True, status=200, end=StreamEnd.RESET, content_seen=True)),
    ]
