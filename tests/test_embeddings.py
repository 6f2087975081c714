"""A configured embeddings deployment as a user meets it: fitted once, then asked, each call a row."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.test_commands import cockpit, stream

CONFIG = """
version: 1
providers: {{here: {{wire: openai, base_url: "http://127.0.0.1:{port}/v1", billing: free}}}}
tiers: {{T0: {{label: free}}}}
deployments:
  gemma: {{tier: T0, provider: here, model: m}}
  embed: {{tier: T0, provider: here, model: words}}
routes: {{auto: {{ladder: [T0]}}}}
classifier: {{embeddings: embed, timeout: 5s}}
"""
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
DIMENSION = 256


def vector(text: str) -> list[float]:
    """Return which words a text has, hashed: a small embedding that is nearer to its like than by chance."""
    made = [0.0] * DIMENSION
    for word in re.findall(r"\w+", text.lower()):
        made[zlib.crc32(word.encode()) % DIMENSION] += 1.0
    return made


@asynccontextmanager
async def server() -> AsyncIterator[int]:
    """Embed and answer on loopback; yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        body = json.loads(await reader.readexactly(int(size[1]) if size else 0))
        if "/embeddings" in head:
            data = [{"index": n, "embedding": vector(text)} for n, text in enumerate(body["input"])]
            said = json.dumps({"data": data, "usage": {"prompt_tokens": 7, "total_tokens": 7}}).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + said
            )
        else:
            writer.write(b"".join(stream("Done.")))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.slow
async def test_it_is_fitted_once_then_says_what_an_ask_is_and_each_call_is_a_row(tmp_path: Path) -> None:
    async with server() as port:
        config = tmp_path / "cockpit.yaml"
        config.write_text(CONFIG.format(port=port))
        ask = ("ask", "--json", "--config", str(config), "Summarize this article in three sentences.")
        before = (await cockpit(tmp_path, *ask)).json()
        assert "without embed: `cockpit classify --fit` was not run for it" in before["why"]
        fitted = await cockpit(tmp_path, "classify", "--fit", "--json", "--config", str(config))
        told = fitted.json()
        assert (told["deployment"], told["asked"]) == ("embed", 196)
        assert told["task_right"] > (told["asked"] - told["abstained"]) / 4  # by chance a fourteenth
        after = (await cockpit(tmp_path, *ask)).json()
        assert (after["task"], after["deployment"]) == ("summarize", "gemma")
        assert "nearest by words" in after["why"]
        calls = (await cockpit(tmp_path, "export", "--table", "calls", "--format", "json")).json()
        assert {call["source"] for call in calls if call["deployment"] == "embed"} == {"classify"}
        assert len([call for call in calls if call["deployment"] == "embed"]) == 42 + 4 + 1
