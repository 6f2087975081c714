"""A model server that costs next to nothing: raw bytes over asyncio, in a process of its own.

Standard library only, so that every peer's interpreter can run what stands in this folder. A model named
`plain` answers in one piece where no stream is asked for; `pieces-20` streams twenty pieces.
"""

from __future__ import annotations

import asyncio
import json
import sys

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_795_348_800,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def _streamed(pieces: int) -> bytes:
    usage = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_795_348_800,
        "model": "m",
        "choices": [],
        "usage": USAGE,
    }
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    parts = [_chunk({"role": "assistant", "content": ""})]
    parts += [_chunk({"content": f" word{n % 10}"}) for n in range(pieces)]
    parts += [_chunk({}, "stop"), b"data: " + json.dumps(usage).encode() + b"\n\n", b"data: [DONE]\n\n"]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _whole() -> bytes:
    message = {"role": "assistant", "content": "an answer of a few words. " * 12}
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_795_348_800,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": USAGE,
        }
    ).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


ANSWERS = {"plain": _whole(), **{f"pieces-{n}": _streamed(n) for n in (1, 20, 200)}}


class Serving(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._held = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        head_end = self._held.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(self._held[:head_end]).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._held) < head_end + 4 + length:
            return
        body = bytes(self._held[head_end + 4 :])
        self._held.clear()
        self._transport.write(_answer(body))


def _answer(body: bytes) -> bytes:
    ends = body[:300] + body[-300:]
    for name, answer in ANSWERS.items():
        if b'"' + name.encode() + b'"' in ends:
            streamed = b'"stream":true' in ends.replace(b" ", b"")
            return ANSWERS["pieces-1"] if name == "plain" and streamed else answer
    return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


async def main() -> None:
    """Serve until killed; the first line of standard output is the port."""
    server = await asyncio.get_running_loop().create_server(Serving, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
