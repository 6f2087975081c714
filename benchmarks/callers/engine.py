"""Our engine as `cockpit ask` wires it: classifier, budgets, ledger file, jobs; routes of ten deployments."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

from router.app.app import open_app
from router.core.message import Message
from router.core.request import Request
from router.engine.events import RequestEnded

DEPLOYMENTS = int(os.environ.get("COCKPIT_BENCH_DEPLOYMENTS", "10"))
CONFIG = """
version: 1
providers:
{providers}
tiers:
  T1: {{label: paid}}
deployments:
{deployments}
routes:
{routes}
budgets:
  - {{scope: all, window: day, usd: "100000", mode: hard}}
  - {{scope: all, window: month, usd: "1000000", mode: hard}}
  - {{scope: "tier:T1", window: 7d, usd: "1000000", mode: soft}}
policy:
  guard: {{usd_per_10m: null, requests_per_minute: null, identical_calls: null}}
"""
MODELS = ("plain", "pieces-1", "pieces-20", "pieces-200")
PRICE = '{input_mtok: "0.1", output_mtok: "0.2"}'


def _config(url: str) -> str:
    """Return a configuration with one route of ten deployments per model, each at an account of its own."""
    numbers = range(DEPLOYMENTS)
    providers = "\n".join(
        f'  p{n}: {{wire: openai, billing: metered, base_url: "{url}/v1", api_key: "k{n}"}}' for n in numbers
    )
    deployments = "\n".join(
        f"  {model}-{n}: {{tier: T1, provider: p{n}, model: {model}, price: {PRICE}}}"
        for model in MODELS
        for n in numbers
    )
    routes = "\n".join(
        f"  {model}: {{use: [{', '.join(f'{model}-{n}' for n in numbers)}]}}" for model in MODELS
    )
    return CONFIG.format(providers=providers, deployments=deployments, routes=routes)


async def opened(url: str, until: AsyncExitStack) -> Callable[[str, str, bool], Awaitable[None]]:
    """Return what makes a call; see `driver.py`."""
    folder = Path(until.enter_context(tempfile.TemporaryDirectory()))
    config = folder / "config.yaml"
    config.write_text(_config(url))
    sending = await until.enter_async_context(open_app(config=config, ledger=folder / "ledger.db"))

    async def call(model: str, prompt: str, stream: bool) -> None:
        request = Request((Message("user", prompt),), name=model, max_tokens=500, stream=stream)
        async with aclosing(sending.engine.stream(request)) as events:
            async for event in events:
                if isinstance(event, RequestEnded):
                    assert event.answer.error is None, event.answer.error

    return call
