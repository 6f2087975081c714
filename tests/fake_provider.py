"""A model server on loopback that does what a script says: answers, pauses, breaks off.

It speaks raw bytes, so that it can do what a proper HTTP server refuses to.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
NDJSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n"


class Move(Enum):
    """What a script can do beside writing bytes."""

    RESET = "send a TCP reset"
    WAIT_FOR_LEAVE = "wait until the client closes the connection"


Step = bytes | asyncio.Event | Move
"""Bytes to write, an event to wait for, or a move; after the last step the connection is closed."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class FakeProvider:
    """A running server."""

    steps: tuple[Step, ...]
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    """When each of them was in, in the event loop's time."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first request is in."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has closed its connection during WAIT_FOR_LEAVE."""
    handlers: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.handlers.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.requests.append(await _read_request(reader))
            self.moments.append(asyncio.get_running_loop().time())
            self.asked.set()
            for step in self.steps:
                await self._play(step, reader, writer)
        writer.close()

    async def _play(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case asyncio.Event():
                await step.wait()
            case Move.RESET:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            case Move.WAIT_FOR_LEAVE:
                with contextlib.suppress(OSError):
                    while await reader.read(1024):
                        pass
                self.left.set()


@asynccontextmanager
async def fake_provider(*steps: Step, tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeProvider]:
    """Serve `steps` to every request until the block ends."""
    provider = FakeProvider(steps)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=tls)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        for task in provider.handlers:
            task.cancel()
        await asyncio.gather(*provider.handlers, return_exceptions=True)


def answer(body: bytes, status: int = 200, *headers: str) -> bytes:
    """Return a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Status", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (header.split(": ", 1) for header in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(line, headers, body)
