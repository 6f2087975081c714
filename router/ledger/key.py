"""The key of this installation's fingerprints, in a file beside the ledger.

A bare hash of a short prompt can be guessed; one under this key cannot, and two installations' fingerprints
do not match.
"""

from __future__ import annotations

import os
from pathlib import Path

from router.core.settings.secret import Secret
from router.engine.ports import Chance
from router.errors import LedgerError
from router.ledger.private_files import beside, make_directory, tighten
from router.ledger.sqlite.driver import told_clearly

_TOKENS = 6
"""Draws of 48 bits: 288 bits."""


def install_key(ledger: Path, chance: Chance) -> Secret:
    """Return the key that belongs to the ledger at `ledger`; draw and store it, 0600, the first time.

    Raises LedgerError: the file is a link, damaged, not readable or cannot be written.
    """
    path = beside(ledger, ".key")
    with told_clearly(path):
        if not os.path.lexists(path):
            make_directory(path.parent)
            _store(path, chance)
        tighten(path)
        key = path.read_text()
    if len(key) != _TOKENS * 12:
        raise LedgerError(
            f"{path} holds no key",
            hint="Remove it to get a new one; fingerprints made before will match no more",
        )
    return Secret(key)


def known_key(ledger: Path, chance: Chance) -> Secret | None:
    """Return the key that belongs to a ledger, None where there is none yet. Raises as above."""
    return install_key(ledger, chance) if os.path.lexists(beside(ledger, ".key")) else None


def _store(path: Path, chance: Chance) -> None:
    """Write a new key to a file of its own, then give it its name: no other process reads half of it."""
    draft = beside(path, f".{chance.token()}")
    file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(file, "w") as text:
            text.write("".join(chance.token() for _ in range(_TOKENS)))
            text.flush()
            os.fsync(text.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        draft.unlink()
