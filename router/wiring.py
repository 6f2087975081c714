"""The one place where adapters meet ports: from paths and an environment to a working engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from router.config.editor import Editor
from router.config.litellm.ladder import Listed
from router.config.loader import built_in, converted, load
from router.config.paths import Paths, find_config
from router.config.system_zone import system_zone
from router.config.watch import ConfigWatch
from router.core.asks.tasks import Classification, classify
from router.core.health.states import Health
from router.core.model import Deployment, Message, RouterConfig, Wire
from router.core.money.guarded_price import priced
from router.core.secret import Secret
from router.engine.chance import SystemChance
from router.engine.clock import SystemClock
from router.engine.engine import Engine, World
from router.engine.health_board import DeploymentState
from router.engine.ports import Chance, Clock, Ledger, ReportReader, SpendReader, Upstream
from router.hooks.command import CommandRunner
from router.jobs.lookout import Lookout
from router.jobs.refresh import refresh, refresh_forever
from router.jobs.sweep import sweep_forever
from router.ledger import inspection, upkeep
from router.ledger.evidence import Rated
from router.ledger.key import install_key
from router.ledger.memory import MemoryLedger
from router.ledger.reader import open_reader
from router.ledger.sqlite import sqlite_version_warning
from router.ledger.sqlite_ledger import open_ledger
from router.prices.own import catalogue
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.llamacpp import EmbeddedUpstream
from router.providers.llamacpp_server import unavailable
from router.providers.local_servers import ollama_off
from router.providers.ollama_wire import BASE_URL, OllamaUpstream
from router.providers.openai_wire import OpenAiDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from router.providers.transport import LoopbackOnly, Transport, is_loopback
from router.tasks.reader import load_model


@dataclass(frozen=True, slots=True)
class Reading:
    """What reports need: the configuration, decisions without consequences, and the ledger to read."""

    config: RouterConfig
    planner: Engine
    reader: SpendReader
    reports: ReportReader | None
    """None where there is no ledger yet."""
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
    watch: ConfigWatch
    editor: Editor


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
        lookout = Lookout(loaded, clock, zone_of(loaded))
        world = World(
            _upstreams(paths, chance),
            store,
            clock,
            chance,
            install_key(paths.ledger, chance),
            zone_of(loaded),
            classify=_classify,
            observe=lookout.observe,
            kept=reader.kept,
            check_runner=CommandRunner(os.environ),
        )
        engine = Engine(loaded, world)
        opened.push_async_callback(engine.aclose)

        def swap(fresh: RouterConfig) -> None:
            engine.swap(fresh)
            lookout.config = fresh

        await refresh(engine, reader, lookout)
        for job in (refresh_forever(engine, reader, lookout), sweep_forever(paths.ledger, clock)):
            opened.push_async_callback(_ended, asyncio.create_task(job))
        watch = ConfigWatch(loaded, find=lambda: find_config(config, os.environ), load=load_config, swap=swap)
        yield Wired(engine, store, reader, clock, zone_of(loaded), _warnings(), watch, editor(config))


@asynccontextmanager
async def reading(*, config: Path | None, ledger: Path | None) -> AsyncGenerator[Reading, None]:
    """Open the ledger for reading; none is made where there is none. Raises ConfigError, LedgerError."""
    loaded, clock, paths = load_config(config), SystemClock(), Paths.of(os.environ, ledger=ledger)
    found = await open_reader(paths.ledger) if paths.ledger.exists() else None
    reader: SpendReader = found or MemoryLedger()
    lookout = Lookout(loaded, clock, zone_of(loaded))
    planner = _planner(loaded, clock, lookout)
    try:
        await refresh(planner, reader, lookout)
        yield Reading(loaded, planner, reader, found, clock, zone_of(loaded), _warnings())
    finally:
        await reader.aclose()


def planning(*, config: Path | None, ledger: Path | None) -> Engine:
    """Return an engine that can plan and nothing else: it has no wires and writes nowhere.

    It knows what the ledger says of its deployments now. Raises ConfigError and LedgerError.
    """

    async def read() -> Engine:
        async with reading(config=config, ledger=ledger) as world:
            return world.planner

    return asyncio.run(read())


def clear_rests(*, config: Path | None, ledger: Path | None, name: str | None) -> list[DeploymentState]:
    """Let what stands behind `name` be asked again, all of it when None; return what was away.

    Raises ConfigError, UnknownName and LedgerError.
    """
    planner, path = planning(config=config, ledger=ledger), Paths.of(os.environ, ledger=ledger).ledger
    meant = set(planner.config.deployments) if name is None else set(planner.route(name).deployments)
    upkeep.clear_rests(path, None if name is None else planner.scope_keys(name))
    away = (Health.COOLING, Health.PROBING, Health.DISABLED)
    return [
        state
        for state in planner.deployments()
        if state.deployment.name in meant and state.health in away and not state.deployment.off
    ]


def load_config(path: Path | None, environ: Mapping[str, str] = os.environ) -> RouterConfig:
    """Load the configuration in use, or the built-in one, with prices and with what is missing here told.

    Raises ConfigError with every problem.
    """
    found = find_config(path, environ)
    now_ms = SystemClock().now_ms()
    listed = _listed_at(now_ms, environ)
    loaded = built_in(environ) if found is None else load(found, environ, listed)
    deployments = {name: _completed(deployment, listed) for name, deployment in loaded.deployments.items()}
    return replace(loaded, deployments=deployments)


def convert_config(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return a LiteLLM file in our format, with comments. Raises ConfigError with every problem."""
    return converted(path, environ, _listed_at(SystemClock().now_ms(), environ))


def editor(path: Path | None) -> Editor:
    """Return what changes the configuration in use."""
    return Editor(lambda: find_config(path, os.environ), Paths.of(os.environ).config, SystemClock())


def _listed_at(now_ms: int, environ: Mapping[str, str]) -> Listed:
    prices = catalogue(Paths.of(environ).prices)
    return lambda vendor, model: prices.lookup(vendor, model, now_ms)


def lift_pauses(*, ledger: Path | None, session: str | None) -> list[str]:
    """Lift the runaway guard's pauses, of one session or of all; return their reasons. Raises LedgerError."""
    return upkeep.lift_pauses(Paths.of(os.environ, ledger=ledger).ledger, session, SystemClock().now_ms())


def rate(*, ledger: Path | None, request_id: str | None, good: bool) -> Rated:
    """Keep whether a request's answer was good, of the newest answered one when None. Raises LedgerError."""
    return upkeep.rate(Paths.of(os.environ, ledger=ledger).ledger, request_id, good, SystemClock().now_ms())


def forget_answers(*, ledger: Path | None) -> int:
    """Remove every answer kept for routes with `cache: true`; return how many. Raises LedgerError."""
    return upkeep.forget_answers(Paths.of(os.environ, ledger=ledger).ledger)


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
    return f"{path}: {asyncio.run(inspection.attempts(path)):,} attempts"


def kept_answers(path: Path) -> tuple[int, int]:
    """Return how many answers the ledger at `path` keeps, and their bytes. Raises LedgerError."""
    return asyncio.run(inspection.kept_answers(path)) if path.exists() else (0, 0)


def ledger_differences(path: Path) -> list[str]:
    """Return the sums of the ledger at `path` that are not what its rows add up to. Raises LedgerError."""
    return asyncio.run(inspection.differences(path)) if path.exists() else []


async def _ended(job: asyncio.Task[None]) -> None:
    job.cancel()
    with suppress(asyncio.CancelledError):
        await job


def _planner(config: RouterConfig, clock: Clock, lookout: Lookout) -> Engine:
    world = World({}, MemoryLedger(), clock, SystemChance(), Secret(""), zone_of(config))
    return Engine(config, replace(world, classify=_classify, observe=lookout.observe))


def _classify(messages: tuple[Message, ...]) -> Classification:
    return classify(messages, load_model())


def _completed(deployment: Deployment, listed: Listed) -> Deployment:
    """Give it its price, and say what this machine lacks."""
    provider = deployment.provider
    deployment = priced(deployment, listed(provider.vendor, deployment.model))
    if deployment.off:
        return deployment
    if provider.wire is Wire.LLAMACPP:
        return replace(deployment, off=unavailable())
    here = (provider.base_url or BASE_URL) if provider.wire is Wire.OLLAMA else None
    if here and is_loopback(here):
        return replace(deployment, off=ollama_off(here, deployment.model))
    return deployment


def _upstreams(paths: Paths, chance: Chance) -> dict[Wire, Upstream]:
    transport: Transport = PyreqwestTransport()
    if os.environ.get("COCKPIT_LOOPBACK_ONLY"):
        transport = LoopbackOnly(transport)
    openai = HttpUpstream(transport, OpenAiDialect())
    return {
        Wire.OPENAI: openai,
        Wire.ANTHROPIC: HttpUpstream(transport, AnthropicDialect()),
        Wire.OLLAMA: OllamaUpstream(transport),
        Wire.LLAMACPP: EmbeddedUpstream(openai, paths.log.with_name("embedded-model.log"), chance),
    }


def _warnings() -> tuple[str, ...]:
    return tuple(
        warning
        for warning in (sqlite_version_warning(), catalogue(Paths.of(os.environ).prices).problem)
        if warning
    )
