"""Opens the screens: the one place where the Textual app gets its engine, its ledger and its themes."""

from __future__ import annotations

import asyncio
import os
import signal

from cockpit.app import CockpitApp, Look
from cockpit.logs import log_to_file
from cockpit.options import Options
from cockpit.plain import say
from cockpit.themes import load_themes, shipped_themes, to_textual
from router.config.paths import Paths
from router.wiring import wired

DEFAULT_THEME = "dark"


def open_cockpit(options: Options) -> int:
    """Run the cockpit until it is left; return its exit code. Raises ConfigError and LedgerError."""
    return asyncio.run(_run(options))


async def _run(options: Options) -> int:
    paths = Paths.of(os.environ, ledger=options.ledger)
    colours, problems = load_themes([shipped_themes(), paths.themes])
    log_to_file(paths.log)
    async with wired(config=options.config, ledger=options.ledger) as world:
        look = Look(
            themes=[to_textual(theme) for theme in colours],
            name=world.engine.config.display.theme or DEFAULT_THEME,
            locked=bool(os.environ.get("NO_COLOR")),
        )
        notes = [*world.warnings, *(str(problem) for problem in problems)]
        app = CockpitApp(world.engine, world.reader, world.clock, world.zone, look, notes)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):  # leave the terminal as it was found, settle what runs
            loop.add_signal_handler(number, app.exit)
        await app.run_async()
    for problem in problems:
        say(str(problem))
    return app.return_code or 0
