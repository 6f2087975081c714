"""The process the embedded model runs in: `python -m router.providers.llamacpp_child`.

Reads one JSON line of settings from standard input, serves on a free loopback port, prints its address as one
line and lives until standard input closes: when the parent dies, however it dies, this process ends. It knows
nothing of the router, and the key reaches it on standard input alone.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Protocol, TypedDict

CACHE_MIB = 64
"""Room for prompts seen before; llama.cpp would take 8 GiB."""

TEMPERATURE = 0.1
"""Where the caller does not say: at llama.cpp's own 0.8 a model this small wanders off."""

HTTP_THREADS = 8
"""Connections served at once; they wait for the one model, so they cost next to nothing."""


class ServerSettings(TypedDict):
    """What the parent sends."""

    model: str
    """The path of the weights."""
    alias: str
    key: str
    context: int
    """Tokens of prompt and answer together."""
    threads: int


class Server(Protocol):
    """llama.cpp's server; it serves from threads of its own for as long as this object lives."""

    listening_address: str
    """Its base URL."""


def serve(settings: ServerSettings) -> Server:
    """Load the model and start serving."""
    import xllamacpp  # a platform wheel: only this process loads it

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["alias"]}
    params.api_keys = [settings["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = settings["context"]
    params.n_parallel = 1
    params.n_threads_http = HTTP_THREADS
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.cache_ram_mib = CACHE_MIB
    params.sampling.temp = TEMPERATURE
    params.endpoint_slots = False  # it would show prompts
    params.ui = False
    server: Server = xllamacpp.Server(params)
    return server


def main() -> None:
    """Serve until standard input closes."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what llama.cpp prints goes to the log, not between the parent and us
    settings: ServerSettings = json.loads(sys.stdin.buffer.readline())
    server = serve(settings)
    os.write(answers, json.dumps({"url": server.listening_address}).encode() + b"\n")
    sys.stdin.buffer.read()
    os._exit(0)  # at once: an answer that nobody can read any more is not worth finishing


if __name__ == "__main__":
    main()
