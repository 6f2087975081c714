"""One streamed call over loopback: our whole engine with a ledger file, beside the openai SDK and httpx2.

Every client asks the same server, one call at a time, in turn; the server's own time is in all of them.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx2

from router.core.request import Message, Request
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SystemChance
from router.engine.clock import SystemClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.ledger.sqlite.attempts import open_ledger
from router.providers.openai_wire import OpenAiDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from tests.configs import small_config
from tests.fake_provider import fake_provider
from tests.test_commands import stream

CALLS = 150
PIECES = tuple(f"piece {n} " for n in range(20))


async def run() -> None:
    """Measure and print."""
    async with AsyncExitStack() as opened:
        provider = await opened.enter_async_context(fake_provider(*stream(*PIECES)))
        folder = opened.enter_context(tempfile.TemporaryDirectory())
        callers = {
            "httpx2, bytes only": await _httpx2(provider.url, opened),
            "our engine and ledger": await _ours(provider.url, Path(folder), opened),
            "openai SDK, no ledger": await _openai(provider.url, opened),
        }
        taken: dict[str, list[float]] = {name: [] for name in callers}
        for _ in range(CALLS):
            for name, call in callers.items():
                started = time.perf_counter()
                await call()
                taken[name].append(time.perf_counter() - started)
    base = statistics.median(taken["our engine and ledger"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:24} {median * 1000:7.2f} ms   {median / base:5.2f} x ours")


async def _ours(url: str, folder: Path, opened: AsyncExitStack) -> Callable[[], Awaitable[None]]:
    config = small_config()
    paid = config.deployments["paid"]
    local = replace(paid, provider=replace(paid.provider, base_url=f"{url}/v1"))
    config = replace(config, deployments={**config.deployments, "paid": local})
    store = await open_ledger(folder / "ledger.db", SystemClock())
    opened.push_async_callback(store.aclose)
    upstream = HttpUpstream(PyreqwestTransport(), OpenAiDialect())
    engine = Engine(
        config, Dependencies({Wire.OPENAI: upstream}, store, SystemClock(), SystemChance(), Secret("k"))
    )
    opened.push_async_callback(engine.aclose)

    async def call() -> None:
        async for _ in engine.stream(Request((Message("user", "hello"),), name="paid")):
            pass

    return call


async def _httpx2(url: str, opened: AsyncExitStack) -> Callable[[], Awaitable[None]]:
    client = await opened.enter_async_context(httpx2.AsyncClient(trust_env=False))

    async def call() -> None:
        async with client.stream("POST", f"{url}/v1/chat/completions", json={"stream": True}) as answer:
            async for _ in answer.aiter_bytes():
                pass

    return call


async def _openai(url: str, opened: AsyncExitStack) -> Callable[[], Awaitable[None]]:
    from openai import AsyncOpenAI  # a second to import: only where it is measured

    client = await opened.enter_async_context(AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0))

    async def call() -> None:
        answer = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hello"}], stream=True
        )
        async for _ in answer:
            pass

    return call


def main() -> None:
    """Run it."""
    asyncio.run(run())
