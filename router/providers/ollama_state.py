"""What an Ollama server has and what it holds in memory: `/api/tags` once at start, `/api/ps` before a call.

Owns the two questions and how models are named. Decides nothing: an answer that does not come in time, or is
none of Ollama's, is None, and then nothing is known.
"""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from router.core.catalog.listing import ollama_name
from router.core.dialects.error_bodies import parse_json
from router.errors import TransportError
from router.providers.transport import HttpRequest, Transport

PATIENCE_S = 0.5
"""Ollama answers both from memory; what takes longer is not worth a caller's time."""
MOST_BYTES = 1 << 20
"""Hundreds of models; a longer list is no list of ours."""


@dataclass(frozen=True, slots=True)
class Held:
    """Whether a model is in memory."""

    loaded: bool
    context: int | None = None
    """The tokens of context it was loaded with; None where it is not loaded or the server does not say."""


def installed(base_url: str) -> frozenset[str] | None:
    """Return the models the server at `base_url` has, as `ollama_name` spells them; None: it does not say.

    Blocks for `PATIENCE_S` at most between bytes, so it is for servers on this machine. No key goes along.
    """
    parts = urlsplit(base_url)
    if parts.scheme != "http" or not parts.hostname:
        return None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", f"{parts.path}/api/tags", headers={"user-agent": "tier-cockpit"})
        response = connection.getresponse()
        listed = _models(response.read(MOST_BYTES)) if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return None if listed is None else frozenset(listed)


async def held(transport: Transport, request: HttpRequest, model: str) -> Held | None:
    """Send `request`, a GET of `/api/ps`; return what it says of `model`, None where it says nothing."""
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S), transport.send(request) as response:
            async for chunk in response.chunks:
                body += chunk
                if response.status != 200 or len(body) > MOST_BYTES:
                    return None
    except (TransportError, TimeoutError):
        return None
    listed = _models(bytes(body))
    if listed is None:
        return None
    entry = listed.get(ollama_name(model))
    context = entry.get("context_length") if entry else None
    return Held(entry is not None, context if isinstance(context, int) and context > 0 else None)


def _models(body: bytes) -> dict[str, Mapping[str, object]] | None:
    """Return the entries of a list of models by `ollama_name`; None for anything else."""
    value = parse_json(body)
    entries = value.get("models") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return None
    named = [(entry.get("model") or entry.get("name"), entry) for entry in entries if isinstance(entry, dict)]
    return {ollama_name(name): entry for name, entry in named if isinstance(name, str)}
