"""The openai SDK, with no router and no ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from openai import AsyncOpenAI


async def opened(url: str, until: AsyncExitStack) -> Callable[[str, str, bool], Awaitable[None]]:
    """Return what makes a call; see `driver.py`."""
    client = await until.enter_async_context(AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0))

    async def call(model: str, prompt: str, stream: bool) -> None:
        if not stream:
            await client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
            return
        async for _ in await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": prompt}], stream=True
        ):
            pass

    return call
