"""JSON lines out of bytes, without I/O: how Ollama's own API streams.

Owns the framing only. A line is handed on as an event without a name, so that all wires read the same shape.
"""

from __future__ import annotations

from router.providers.sse import MAX_BYTES, LineSplitter, ServerSentEvent


class NdjsonDecoder:
    """Turns the bytes of one stream into its lines; blank ones are left out."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._lines = LineSplitter(max_bytes)

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the lines that `chunk` completes. Raises TransportError (`too_long`) past the size limit."""
        return [_event(line) for line in self._lines.feed(chunk) if line.strip()]

    def flush(self) -> list[ServerSentEvent]:
        """Return the last line if the stream ended without a newline."""
        rest = self._lines.rest()
        return [_event(rest, complete=False)] if rest.strip() else []


def _event(line: bytes, *, complete: bool = True) -> ServerSentEvent:
    return ServerSentEvent(line.decode(errors="replace"), raw=line + b"\n", complete=complete)
