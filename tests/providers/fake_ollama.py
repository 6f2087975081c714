"""An Ollama on loopback, in the shapes of the real one: `/api/tags`, `/api/ps` and `/api/chat`."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DETAILS = {"format": "gguf", "family": "qwen2", "parameter_size": "14.8B", "quantization_level": "Q4_K_M"}


def lines(*each: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in each)


def chat_line(**message: object) -> dict[str, object]:
    return {"model": "qwen3", "message": {"role": "assistant", **message}, "done": False}


def last_line(read: int | None = 11) -> dict[str, object]:
    counts = {"eval_count": 7} if read is None else {"prompt_eval_count": read, "eval_count": 7}
    return {**chat_line(content=""), "done": True, "done_reason": "stop", **counts}


def tags(*models: str) -> bytes:
    entries = [{"name": name, "model": name, "size": 8988124069, "details": DETAILS} for name in models]
    return json.dumps({"models": entries}).encode()


def ps(loaded: Mapping[str, int | None]) -> bytes:
    """What `/api/ps` says when these models are loaded; old servers say nothing of the context: None."""
    entries: list[dict[str, object]] = []
    for name, context in loaded.items():
        said = {} if context is None else {"context_length": context}
        expires = "2026-12-10T22:05:00.1Z"
        entries.append({"name": name, "model": name, "size_vram": 5137025024, "expires_at": expires, **said})
    return json.dumps({"models": entries}).encode()


@dataclass(slots=True)
class FakeOllama:
    """A running server: what it answers at each path, and what it was sent; any other path is a 404."""

    answers: dict[str, bytes]
    url: str = ""
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def chats(self) -> list[dict[str, object]]:
        return [json.loads(body) for path, body in self.sent if path == "/api/chat"]


@contextmanager
def fake_ollama(answers: dict[str, bytes]) -> Iterator[FakeOllama]:
    """Serve `answers` by path until the block ends; in threads, so that a blocking caller can ask as well."""
    fake = FakeOllama(answers)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            fake.sent.append((self.path, body))
            fake.keys.append(self.headers.get("authorization"))
            known = fake.answers.get(self.path)
            self.send_response(404 if known is None else 200)
            self.end_headers()
            self.wfile.write(known or b"404 page not found")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    for method in ("GET", "POST"):
        setattr(Handler, f"do_{method}", Handler.answer)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
