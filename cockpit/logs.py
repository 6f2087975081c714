"""Where log lines go: to a file while the screens are open, because the terminal is theirs."""

from __future__ import annotations

import logging
import os
from pathlib import Path


def log_to_file(path: Path) -> None:
    """Write warnings and worse to `path`, 0600, appended; raise nothing where that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
