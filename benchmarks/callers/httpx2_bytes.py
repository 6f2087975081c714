"""httpx2, reading the bytes and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2


async def opened(url: str, until: AsyncExitStack) -> Callable[[str, str, bool], Awaitable[None]]:
    """Return what makes a call; see `driver.py`."""
    client = await until.enter_async_context(httpx2.AsyncClient(trust_env=False))

    async def call(model: str, prompt: str, stream: bool) -> None:
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": stream}
        async with client.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
            async for _ in answer.aiter_bytes():
                pass

    return call
