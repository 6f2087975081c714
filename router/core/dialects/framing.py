"""Events out of the bytes of a stream, without I/O: server-sent ones, and JSON lines as Ollama sends them.

Owns the framing of the `text/event-stream` format (WHATWG HTML, 9.2.6), of JSON lines, and their size limit.
What an event's data means is a dialect's business.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_BYTES = 8 * 1024 * 1024
"""The longest line and the longest event that are read."""


class TooLong(ValueError):
    """A stream would fill the memory."""

    def __init__(self, what: str, limit: int) -> None:
        """`what` is longer than `limit` bytes."""
        super().__init__(f"{what} of the answer is longer than {limit // 1024} KiB")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; a JSON line is one without a name."""

    data: str
    event: str = ""
    """Its name; empty when the stream gave none."""
    raw: bytes = b""
    """Its lines as they came, each ended by one newline, comments left out."""
    complete: bool = True
    """False when the stream ended before the event did."""


class LineSplitter:
    r"""Cuts a byte stream into lines at `\n`, `\r\n` and `\r`, however it is chunked."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._held = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their ends.

        Raises TooLong once a line passes the limit.
        """
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._hold(chunk)
            return []
        self._after_cr = chunk.endswith(b"\r")
        lines = (self.rest() + chunk).splitlines()
        if not chunk.endswith((b"\n", b"\r")):
            self._hold(lines.pop())
        return lines

    @property
    def is_within_a_line(self) -> bool:
        """Whether a line has begun and not ended, as far as the bytes tell that came."""
        return bool(self._held) or self._after_cr

    def rest(self) -> bytes:
        """Return what was held back of an unfinished line, and forget it."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        return rest

    def _hold(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > self._max_bytes:
            raise TooLong("a line", self._max_bytes)


class SseDecoder:
    """Turns the bytes of one stream into its events."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lines = LineSplitter(max_bytes)
        self._at_start = True
        self._reset()

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the events that `chunk` completes. Raises TooLong past the limit."""
        if self._is_one_event(chunk):
            return [ServerSentEvent(chunk[6:-2].decode(errors="replace"), raw=chunk)]
        return [event for line in self._lines.feed(chunk) if (event := self._take(line))]

    def _is_one_event(self, chunk: bytes) -> bool:
        """Whether a chunk is what most are: one whole event of one line of data, with nothing before it."""
        return (
            chunk.startswith(b"data: ")
            and chunk.endswith(b"\n\n")
            and chunk.count(b"\n") == 2
            and b"\r" not in chunk
            and self._is_between_events()
            and len(chunk) <= self._max_bytes
        )

    def _is_between_events(self) -> bool:
        return not (self._at_start or self._data or self._raw or self._event or self._lines.is_within_a_line)

    def flush(self) -> list[ServerSentEvent]:
        """Return what stood there when the stream ended: an event without its closing blank line."""
        if rest := self._lines.rest():
            self._take(rest)
        event = self._dispatch(complete=False)
        return [event] if event else []

    def _take(self, line: bytes) -> ServerSentEvent | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch(complete=True)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        before = None
        if name == b"data":
            if self._data and _stands_alone(self._data[-1], value):
                before = self._dispatch(complete=True)
            self._data.append(value)
        elif name == b"event":
            self._event = value
        if name:  # a line that begins with a colon is a comment
            self._raw.append(line)
            self._size += len(line)
        if self._size > self._max_bytes:
            raise TooLong("an event", self._max_bytes)
        return before

    def _dispatch(self, *, complete: bool) -> ServerSentEvent | None:
        if not self._data:
            self._reset()
            return None
        event = ServerSentEvent(
            data=b"\n".join(self._data).decode(errors="replace"),
            event=self._event.decode(errors="replace"),
            raw=b"".join(line + b"\n" for line in self._raw) + b"\n",
            complete=complete,
        )
        self._reset()
        return event

    def _reset(self) -> None:
        self._data: list[bytes] = []
        self._raw: list[bytes] = []
        self._event = b""
        self._size = 0


def _stands_alone(last: bytes, following: bytes) -> bool:
    """Whether two data lines are two events: some servers leave out the blank line between them."""
    begins = following.startswith(b"{") or following.strip() == b"[DONE]"
    return begins and last.startswith(b"{") and last.rstrip().endswith(b"}")


class NdjsonDecoder:
    """Turns the bytes of one stream into its lines; blank ones are left out."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._lines = LineSplitter(max_bytes)

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Return the lines that `chunk` completes. Raises TooLong past the size limit."""
        return [_line(line) for line in self._lines.feed(chunk) if line.strip()]

    def flush(self) -> list[ServerSentEvent]:
        """Return the last line if the stream ended without a newline."""
        rest = self._lines.rest()
        return [_line(rest, complete=False)] if rest.strip() else []


def _line(line: bytes, *, complete: bool = True) -> ServerSentEvent:
    return ServerSentEvent(line.decode(errors="replace"), raw=line + b"\n", complete=complete)
