"""What changes the configuration in use, for commands and keys that do."""

from __future__ import annotations

import os
from pathlib import Path

from router.config.editor import Editor
from router.config.paths import Paths, find_config
from router.engine.clock import SystemClock


def editor(path: Path | None) -> Editor:
    """Return what changes the configuration in use."""
    return Editor(lambda: find_config(path, os.environ), Paths.of(os.environ).config, SystemClock())
