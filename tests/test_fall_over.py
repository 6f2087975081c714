"""What servers, and what stands before them, really answer: of two deployments the good one does.

A row is one shape, sent over HTTP. Each is asked for twice by the engine as commands wire it: whoever can
answer must, nothing is sent after content, and the second request finds the first deployment at rest where it
should.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from router.app.app import open_app
from router.core.message import Message
from router.core.records.diagnosis import FailureClass
from router.core.request import Request
from router.engine.engine import Engine
from router.engine.events import Answer, RequestEnded, TextArrived
from tests.fake_provider import SSE_HEAD, FakeProvider, Move, Step, answer, fake_provider

CONFIG = """
version: 1
providers:
  first:  {{wire: openai, base_url: "{first}/v1", billing: metered}}
  second: {{wire: openai, base_url: "{second}/v1", billing: metered}}
tiers: {{T0: {{label: only}}}}
deployments:
  A: {{tier: T0, provider: first, model: small, context_window: 131072, PRICE}}
  B: {{tier: T0, provider: second, model: large, context_window: 65536, PRICE}}
routes: {{r: {{use: [A, B], strategy: ordered}}}}
""".replace("PRICE", 'price: {{input_mtok: "1", output_mtok: "2"}}')
TEXT = "The answer is 42."
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def piece(text: str = "", finish: str | None = None, **more: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more}


def events(*chunks: dict[str, Any] | str, sep: str = "\n\n") -> bytes:
    written = (chunk if isinstance(chunk, str) else json.dumps(chunk) for chunk in chunks)
    return "".join(f"data: {chunk}{sep}" for chunk in written).encode()


GOOD = events(piece(TEXT), piece("", "stop"), {"choices": [], "usage": USAGE}, "[DONE]")
B_SAYS = events(piece("from B"), piece("", "stop"), {"choices": [], "usage": USAGE}, "[DONE]")


def error(status: int, body: object, *headers: str) -> tuple[Step, ...]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    return (answer(raw, status, f"content-type: {kind}", *headers),)


def said(status: int, message: str, *headers: str, **more: object) -> tuple[Step, ...]:
    return error(status, {"error": {"message": message, **more}}, *headers)


def sse(body: bytes, *headers: str) -> tuple[Step, ...]:
    lines = "".join(f"{header}\r\n" for header in headers)
    return (SSE_HEAD[:-2] + lines.encode("latin-1") + b"\r\n", body)


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


MANY = tuple(f"x-header-{n}: value" for n in range(150))
HTML = b"<html><head><title>502</title></head><body>ngrok: the endpoint is offline</body></html>"


@dataclass(frozen=True, slots=True)
class Shape:
    """What A sends, and what comes of it."""

    name: str
    steps: tuple[Step, ...]
    text: str = "from B"
    fails: FailureClass | None = None
    """How A's attempt is judged; None: it answered."""
    asked: int = 1
    """How many of two requests reach A."""


def answers(name: str, *steps: Step) -> Shape:
    return Shape(name, steps, TEXT, None, 2)


T, Q, R, G = (
    FailureClass.TRANSIENT,
    FailureClass.QUOTA_UNTIL_TIME,
    FailureClass.BAD_REQUEST,
    FailureClass.GONE,
)
SHAPES = (
    answers("a-header-that-is-no-ascii", *sse(GOOD, "x-provider: Nürnberg")),
    answers("gzip", *sse(gzip.compress(GOOD), "content-encoding: gzip")),
    answers("deflate", *sse(zlib.compress(GOOD), "content-encoding: deflate")),
    answers("single-newlines", *sse(events(piece(TEXT), piece("", "stop"), "[DONE]", sep="\n"))),
    answers("done-without-a-finish", *sse(events(piece(TEXT), {"choices": [], "usage": USAGE}, "[DONE]"))),
    answers("finish-eos-token", *sse(events(piece(TEXT), piece("", "eos_token"), "[DONE]"))),
    answers(
        "finish-in-every-chunk", *sse(events(piece("The answer ", "stop"), piece("is 42.", "stop"), "[DONE]"))
    ),
    answers("text-after-done", *sse(GOOD + events(piece(" Buy now!")))),
    answers(
        "a-last-chunk-with-it-all",
        *sse(events(piece(TEXT), piece("", "stop", message={"content": TEXT}), "[DONE]")),
    ),
    answers(
        "usage-as-strings",
        *sse(
            events(
                piece(TEXT, "stop"),
                {"choices": [], "usage": {"prompt_tokens": "10", "completion_tokens": "5"}},
                "[DONE]",
            )
        ),
    ),
    answers("comments-and-pings", *sse(b": ping\n\n" + GOOD.replace(b"data: [D", b": ping\n\ndata: [D"))),
    answers("crlf-and-bom", *sse(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"))),
    Shape("a-401-page-of-a-tunnel", error(401, HTML), fails=T),
    Shape("a-403-challenge", error(403, HTML, "cf-mitigated: challenge"), fails=T),
    Shape("a-404-page", error(404, b"404 page not found"), fails=T),
    Shape("a-410-page", error(410, HTML), fails=T),
    Shape("a-login-page-in-a-200", (answer(HTML, 200, "content-type: text/html"),), fails=T),
    Shape("model-not-found", said(404, "The model `small` does not exist", code="model_not_found"), fails=G),
    Shape("rate-limit", said(429, "slow down", "retry-after: 30"), fails=Q),
    Shape(
        "rate-limit-behind-400",
        said(400, "Rate limit reached for requests", code="rate_limit_exceeded"),
        fails=Q,
    ),
    Shape("rate-limit-behind-403", said(403, "Too many requests. Rate limit exceeded"), fails=Q),
    Shape("hinted-498", said(498, "flex tier capacity exceeded", "retry-after: 30"), fails=T),
    Shape("hinted-500", said(500, "oops", "retry-after: 30"), fails=T),
    Shape("overloaded", said(529, "Overloaded", type="overloaded_error"), fails=T),
    Shape("refused-at-once", (Move.RESET,), fails=T, asked=2),
    Shape(
        "tokens-a-minute",
        said(413, "Request too large on tokens per minute (TPM): Limit 120, Requested 900"),
        fails=R,
    ),
    Shape("a-smaller-window", said(400, "This model's maximum context length is 120 tokens"), fails=R),
    Shape(
        "does-not-support-chat",
        said(400, "The model `small` does not support chat completions"),
        fails=R,
        asked=2,
    ),
    Shape("body-too-large", error(413, b"<html>413 Request Entity Too Large</html>"), fails=R, asked=2),
    Shape(
        "error-in-a-200",
        error(200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
        fails=Q,
    ),
    Shape(
        "errors-in-a-200", error(200, {"errors": [{"message": "capacity", "code": 3040}]}), fails=T, asked=2
    ),
    Shape(
        "an-error-event",
        sse(events({"error": {"message": "slow down", "code": "rate_limit_exceeded"}})),
        fails=Q,
    ),
    Shape("an-empty-answer", sse(events(piece("", "stop"), "[DONE]")), fails=T, asked=2),
    Shape("an-end-before-content", sse(b": ping\n\n"), fails=T),
    Shape(
        "a-slip-of-the-model",
        said(400, "Failed to call a function", code="tool_use_failed"),
        fails=T,
        asked=2,
    ),
)


@asynccontextmanager
async def two(
    tmp_path: Path, steps: tuple[Step, ...]
) -> AsyncIterator[tuple[Engine, FakeProvider, FakeProvider]]:
    async with fake_provider(*steps) as first, fake_provider(*sse(B_SAYS)) as second:
        path = tmp_path / "config.yaml"
        path.write_text(CONFIG.format(first=first.url, second=second.url))
        async with open_app(config=path, ledger=tmp_path / "ledger.db") as world:
            yield world.engine, first, second


async def ask(engine: Engine) -> tuple[Answer, str]:
    text = ""
    async for event in engine.stream(Request((Message("user", "What is the answer? " * 60),), "r")):
        if isinstance(event, TextArrived):
            text += event.text
        if isinstance(event, RequestEnded):
            return event.answer, text
    raise AssertionError("no end")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_the_good_one_answers_and_the_other_is_asked_as_often_as_it_should_be(
    shape: Shape, tmp_path: Path
) -> None:
    async with two(tmp_path, shape.steps) as (engine, first, second):
        answer, text = await ask(engine)
        assert (answer.error, answer.text, text) == (None, shape.text, shape.text)
        first_attempt = answer.attempts[0]
        assert first_attempt.deployment == "A"
        assert first_attempt.failure_class == (shape.fails or FailureClass.OK)
        again, _ = await ask(engine)
        assert again.text == shape.text
        tries = sum(record.deployment == "A" for record in (*answer.attempts, *again.attempts))
        assert len(first.requests) == tries
        assert tries >= shape.asked if shape.asked == 2 else tries == 1
        assert len(second.requests) == (0 if shape.fails is None else 2)


async def test_a_hundred_and_fifty_headers_are_read_at_the_second_try_and_then_at_once(
    tmp_path: Path,
) -> None:
    async with two(tmp_path, sse(GOOD, *MANY)) as (engine, first, second):
        answer, _ = await ask(engine)
        assert (answer.text, [record.deployment for record in answer.attempts]) == (TEXT, ["A", "A"])
        answer, _ = await ask(engine)
        assert (answer.text, [record.deployment for record in answer.attempts]) == (TEXT, ["A"])
        assert (len(first.requests), len(second.requests)) == (3, 0)


async def test_after_content_nobody_takes_over(tmp_path: Path) -> None:
    async with two(tmp_path, (*sse(events(piece("The answer "))), Move.RESET)) as (engine, first, second):
        answer, text = await ask(engine)
        assert text == "The answer "
        assert answer.error
        assert (len(first.requests), len(second.requests)) == (1, 0)
