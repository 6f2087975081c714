"""Everything that sends: adapters meet ports here, and an engine on a ledger comes of it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from router.app.configuration import load_config, zone_of
from router.app.editing import editor
from router.app.reading import warnings
from router.classifier.centroid_file import kept_centroids
from router.classifier.model_file import classify_messages
from router.config.editor import Editor
from router.config.paths import Paths, find_config
from router.config.watch import ConfigWatch
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Wire
from router.engine.chance import SystemChance
from router.engine.clock import SystemClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.ports import Chance, Clock, Ledger, SpendReader, Upkeep, Upstream
from router.errors import LedgerError
from router.hooks.command import CommandRunner
from router.jobs.alerts import Watchman
from router.jobs.lookout import Lookout
from router.jobs.offers import OfferWatch
from router.jobs.reconcile import Reconciler
from router.jobs.refresh import refresh, refresh_forever
from router.jobs.sweep import sweep_forever
from router.jobs.warm_up import Warmer
from router.ledger.key import install_key
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reader import open_reader
from router.ledger.sqlite.upkeep import SqliteUpkeep
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.embeddings import OLLAMA, OPENAI
from router.providers.llamacpp import EmbeddedUpstream
from router.providers.ollama_wire import OllamaUpstream
from router.providers.openai_wire import OpenAiDialect
from router.providers.plain_http import spare_transport
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from router.providers.transport import LoopbackOnly, Transport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """Everything that sends: an engine on a ledger, and the same ledger to read."""

    engine: Engine
    ledger: Ledger
    reader: SpendReader
    upkeep: Upkeep
    clock: Clock
    zone: tzinfo
    warnings: tuple[str, ...]
    watch: ConfigWatch
    editor: Editor
    offers: OfferWatch


@asynccontextmanager
async def open_app(
    *, config: Path | None, ledger: Path | None, stays: bool = False
) -> AsyncGenerator[App, None]:
    """Open everything; close it in the end. Raises ConfigError and LedgerError.

    A process that `stays` does what is to be done now and then; one that answers and goes does not.
    """
    loaded, clock, paths = load_config(config), SystemClock(), Paths.of(os.environ, ledger=ledger)
    chance = SystemChance()
    async with AsyncExitStack() as opened:
        store = await open_ledger(paths.ledger, clock)
        opened.push_async_callback(store.aclose)
        reader = await open_reader(paths.ledger, clock)
        opened.push_async_callback(reader.aclose)
        upkeep = SqliteUpkeep(paths.ledger)
        runner = CommandRunner(os.environ)
        lookout = Lookout(loaded, clock, zone_of(loaded))
        upstreams, embedders = _upstreams(paths, chance)
        deps = Dependencies(
            upstreams,
            store,
            clock,
            chance,
            install_key(paths.ledger, chance),
            zone_of(loaded),
            classify=classify_messages,
            embedders=embedders,
            centroids=kept_centroids(paths.centroids),
            observe=lookout.observe,
            kept=reader.kept,
            check_runner=runner,
        )
        engine = Engine(loaded, deps)
        watchman = Watchman(upkeep, reader, clock, zone_of(loaded), lambda: engine.config, runner, _client)
        opened.push_async_callback(_last_round, watchman, store)
        opened.push_async_callback(engine.aclose)

        def swap(fresh: RouterConfig) -> None:
            engine.swap(fresh)
            lookout.config = fresh

        await refresh(engine, reader, lookout)
        offers = OfferWatch(upkeep, reader, clock, lambda: engine.config, _client)
        warmer = Warmer(upkeep, engine, offers, clock, zone_of(loaded), _client)
        jobs = [
            refresh_forever(engine, reader, lookout),
            sweep_forever(upkeep, clock),
            watchman.watch_forever(),
            Reconciler(upkeep, clock, lambda: engine.config, _client).reconcile_forever(),
            *([offers.forever(), warmer.forever()] if stays else []),
        ]
        for job in jobs:
            opened.push_async_callback(_ended, asyncio.create_task(job))
        watch = ConfigWatch(loaded, find=lambda: find_config(config, os.environ), load=load_config, swap=swap)
        yield App(
            engine, store, reader, upkeep, clock, zone_of(loaded), warnings(), watch, editor(config), offers
        )


def _client() -> Transport:
    return spare_transport(os.environ)


async def _last_round(watchman: Watchman, ledger: Ledger) -> None:
    """Tell what the last call brought about: a command that asks once has no other moment for it."""
    with suppress(LedgerError):
        await ledger.flush()
        await watchman.round()


async def _ended(job: asyncio.Task[None]) -> None:
    """End a job. One that has died is told of; closing the rest goes on."""
    job.cancel()
    await asyncio.wait({job})
    error = None if job.cancelled() else job.exception()
    if error is not None:
        log.error("a job had died: %r", error, exc_info=error)


def _upstreams(paths: Paths, chance: Chance) -> tuple[dict[Wire, Upstream], dict[Wire, Upstream]]:
    """Return who answers on each wire, and who makes embeddings."""
    transport: Transport = PyreqwestTransport()
    if os.environ.get("COCKPIT_LOOPBACK_ONLY"):
        transport = LoopbackOnly(transport)
    openai = HttpUpstream(transport, OpenAiDialect())
    answering: dict[Wire, Upstream] = {
        Wire.OPENAI: openai,
        Wire.ANTHROPIC: HttpUpstream(transport, AnthropicDialect()),
        Wire.OLLAMA: OllamaUpstream(transport),
        Wire.LLAMACPP: EmbeddedUpstream(openai, paths.log.with_name("embedded-model.log"), chance),
    }
    embedding: dict[Wire, Upstream] = {
        Wire.OPENAI: HttpUpstream(transport, OPENAI),
        Wire.OLLAMA: HttpUpstream(transport, OLLAMA),
    }
    return answering, embedding
