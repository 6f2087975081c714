"""Reading lists of models and allowances over real HTTP, in the shapes providers send them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from router.core.records.offers import Allowance, ListedModel
from router.core.settings.providers import Billing, Provider, Wire
from router.core.settings.secret import Secret
from router.providers.allowances import read_allowance, tells
from router.providers.httpx2_transport import Httpx2Transport
from router.providers.model_lists import NotRead, has_list, read_models
from tests.fake_provider import FakeProvider, answer, fake_provider

OPENROUTER = {
    "data": [
        {"id": "a/m:free", "context_length": 131072, "pricing": {"prompt": "0", "completion": "0"}},
        {"id": "a/m", "context_length": 8192, "pricing": {"prompt": "0.00000012", "completion": "0.0000003"}},
        {"id": "auto", "context_length": 0, "pricing": {"prompt": "-1", "completion": "nonsense"}},
        {"name": "nameless"},
        "no entry",
    ]
}
LISTS = [
    pytest.param(
        Wire.OPENAI,
        "/api/v1",
        OPENROUTER,
        "/api/v1/models",
        [
            ListedModel("a/m:free", Decimal(0), Decimal(0), 131072),
            ListedModel("a/m", Decimal("0.12"), Decimal("0.3"), 8192),
            ListedModel("auto"),
        ],
        id="openrouter",
    ),
    pytest.param(
        Wire.OPENAI,
        "/v1beta/openai",
        {"object": "list", "data": [{"id": "models/gemini-2.5-flash", "object": "model"}]},
        "/v1beta/openai/models",
        [ListedModel("gemini-2.5-flash")],
        id="gemini",
    ),
    pytest.param(
        Wire.ANTHROPIC,
        "",
        {"data": [{"type": "model", "id": "claude-sonnet-5-5"}], "has_more": False},
        "/v1/models?limit=1000",
        [ListedModel("claude-sonnet-5-5")],
        id="anthropic",
    ),
    pytest.param(
        Wire.OLLAMA,
        "",
        {"models": [{"name": "Qwen2.5-coder:14b", "model": "qwen2.5-coder:14b"}, {"name": "library/smol"}]},
        "/api/tags",
        [ListedModel("qwen2.5-coder:14b"), ListedModel("smol:latest")],
        id="ollama",
    ),
]


def provider(server: FakeProvider, wire: Wire = Wire.OPENAI, path: str = "") -> Provider:
    return Provider("p", wire, Billing.FREE, server.url + path, Secret("sk-quiet"), catalogue="openrouter")


def body(document: object, status: int = 200) -> bytes:
    return answer(json.dumps(document).encode(), status, "content-type: application/json")


@pytest.mark.parametrize(("wire", "path", "document", "target", "models"), LISTS)
async def test_each_wire_s_list_is_found_and_read(
    wire: Wire, path: str, document: object, target: str, models: list[ListedModel]
) -> None:
    transport = Httpx2Transport()
    async with fake_provider(body(document)) as server:
        assert await read_models(transport, provider(server, wire, path)) == tuple(models)
    await transport.aclose()
    [asked] = server.requests
    assert asked.line.startswith(f"GET {target} ")
    sent = asked.headers["x-api-key" if wire is Wire.ANTHROPIC else "authorization"]
    assert sent.removeprefix("Bearer ") == "sk-quiet"


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (body({}, 401), "answered 401"),
        (body({"error": "sk-quiet"}), "no list of models"),
        (answer(b"<html>"), "no list of models"),
        (b"", "no answer from 127.0.0.1"),
    ],
)
async def test_what_cannot_be_read_says_why_and_shows_no_key(answered: bytes, words: str) -> None:
    transport = Httpx2Transport()
    async with fake_provider(answered) as server:
        with pytest.raises(NotRead, match=words) as raised:
            await read_models(transport, provider(server))
    await transport.aclose()
    assert "sk-quiet" not in str(raised.value)


@pytest.mark.parametrize(
    ("told", "allowance"),
    [
        ({"used": 17, "limit": 50, "remaining": 33}, Allowance(17, 50)),
        ({"limit": 50, "remaining": 33}, Allowance(17, 50)),
        ({"used": 17, "limit": None}, None),
        ({"used": True, "limit": -1}, None),
    ],
)
async def test_openrouter_tells_how_many_free_requests_are_used(
    told: dict[str, object], allowance: Allowance | None
) -> None:
    transport = Httpx2Transport()
    async with fake_provider(body({"data": {"label": "x", "free_model_daily_requests": told}})) as server:
        account = provider(server, path="/api/v1")
        assert tells(account)
        assert await read_allowance(transport, account) == allowance
    await transport.aclose()
    assert server.requests[0].line.startswith("GET /api/v1/key ")


async def test_a_key_endpoint_that_tells_nothing_of_it_is_a_problem_with_its_reason() -> None:
    transport = Httpx2Transport()
    async with fake_provider(body({"data": {"usage": 1.5}})) as server:
        with pytest.raises(NotRead, match="does not say how many free requests"):
            await read_allowance(transport, provider(server))
    await transport.aclose()


def test_the_embedded_model_has_no_list_and_other_vendors_tell_no_allowance() -> None:
    embedded = Provider("e", Wire.LLAMACPP, Billing.LOCAL)
    assert not has_list(embedded)
    assert not tells(Provider("p", Wire.OPENAI, Billing.FREE, "http://127.0.0.1:1", Secret("k")))
