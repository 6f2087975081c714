"""How exported tables write a moment: ISO 8601 in UTC, empty where there is none."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at_ms: int | None) -> str | None:
    """Return a moment in milliseconds since 1970."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
