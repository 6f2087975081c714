"""Five backends on loopback, as free tiers are: healthy, hanging, vanished, limited and flapping.

One server in a thread of its own, so that tests with a loop and tests without one can use it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.fake_provider import SSE_HEAD, answer

HANGS_ANSWER_EVERY = 3
LIMITED_AFTER = 4
RETRY_AFTER_S = 30


@dataclass(slots=True)
class Backends:
    """The running server; `scale` shortens the healthy second, for tests that have no time."""

    scale: float
    port: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Requests that came in, by backend."""
    left: Counter[str] = field(default_factory=Counter)
    """Requests whose caller closed the connection before an answer."""
    handlers: set[asyncio.Task[None]] = field(default_factory=set)

    def config(self, *, more: str = "") -> str:
        """Return a configuration of all five, free, each with its own provider, and a route over them."""
        names = ("healthy", "hangs", "vanished", "limited", "flapping")
        providers = "\n".join(
            f'  at-{name}: {{wire: openai, base_url: "http://127.0.0.1:{self.port}/{name}", billing: free}}'
            for name in names
        )
        deployments = "\n".join(
            f"  {name}: {{tier: T0, provider: at-{name}, model: {name}:free}}" for name in names
        )
        return (
            f"version: 1\n# kept\nproviders:\n{providers}\n"
            f'  paid: {{wire: openai, base_url: "http://127.0.0.1:{self.port}/healthy", billing: metered}}\n'
            "tiers:\n  T0: {label: free}\n  T1: {label: paid}\n"
            f"deployments:\n{deployments}\n"
            '  dear: {tier: T1, provider: paid, model: dear, price: {input_mtok: "3", output_mtok: "15"}}\n'
            "  unpriced: {tier: T1, provider: paid, model: nobody-knows}\n"
            "routes:\n  auto: {ladder: [T0, T1], climb: {free_to_paid: true}}\n"
            f"  free: {{use: [{', '.join(names)}]}}\n{more}"
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request as its path says."""
        if task := asyncio.current_task():
            self.handlers.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if head.startswith("GET"):  # somebody looks for a list of models: there is none
                writer.write(_error(404, "Not found"))
                await writer.drain()
                writer.close()
                return
            length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
            await reader.readexactly(length)
            name = head.split(" ")[1].split("/")[1]
            self.counts[name] += 1
            body = await self._answer(name, self.counts[name], reader)
            writer.write(body)
            await writer.drain()
        writer.close()

    async def _answer(self, name: str, n: int, reader: asyncio.StreamReader) -> bytes:
        if name == "hangs" and n % HANGS_ANSWER_EVERY:
            await reader.read()
            self.left[name] += 1
            return b""
        if name == "vanished":
            return _error(404, "No endpoints found for this model")
        if name == "limited" and n > LIMITED_AFTER:
            return _error(429, "Rate limit exceeded", f"retry-after: {RETRY_AFTER_S}")
        if name == "flapping" and n % 2 == 0:
            return _error(500, "Internal server error")
        gone = asyncio.ensure_future(reader.read())
        done, _ = await asyncio.wait({gone}, timeout=self.scale)
        self.left[name] += bool(done)
        gone.cancel()
        return SSE_HEAD + _ready()


@contextmanager
def five_backends(scale: float = 0.02) -> Iterator[Backends]:
    """Serve until the block ends."""
    backends, up, over = Backends(scale), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_run(backends, up, over)), daemon=True)
    thread.start()
    assert up.wait(5)
    try:
        yield backends
    finally:
        over.set()
        thread.join(5)


async def _run(backends: Backends, up: threading.Event, over: threading.Event) -> None:
    server = await asyncio.start_server(backends.serve, "127.0.0.1", 0)
    backends.port = server.sockets[0].getsockname()[1]
    up.set()
    await asyncio.to_thread(over.wait)
    server.close()
    for task in backends.handlers:
        task.cancel()
    await asyncio.gather(*backends.handlers, return_exceptions=True)
    await server.wait_closed()


def _error(status: int, message: str, *headers: str) -> bytes:
    body = json.dumps({"error": {"message": message, "code": status}}).encode()
    return answer(body, status, "content-type: application/json", *headers)


def _ready() -> bytes:
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": "ready"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}},
    ]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"
