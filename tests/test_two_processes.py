"""Real programs one after the other on one ledger, over real HTTP: what one has learned the next knows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from router.app.app import open_app
from router.core.message import Message
from router.core.request import Request
from tests.fake_provider import SSE_HEAD, FakeProvider, answer, fake_provider
from tests.test_whole import COCKPIT, environment

pytestmark = pytest.mark.slow

LIMITED = answer(
    b'{"error": {"message": "slow down"}}', 429, "retry-after: 7", "content-type: application/json"
)
REST_S = 7.0


def served() -> bytes:
    """An answer of the OpenAI wire, whole."""
    deltas: list[tuple[dict[str, str], str | None]] = [({"content": "Paris"}, None), ({}, "stop")]
    chunks = [
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": why}]}
        for delta, why in deltas
    ]
    return SSE_HEAD + b"".join(b"data: %s\n\n" % json.dumps(c).encode() for c in chunks) + b"data: [DONE]\n\n"


@dataclass
class Scene:
    """Two deployments of one route, the first of which limits its callers, and a ledger."""

    home: Path
    first: FakeProvider

    async def cockpit(self, *arguments: str) -> Any:
        """Run a program of its own and return the document it prints."""
        config = ("--config", str(self.home / "config.yaml"))
        process = await asyncio.create_subprocess_exec(
            *COCKPIT,
            *arguments,
            "--json",
            *config,
            env=environment(self.home),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return json.loads(out)

    async def ask(self) -> list[str]:
        """Return who was asked, in order."""
        answered = await self.cockpit("ask", "the capital of France?")
        assert answered["text"] == "Paris"
        return [attempt["deployment"] for attempt in answered["attempts"]]


@asynccontextmanager
async def scene(home: Path) -> AsyncIterator[Scene]:
    async with fake_provider(LIMITED) as first, fake_provider(served()) as second:
        providers = {
            name: {"wire": "openai", "base_url": provider.url, "api_key": f"sk-{name}", "billing": "free"}
            for name, provider in (("one", first), ("two", second))
        }
        config = {
            "version": 1,
            "providers": providers,
            "tiers": {"T0": {"label": "free"}},
            "deployments": {
                "first": {"tier": "T0", "provider": "one", "model": "m"},
                "second": {"tier": "T0", "provider": "two", "model": "m"},
            },
            "routes": {"auto": {"use": ["first", "second"]}},
        }
        (home / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
        yield Scene(home, first)


async def test_a_rest_of_seven_seconds_is_kept_by_every_process_and_no_longer(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        assert await world.ask() == ["first", "second"]
        [first, second] = await world.cockpit("tiers")
        assert (first["health"], second["health"]) == ("cooling", "available")
        assert first["until"]
        asked = []
        async with asyncio.timeout(60):
            while len(world.first.requests) < 2:
                asked.append(await world.ask())
        assert asked == [*[["second"]] * (len(asked) - 1), ["first", "second"]]
        assert len(asked) >= 2
        before, after = world.first.moments
        assert REST_S <= after - before < 3 * REST_S


async def test_what_one_process_drops_every_other_one_leaves_alone_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as world, open_app(config=tmp_path / "config.yaml", ledger=None) as running:
        dropped = await world.cockpit("drop", "first", "--because", "slow")
        assert dropped["written"] is True
        assert await world.ask() == ["second"]  # a process that starts now
        await running.watch.poll()  # a process that was running, as the cockpit does once a second
        plan = running.engine.plan(Request((Message("user", "hello"),), name="auto"))
        assert [c.deployment for c in plan.candidates if c.eligible] == ["second"]
        await world.cockpit("restore", "first")
        await running.watch.poll()
        assert running.engine.config.routes["auto"].without == {}
        assert await world.ask() == ["first", "second"]


async def test_what_one_process_clears_the_next_one_asks(tmp_path: Path) -> None:
    async with scene(tmp_path) as world:
        assert await world.ask() == ["first", "second"]
        [cleared] = await world.cockpit("tiers", "clear", "first")
        assert (cleared["deployment"], cleared["health"]) == ("first", "cooling")
        assert await world.cockpit("tiers", "clear", "first") == []
        assert await world.ask() == ["first", "second"]
        explained = await world.cockpit("explain", "the capital of France?")
        chosen = [candidate["deployment"] for candidate in explained["candidates"] if candidate["chosen"]]
        assert chosen == ["second"]
