"""The one place where adapters meet ports: from paths and an environment to a working engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from router.config.loader import built_in, load
from router.config.paths import Paths, find_config
from router.config.system_zone import system_zone
from router.core.model import Billing, Deployment, RouterConfig, Wire
from router.core.pricing import price_over
from router.core.secret import Secret
from router.core.spend import Window
from router.engine.chance import SystemChance
from router.engine.clock import SystemClock
from router.engine.engine import Engine, World
from router.engine.ports import Chance, Clock, Ledger, SpendReader, Upstream
from router.ledger.key import install_key
from router.ledger.memory import MemoryLedger
from router.ledger.reader import open_reader
from router.ledger.sqlite import sqlite_version_warning
from router.ledger.sqlite_ledger import open_ledger
from router.prices.catalogue import load_catalogue
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.llamacpp import EmbeddedUpstream
from router.providers.llamacpp_server import unavailable
from router.providers.local_servers import answers
from router.providers.ollama_wire import OllamaDialect
from router.providers.openai_wire import OpenAiDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from router.providers.transport import LoopbackOnly, Transport, is_loopback

FAR_FUTURE_MS = 1 << 53


@dataclass(frozen=True, slots=True)
class Reading:
    """What reports need: the configuration, decisions without consequences, and the ledger to read."""

    config: RouterConfig
    planner: Engine
    reader: SpendReader
    clock: Clock
    zone: tzinfo
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wired:
    """Everything that sends: an engine on a ledger, and the same ledger to read."""

    engine: Engine
    ledger: Ledger
    reader: SpendReader
    clock: Clock
    zone: tzinfo
    warnings: tuple[str, ...]


@asynccontextmanager
async def wired(*, config: Path | None, ledger: Path | None) -> AsyncGenerator[Wired, None]:
    """Open everything; close it in the end. Raises ConfigError and LedgerError."""
    loaded, clock, paths = load_config(config), SystemClock(), Paths.of(os.environ, ledger=ledger)
    chance = SystemChance()
    async with AsyncExitStack() as opened:
        store = await open_ledger(paths.ledger, clock)
        opened.push_async_callback(store.aclose)
        reader = await open_reader(paths.ledger)
        opened.push_async_callback(reader.aclose)
        world = World(_upstreams(paths, chance), store, clock, chance, install_key(paths.ledger, chance))
        engine = Engine(loaded, world)
        opened.push_async_callback(engine.aclose)
        yield Wired(engine, store, reader, clock, zone_of(loaded), _warnings())


@asynccontextmanager
async def reading(*, config: Path | None, ledger: Path | None) -> AsyncGenerator[Reading, None]:
    """Open the ledger for reading; none is made where there is none. Raises ConfigError, LedgerError."""
    loaded, clock, paths = load_config(config), SystemClock(), Paths.of(os.environ, ledger=ledger)
    reader: SpendReader = await open_reader(paths.ledger) if paths.ledger.exists() else MemoryLedger()
    try:
        yield Reading(loaded, _planner(loaded, clock), reader, clock, zone_of(loaded), _warnings())
    finally:
        await reader.aclose()


def planning(*, config: Path | None) -> Engine:
    """Return an engine that can plan and nothing else: it has no wires and no ledger. Raises ConfigError."""
    return _planner(load_config(config), SystemClock())


def load_config(path: Path | None, environ: Mapping[str, str] = os.environ) -> RouterConfig:
    """Load the configuration in use, or the built-in one, with prices and with what is missing here told.

    Raises ConfigError with every problem.
    """
    found = find_config(path, environ)
    loaded = built_in(environ) if found is None else load(found, environ)
    now_ms = SystemClock().now_ms()
    deployments = {name: _completed(deployment, now_ms) for name, deployment in loaded.deployments.items()}
    return replace(loaded, deployments=deployments)


def zone_of(config: RouterConfig) -> tzinfo:
    """Return the zone days are counted in: the configured one, else the system's."""
    if config.display.timezone:
        return ZoneInfo(config.display.timezone)
    return system_zone()


def embedded_unavailable() -> str | None:
    """Return why the embedded model cannot run here, or None."""
    return unavailable()


def sqlite_warning() -> str | None:
    """Return what is wrong with this Python's SQLite, or None."""
    return sqlite_version_warning()


def ledger_state(path: Path) -> str:
    """Return what is at `path`, for the doctor. Raises LedgerError when it cannot be used."""
    if not path.exists():
        return f"none yet at {path}: the first call makes it"
    return asyncio.run(_counted(path))


async def _counted(path: Path) -> str:
    reader = await open_reader(path)
    try:
        [total] = await reader.totals([Window(0, FAR_FUTURE_MS)])
    finally:
        await reader.aclose()
    return f"{path}: {total.attempts:,} attempts"


def _planner(config: RouterConfig, clock: Clock) -> Engine:
    return Engine(config, World({}, MemoryLedger(), clock, SystemChance(), Secret("")))


def _completed(deployment: Deployment, now_ms: int) -> Deployment:
    """Lay the configured price over the catalogue's, and say what this machine lacks."""
    provider = deployment.provider
    listed = load_catalogue().lookup(provider.vendor, deployment.model, now_ms)
    if listed and deployment.price:
        deployment = replace(deployment, price=price_over(listed, deployment.price.written))
    elif listed and deployment.billing is not Billing.LOCAL:
        deployment = replace(deployment, price=listed)
    if deployment.off:
        return deployment
    if provider.wire is Wire.LLAMACPP:
        return replace(deployment, off=unavailable())
    here = provider.base_url if provider.wire is Wire.OLLAMA else None
    if here and is_loopback(here) and not answers(here):
        return replace(deployment, off=f"no Ollama answers at {here}: start it with `ollama serve`")
    return deployment


def _upstreams(paths: Paths, chance: Chance) -> dict[Wire, Upstream]:
    transport: Transport = PyreqwestTransport()
    if os.environ.get("COCKPIT_LOOPBACK_ONLY"):
        transport = LoopbackOnly(transport)
    openai = HttpUpstream(transport, OpenAiDialect())
    return {
        Wire.OPENAI: openai,
        Wire.ANTHROPIC: HttpUpstream(transport, AnthropicDialect()),
        Wire.OLLAMA: HttpUpstream(transport, OllamaDialect()),
        Wire.LLAMACPP: EmbeddedUpstream(openai, paths.log.with_name("embedded-model.log"), chance),
    }


def _warnings() -> tuple[str, ...]:
    return tuple(warning for warning in (sqlite_version_warning(),) if warning)
