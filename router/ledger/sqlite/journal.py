"""The intents of calls that were admitted from memory, on file before they are sent, until they have a row.

A file beside the ledger for each process that needs one, gone when it closes. Appending a line survives
kill -9 as a commit without an fsync does, costs a microsecond and waits for nobody. What a dead process
leaves behind, the sweep writes into the ledger. Lines are JSON; one that is torn was never sent.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from router.core.records.entries import Intent
from router.ledger.private_files import beside, make_file
from router.ledger.sqlite.rows import INTENT_COLUMNS, Row, carried_from

KEPT = 1 << 20
"""Bytes after which the file is written anew with what has no row yet."""
_SUFFIX = ".intents-"
_COLUMNS = (*INTENT_COLUMNS, "tags", "job")
_values = attrgetter(*_COLUMNS)


class Journal:
    """One process's file. Raises OSError; usable from any thread."""

    def __init__(self, ledger: Path, owner: str) -> None:
        """Make the file."""
        self.path = beside(ledger, f"{_SUFFIX}{secrets.token_hex(6)}")
        self._head = json.dumps({"owner": owner, "columns": _COLUMNS}).encode() + b"\n"
        self._pending: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._size = 0
        self._file = self._made(self.path)

    def append(self, intent: Intent) -> None:
        """Have an intent on file when this returns."""
        line = json.dumps(_values(intent)).encode() + b"\n"
        with self._lock:
            os.write(self._file, line)
            self._pending.append(line)
            self._size += len(line)

    def written(self, count: int) -> None:
        """Forget the oldest `count` intents: they have rows."""
        with self._lock:
            for _ in range(min(count, len(self._pending))):
                self._pending.popleft()
            if self._size > KEPT:
                self._renew()

    def remove(self) -> None:
        """Take the file away, when all of it has rows; one that has not stays for the sweep."""
        with self._lock:
            os.close(self._file)
            if not self._pending:
                self.path.unlink(missing_ok=True)

    def _renew(self) -> None:
        fresh = self.path.with_name(self.path.name + ".new")
        file = self._made(fresh)
        os.write(file, b"".join(self._pending))
        fresh.replace(self.path)
        os.close(self._file)
        self._file, self._size = file, sum(map(len, self._pending))

    def _made(self, path: Path) -> int:
        make_file(path)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
        os.write(file, self._head)
        return file


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """The journal of some process."""

    path: Path
    owner: str
    rows: tuple[Row, ...]
    """As `rows.add_open` takes them."""

    def remove(self) -> None:
        """Take the file away: its rows are in the ledger."""
        with suppress(OSError):
            self.path.unlink()


def journals(ledger: Path) -> Iterator[LeftBehind]:
    """Yield all journals beside a ledger that can be read."""
    for path in sorted(ledger.parent.glob(f"{ledger.name}{_SUFFIX}*")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            head, *lines = path.read_bytes().split(b"\n")
            told = json.loads(head)
            rows = tuple(_rows(lines[:-1], tuple(told["columns"]), told["owner"]))
            yield LeftBehind(path, told["owner"], rows)


def _rows(lines: list[bytes], columns: tuple[str, ...], owner: str) -> Iterator[Row]:
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError:  # torn, and the last
            return
        if isinstance(values, list) and len(values) == len(columns):
            yield carried_from(dict(zip(columns, values, strict=True)), owner)
