"""Whether a server on this machine answers at all; asked once at start, at the cost of one connect."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

PATIENCE_S = 0.25
"""On loopback a refusal comes at once; only a full accept queue takes longer."""


def answers(base_url: str) -> bool:
    """Tell whether anything accepts connections at `base_url`; False for a URL without a host."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not parts.hostname:
        return False
    try:
        socket.create_connection((parts.hostname, port), timeout=PATIENCE_S).close()
    except OSError:
        return False
    return True
