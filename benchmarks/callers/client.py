"""pyreqwest, the client that we use, alone: the bare client that every call is measured against."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from pyreqwest.client import ClientBuilder


async def opened(url: str, until: AsyncExitStack) -> Callable[[str, str, bool], Awaitable[None]]:
    """Return what makes a call; see `driver.py`."""
    client = await until.enter_async_context(ClientBuilder().no_proxy().tcp_nodelay(True).build())

    async def call(model: str, prompt: str, stream: bool) -> None:
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": stream}
        raw = json.dumps(body, separators=(",", ":")).encode()
        builder = client.post(f"{url}/v1/chat/completions").header("content-type", "application/json")
        if not stream:
            json.loads(bytes(await (await builder.body_bytes(raw).build().send()).bytes()))
            return
        async with builder.body_bytes(raw).streamed_read_buffer_limit(0).build_streamed() as answer:
            while await answer.body_reader.read_chunk() is not None:
                pass

    return call
