"""Files nobody else may read: how they are made and what is refused.

A ledger names models, sessions and spend. SQLite alone would make its files readable by everybody (it
follows the umask), and it follows symbolic links.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from router.errors import LedgerError

OWN_DIRECTORY = "tier-cockpit"
"""The name of the data directory; one that goes by another name may be shared with other things."""

SIDECARS = ("-wal", "-shm")
"""What SQLite puts beside its file; made by it with the file's own mode."""


def beside(ledger: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to `ledger`: its name with `suffix` after it."""
    return ledger.with_name(ledger.name + suffix)


def make_directory(directory: Path) -> None:
    """Make `directory` 0700. One that is there keeps its mode, unless it is the cockpit's own.

    The ledger may lie in a project's folder or in /tmp; closing those to others would break them.
    """
    if directory.is_dir():
        if directory.name == OWN_DIRECTORY and stat.S_IMODE(directory.stat().st_mode) & 0o077:
            directory.chmod(0o700)
        return
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_file(path: Path) -> bool:
    """Make an empty file, 0600, or tighten the one that is there. Return whether it was made."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        tighten(path)
        return False
    return True


def tighten(path: Path) -> None:
    """Take group's and others' rights away. Raises LedgerError when it is a link or no regular file.

    By name and not through a descriptor: closing any descriptor of a database drops the locks that SQLite
    holds on it in this process.
    """
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
        raise LedgerError(f"{path} is {kind}", hint="Move it away, or name the real file with --ledger")
    if stat.S_IMODE(mode) & 0o077:
        path.chmod(0o600)


def prepare(ledger: Path) -> None:
    """Make the ledger's directory and file ready and private, with what SQLite left beside it."""
    make_directory(ledger.parent)
    make_file(ledger)
    for suffix in SIDECARS:
        sidecar = beside(ledger, suffix)
        if os.path.lexists(sidecar):
            tighten(sidecar)
