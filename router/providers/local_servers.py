"""What this machine lacks for a deployment: a wheel, a server, a model on it; asked once at start."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from router.core.catalog.listing import ollama_name
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Wire
from router.providers.llamacpp_server import unavailable
from router.providers.ollama_state import installed
from router.providers.transport import is_loopback

OLLAMA_URL = "http://127.0.0.1:11434"
"""Where Ollama listens unless somebody says otherwise."""

PATIENCE_S = 0.25
"""On loopback a refusal comes at once; only a full accept queue takes longer."""
ELSEWHERE = ("-cloud", ":cloud")
"""How the names end of models that Ollama passes on to its own servers: they need not be here."""


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


def ollama_off(base_url: str, model: str) -> str | None:
    """Return why the Ollama at `base_url` on this machine cannot serve `model`, or None."""
    if not answers(base_url):
        return f"no Ollama answers at {base_url}: start it with `ollama serve`"
    models = installed(base_url)
    if models is None or ollama_name(model) in models or model.endswith(ELSEWHERE):
        return None
    return f"Ollama at {base_url} has no model {model}: run `ollama pull {model}`"


def lacking(deployment: Deployment) -> str | None:
    """Return why this machine cannot serve a deployment, or None."""
    provider = deployment.provider
    if provider.wire is Wire.LLAMACPP:
        return unavailable()
    here = (provider.base_url or OLLAMA_URL) if provider.wire is Wire.OLLAMA else None
    return ollama_off(here, deployment.model) if here and is_loopback(here) else None
