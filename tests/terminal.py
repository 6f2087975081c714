"""A real terminal for a real program: a pty whose screen is read with pyte, and keys typed into it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

import pyte

KEYS = {"Enter": "\r", "Esc": "\x1b", "Tab": "\t", "Up": "\x1b[A", "Down": "\x1b[B", "Ctrl+T": "\x14"}
_PRIVATE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")  # keyboard protocols, which pyte would print


class Terminal:
    """One program in a terminal of its own; a context manager that ends it."""

    def __init__(
        self, argv: Sequence[str], *, columns: int = 80, lines: int = 24, env: Mapping[str, str]
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.output = b""
        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=dict(env), start_new_session=True
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *unused: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        os.close(self._master)
        os.close(self._slave)

    def text(self) -> str:
        """Return what the screen shows now."""
        self._read(0)
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, wanted: str, *, seconds: float = 20.0) -> str:
        """Read until `wanted` (a regular expression) is on the screen; return the screen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if re.search(wanted, self.text()):
                return self.text()
            self._read(0.1)
        raise AssertionError(f"{wanted!r} did not appear in {seconds:g} s; the screen shows:\n{self.text()}")

    def press(self, *keys: str) -> None:
        """Type keys by name, or text as it stands."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def wait_end(self, seconds: float = 20.0) -> int:
        """Read until the program ends; return its exit code."""
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            self._read(0.1)
        self._read(0)
        return self.process.wait(1)

    def is_sane(self) -> bool:
        """Tell whether the terminal echoes and reads lines as it did before the program started."""
        return bool(termios.tcgetattr(self._slave)[3] == self.before[3])

    def _read(self, wait_s: float) -> None:
        while select.select([self._master], [], [], wait_s)[0]:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:
                return
            self.output += chunk
            self._stream.feed(_PRIVATE.sub(b"", chunk))
            wait_s = 0
