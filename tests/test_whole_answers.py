"""Who wants no stream gets none: one body is asked for, and no first word is timed that never was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from router.core.message import Message
from router.core.records.diagnosis import FailureClass
from router.core.request import Request
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SystemChance
from router.engine.clock import SystemClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import Answer, RequestEnded, TextArrived
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reader import open_reader
from router.providers.openai_wire import OpenAiDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from tests.configs import small_config
from tests.fake_provider import answer, fake_provider

WHOLE = {
    "model": "m-1",
    "choices": [{"index": 0, "message": {"content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
}
ASK = Request((Message("user", "The capital of France?"),), name="paid", stream=False)


async def asked(
    body: bytes, folder: Path, status: int = 200
) -> tuple[Answer, int, dict[str, object], object]:
    """Return the answer, how many pieces came, what was sent, and the row's time to the first word."""
    async with fake_provider(answer(body, status)) as server:
        config = small_config()
        paid = config.deployments["paid"]
        here = replace(paid, provider=replace(paid.provider, base_url=f"{server.url}/v1"))
        config = replace(config, deployments={**config.deployments, "paid": here})
        ledger = await open_ledger(folder / "ledger.db", SystemClock())
        upstream = HttpUpstream(PyreqwestTransport(), OpenAiDialect())
        deps = Dependencies({Wire.OPENAI: upstream}, ledger, SystemClock(), SystemChance(), Secret("k"))
        engine = Engine(config, deps)
        events = [event async for event in engine.stream(ASK)]
        await engine.aclose()
        await ledger.aclose()
        reader = await open_reader(folder / "ledger.db", SystemClock())
        [row] = await reader.recent(1)
        await reader.aclose()
        assert isinstance(events[-1], RequestEnded)
        assert row.settlement
        pieces = sum(isinstance(event, TextArrived) for event in events)
        return events[-1].answer, pieces, json.loads(server.requests[0].body), row.settlement.ttft_ms


async def test_an_answer_in_one_piece_is_asked_for_read_and_counted(tmp_path: Path) -> None:
    found, pieces, sent, ttft_ms = await asked(json.dumps(WHOLE).encode(), tmp_path)
    assert (sent["stream"], "stream_options" in sent) == (False, False)
    assert (found.text, pieces, found.error) == ("Paris.", 1, None)
    assert (found.usage.input_tokens, found.usage.output_tokens) == (12, 3)
    assert found.cost_nano_usd == 12 * 1000 + 3 * 2000
    assert found.served_by
    assert (found.served_by.ttft_s, ttft_ms) == (None, None)


async def test_a_body_that_is_no_answer_is_a_failure_as_in_a_stream(tmp_path: Path) -> None:
    found, pieces, _, _ = await asked(
        b'{"error": {"message": "no", "code": "model_not_found"}}', tmp_path, 404
    )
    assert pieces == 0
    assert found.error
    assert found.error.failure_class is FailureClass.GONE
