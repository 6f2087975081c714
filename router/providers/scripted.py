"""An upstream that says what it was told to: for tests, screens and pictures.

Owns no rule. It keeps scripts per deployment and plays them in the event loop's time, so that a loop with
virtual time does not wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace

from router.core.failures.exchange import Exchange
from router.core.usage import UsageReading
from router.engine.ports import Answering, Call, Content, Ended, UpstreamEvent, UsageReport, Waiting


@dataclass(frozen=True, slots=True)
class Script:
    """One answer, or one failure."""

    texts: tuple[str, ...] = ("A scripted answer.",)
    """The pieces of content, in order; those before a failure arrive before it."""
    failure: Exchange | None = None
    """How it goes wrong; None is a whole answer. What the script itself tells is filled in."""
    kind: str = "text"
    waiting: str | None = None
    """What a `Waiting` event says first, if anything."""
    head_s: float = 0.0
    """Seconds until the answer's head."""
    piece_s: float = 0.0
    """Seconds before each piece."""
    end_s: float = 0.0
    """Seconds between the last piece and the end."""
    usage: UsageReading | None = None
    """What is reported before the end; None reports nothing."""
    usage_first: bool = False
    """Whether it is reported before the content already, as a stream's head does."""
    finish_reason: str = "stop"
    model_served: str | None = None


class ScriptedUpstream:
    """Plays scripts by the deployment's name, in order, the last one for ever; an `Upstream`."""

    def __init__(self, scripts: Mapping[str, Sequence[Script]]) -> None:
        self._scripts = {name: list(each) for name, each in scripts.items()}
        self.calls: list[Call] = []
        """Every call it was sent, in order."""
        self.closed = False

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Play the next script of the call's deployment. Raises KeyError for a deployment that has none."""
        self.calls.append(call)
        queue = self._scripts[call.deployment.name]
        script = queue.pop(0) if len(queue) > 1 else queue[0]
        ending = _ending(script, call)
        if script.waiting is not None:
            yield Waiting(script.waiting)
        await asyncio.sleep(script.head_s)
        if ending.status is not None:
            yield Answering(ending.status)
        served = script.model_served or call.deployment.model
        report = None if script.usage is None else UsageReport(script.usage, served)
        if report is not None and script.usage_first:
            yield report
        for text in script.texts if ending.content_seen else ():
            await asyncio.sleep(script.piece_s)
            yield Content(text, script.kind)
        await asyncio.sleep(script.end_s)
        if report is not None:
            yield report
        yield Ended(ending)

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True


def _ending(script: Script, call: Call) -> Exchange:
    counts = script.usage.usage if script.usage else None
    failure = script.failure
    exchange = failure or Exchange(
        call.deployment.provider.vendor, status=200, finish_reason=script.finish_reason
    )
    answered = exchange.status is not None and 200 <= exchange.status < 300
    return replace(
        exchange,
        vendor=call.deployment.provider.vendor,
        streamed=call.stream,
        content_seen=answered and bool(script.texts),
        usage_seen=counts is not None,
        output_tokens=counts.output_tokens if counts else None,
    )
