"""A small file beside the ledger for settlements that could not be written into it.

It takes its room on the disk when the ledger is made, so that it can be written when the disk is full. Rows
are lines of JSON from the start; zero bytes fill the rest. Raises OSError; knows nothing of SQLite.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from router.ledger.private_files import make_file
from router.ledger.sqlite.rows import Row

if sys.platform != "win32":
    import fcntl

ROOM = 256 * 1024
"""Bytes taken in advance: some three hundred settlements. More make the file grow, where it can."""


class Spool:
    """The rows that wait, shared by all processes that have the ledger open."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the file, 0600, with its room on the disk. Raises LedgerError when it is a link."""
        make_file(self.path)
        with self._locked() as file:
            missing = ROOM - os.fstat(file).st_size
            if missing > 0:
                os.lseek(file, 0, os.SEEK_END)
                _write(file, bytes(missing))

    def is_empty(self) -> bool:
        """Whether nothing that can be read waits. Cheap: it reads one byte and takes no lock."""
        try:
            with self.path.open("rb") as file:
                return file.read(1) in {b"", b"\0"}
        except OSError:
            return True

    def append(self, rows: Sequence[Row]) -> None:
        """Add `rows`; they are on the disk when this returns."""
        with self._locked() as file:
            waiting = b"".join(map(_line, [*_rows(file), *rows]))
            os.lseek(file, 0, os.SEEK_SET)
            _write(file, waiting.ljust(ROOM, b"\0"))

    @contextmanager
    def emptied(self) -> Iterator[list[Row]]:
        """Give all rows; forget them when the block ends well. Nobody else can add or take meanwhile."""
        with self._locked() as file:
            yield _rows(file)
            os.lseek(file, 0, os.SEEK_SET)
            _write(file, bytes(ROOM))
            os.ftruncate(file, ROOM)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(self.path, flags, 0o600)
        try:
            if sys.platform != "win32":  # gone with the process that holds it, also after kill -9
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _line(row: Row) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _rows(file: int) -> list[Row]:
    """Read the whole lines; a torn last one was never promised to anybody."""
    os.lseek(file, 0, os.SEEK_SET)
    text = b"".join(iter(lambda: os.read(file, ROOM), b""))
    rows = []
    for line in text.split(b"\n")[:-1]:
        row = _row(line)
        if row is None:
            break
        rows.append(row)
    return rows


def _row(line: bytes) -> Row | None:
    """Return a line's row, None when it is not one: what SQLite cannot bind must not get near it."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(row, dict) and {"request_id", "attempt", "status"} <= row.keys()
    return (
        row
        if whole and all(value is None or isinstance(value, str | int) for value in row.values())
        else None
    )


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)
