"""Servers that speak the openai wire and differ a little: said in the configuration, sent, and read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from router.config.loader import load
from router.config.show import shown
from router.core.message import Message
from router.core.settings.config import RouterConfig
from router.engine.ports import Call, UpstreamEvent, UsageReport
from router.errors import ConfigError
from router.providers.httpx2_transport import Httpx2Transport
from router.providers.model_lists import read_models
from router.providers.openai_wire import OpenAiDialect
from router.providers.streaming import HttpUpstream
from tests.fake_provider import SSE_HEAD, FakeProvider, answer, fake_provider

CONFIG = """
version: 1
providers:
  odd:
    wire: openai
    base_url: "{url}/v1"
    billing: metered
    headers: {{X-Account: "${{ACCOUNT}}", User-Agent: mine/1}}
    query: {{api-version: "2026-01 b&c"}}
    body: {{stream_options: {{also: 1}}, transforms: [middle-out]}}
    usage_at: meta.tokens
tiers: {{T0: {{label: only}}}}
deployments: {{m: {{tier: T0, provider: odd, model: large}}}}
routes: {{auto: {{ladder: [T0]}}}}
"""
TOKENS = {"prompt_tokens": 12, "completion_tokens": 3}
STREAM = "".join(
    f"data: {json.dumps(chunk)}\n\n"
    for chunk in (
        {"choices": [{"delta": {"content": "Paris"}, "finish_reason": None}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}], "meta": {"tokens": TOKENS}},
    )
)
WHOLE = json.dumps(
    {"choices": [{"message": {"content": "Paris"}, "finish_reason": "stop"}], "meta": {"tokens": TOKENS}}
)


@asynccontextmanager
async def odd(
    tmp_path: Path, *steps: bytes, **environ: str
) -> AsyncIterator[tuple[RouterConfig, FakeProvider]]:
    async with fake_provider(*steps) as server:
        path = tmp_path / "config.yaml"
        path.write_text(CONFIG.format(url=server.url))
        yield load(path, {"ACCOUNT": "acc-secret", **environ}), server


async def ask(config: RouterConfig, *, stream: bool) -> list[UpstreamEvent]:
    upstream = HttpUpstream(Httpx2Transport(), OpenAiDialect())
    call = Call(config.deployments["m"], (Message("user", "hi"),), 9, stream=stream)
    try:
        return [event async for event in upstream.stream(call)]
    finally:
        await upstream.aclose()


@pytest.mark.parametrize(
    ("stream", "steps"), [(True, (SSE_HEAD, STREAM.encode())), (False, (answer(WHOLE.encode()),))]
)
async def test_its_headers_parameters_and_body_are_sent_and_its_usage_is_found(
    stream: bool, steps: tuple[bytes, ...], tmp_path: Path
) -> None:
    async with odd(tmp_path, *steps) as (config, server):
        events = await ask(config, stream=stream)
    [got] = server.requests
    assert got.line.split()[1] == "/v1/chat/completions?api-version=2026-01+b%26c"
    assert (got.headers["x-account"], got.headers["user-agent"]) == ("acc-secret", "mine/1")
    body = json.loads(got.body)
    assert (body["transforms"], body["model"], body["max_tokens"]) == (["middle-out"], "large", 9)
    assert body["stream_options"] == ({"include_usage": True, "also": 1} if stream else {"also": 1})
    [report] = [event for event in events if isinstance(event, UsageReport)]
    assert (report.reading.usage.input_tokens, report.reading.usage.output_tokens) == (12, 3)


async def test_its_list_of_models_is_asked_for_in_the_same_way(tmp_path: Path) -> None:
    async with odd(tmp_path, answer(b'{"data": [{"id": "large"}]}')) as (config, server):
        transport = Httpx2Transport()
        [model] = await read_models(transport, config.providers["odd"])
        await transport.aclose()
    assert (model.name, server.requests[0].headers["x-account"]) == ("large", "acc-secret")
    assert server.requests[0].line.split()[1] == "/v1/models?api-version=2026-01+b%26c"


def test_a_header_without_its_variable_switches_off_and_no_value_is_ever_shown(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.format(url="http://127.0.0.1:1"))
    assert load(path, {}).deployments["m"].off == "no X-Account: set ACCOUNT"
    config = load(path, {"ACCOUNT": "acc-secret"})
    assert config.deployments["m"].off is None
    assert "acc-secret" not in json.dumps(shown(config)) + repr(config)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("headers: {Host: x}", "says how a request is sent"),
        ("headers: {'a b': x}", "is no header's name"),
        ("headers: {X-A: x, x-a: y}", "the same header twice"),
        ("headers: {authorization: x}, api_key: k", "keep one of them"),
        ("usage_at: 'a..b'", "keys with dots between them"),
        ("body: {model: other}", "sets model in its body"),
        ("body: {x: '${ACCOUNT}'}", "is read in api_key, headers, query and hooks' url"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(written: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    head = 'version: 1\nproviders: {p: {wire: openai, base_url: "http://127.0.0.1:1", billing: metered, '
    path.write_text(f"{head}{written}}}}}\n")
    with pytest.raises(ConfigError, match=said):
        load(path, {})
