"""Brings what is committed to the disk, a group at a time, beside the transactions and not inside them.

A commit without it survives the end of its process, kill -9 too, and no loss of power. An fsync inside a
transaction holds everybody's write lock for as long as the disk takes, milliseconds; so the writer commits
without one, and the file that commits are appended to is synced here, on a thread of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from router.errors import LedgerError
from router.ledger.private_files import beside
from router.ledger.sqlite.driver import told_clearly
from router.ledger.sqlite.orders import Reply

COMPANY_S = 0.02
"""How long what nobody waits for waits for company."""

Sync = Callable[[Path], None]


def sync_commits(ledger: Path) -> None:
    """Have all that is committed to `ledger` on the disk when this returns. Raises OSError.

    What a checkpoint has moved from the -wal file into the ledger it has synced itself. The ledger's own file
    is not touched: closing any descriptor of it would drop the locks that SQLite holds in this process.
    """
    try:
        file = os.open(beside(ledger, "-wal"), os.O_RDWR)
    except FileNotFoundError:  # all of it is in the ledger
        return
    try:
        getattr(os, "fdatasync", os.fsync)(file)
    finally:
        os.close(file)


class DiskSync:
    """One thread that syncs the commits of a ledger. Its methods return at once, but for `close`."""

    def __init__(self, ledger: Path, sync: Sync = sync_commits) -> None:
        self._ledger = ledger
        self._sync = sync
        self._some = threading.Condition()
        self._wanted = False
        self._closing = False
        self._waiting: list[Reply[None]] = []
        self._thread: threading.Thread | None = None

    def soon(self) -> None:
        """Have what is committed by now on the disk soon."""
        with self._some:
            self._want()

    def answer(self, reply: Reply[None]) -> None:
        """Answer when what is committed by now is on the disk, or with why it is not."""
        with self._some:
            self._waiting.append(reply)
            self._want()

    def close(self) -> None:
        """Sync what was asked for and end the thread."""
        with self._some:
            self._closing = True
            self._some.notify()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._closing = None, False

    def _want(self) -> None:
        self._wanted = True
        self._some.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ledger-disk", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while self._awaited():
            with self._some:
                waiting, self._waiting, self._wanted = self._waiting, [], False
            error = self._error()
            for reply in waiting:
                reply.send(error)

    def _awaited(self) -> bool:
        """Wait until there is something to sync and it has had company; False when all is done."""
        with self._some:
            self._some.wait_for(lambda: self._wanted or self._closing)
            if self._wanted:
                self._some.wait_for(lambda: bool(self._waiting) or self._closing, COMPANY_S)
            return self._wanted

    def _error(self) -> LedgerError | None:
        try:
            with told_clearly(self._ledger):
                self._sync(self._ledger)
        except LedgerError as error:
            return error
        return None
