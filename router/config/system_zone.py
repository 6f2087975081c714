"""The time zone of this machine, with its history and its future changes, not only today's offset."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALTIME = Path("/etc/localtime")


def system_zone(environ: Mapping[str, str] = os.environ, localtime: Path = LOCALTIME) -> tzinfo:
    """Return `$TZ`'s zone, else the one `/etc/localtime` is, else UTC."""
    named = environ.get("TZ", "").removeprefix(":")
    if named:
        try:
            return ZoneInfo(named)
        except (ZoneInfoNotFoundError, ValueError):  # a POSIX rule such as CET-1CEST, or a path
            return UTC
    try:
        _, _, name = str(localtime.resolve(strict=True)).partition("zoneinfo/")
        if name:
            return ZoneInfo(name)
        with localtime.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ZoneInfoNotFoundError, ValueError):
        return UTC
