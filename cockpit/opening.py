"""Opens the screens: the one place where the Textual app gets its engine, its ledger and its themes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from cockpit.app import CockpitApp, Look
from cockpit.logs import log_to_file
from cockpit.options import Options
from cockpit.plain import say
from cockpit.session import Reload
from cockpit.themes import load_themes, shipped_themes, to_textual
from router.app.app import App, open_app
from router.config.paths import Paths
from router.config.watch import Refused, Reloaded
from router.core.settings.edits import ConfigEdit, Proposal
from router.errors import Problem, RouterError

DEFAULT_THEME = "dark"
TOLD_CHANGES = 3
"""How many changes of the configuration stand in a line; the rest is counted."""


def open_cockpit(options: Options) -> int:
    """Run the cockpit until it is left; return its exit code. Raises ConfigError and LedgerError."""
    return asyncio.run(_run(options))


async def _run(options: Options) -> int:
    paths = Paths.of(os.environ, ledger=options.ledger)
    colours, problems = load_themes([shipped_themes(), paths.themes])
    log_to_file(paths.log)
    async with open_app(config=options.config, ledger=options.ledger, stays=True) as world:
        look = Look(
            themes=[to_textual(theme) for theme in colours],
            name=world.engine.config.display.theme or DEFAULT_THEME,
            locked=bool(os.environ.get("NO_COLOR")),
            notes=[*world.warnings, *(str(problem) for problem in problems)],
        )
        controls = AppControls(world)
        app = CockpitApp(world.engine, world.reader, world.clock, world.zone, look, controls)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):  # leave the terminal as it was found, settle what runs
            loop.add_signal_handler(number, app.exit)
        await app.run_async()
    for problem in problems:
        say(str(problem))
    return app.return_code or 0


@dataclass(frozen=True, slots=True)
class AppControls:
    """The cockpit's controls over what is wired."""

    world: App

    async def poll(self) -> Reload | None:
        """Read the configuration again if its file has changed."""
        news = await self.world.watch.poll()
        return None if news is None else in_words(news)

    async def reload(self) -> Reload:
        """Read the configuration again now."""
        return in_words(await self.world.watch.reload())

    async def clear(self, deployment: str) -> None:
        """Forget the rests of a deployment, for all processes. Raises UnknownName and LedgerError."""
        engine, reader = self.world.engine, self.world.reader
        await self.world.ledger.flush()  # what ended before this is forgotten with it
        await self.world.upkeep.clear_cooldowns(engine.scope_keys(deployment))
        engine.refresh(await reader.health(), await reader.limits(), await reader.told_full())

    async def propose(self, edits: Sequence[ConfigEdit]) -> Proposal:
        """Return what the configuration's file would become. Raises ConfigError and RouterError."""
        return await asyncio.to_thread(self.world.editor.propose, edits)

    async def propose_undo(self) -> Proposal:
        """Return what the file becomes without its newest change. Raises ConfigError and RouterError."""
        return await asyncio.to_thread(self.world.editor.propose_undo)

    async def apply(self, proposal: Proposal) -> Reload:
        """Write what was proposed and use it. Raises ConfigError."""
        await asyncio.to_thread(self.world.editor.apply, proposal)
        return await self.reload()

    async def export(self, name: str, text: str) -> str:
        """Write a report into the data directory and return its path. Raises RouterError."""
        when = f"{datetime.fromtimestamp(self.world.clock.now_ms() / 1000, self.world.zone):%Y-%m-%dT%H%M%S}"
        return await asyncio.to_thread(keep_report, Paths.of(os.environ).reports / f"{name}-{when}.md", text)


def keep_report(path: Path, text: str) -> str:
    """Write a file that nobody else may read and return its path. Raises RouterError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RouterError(f"{path} was not written: {error.strerror}") from error
    return str(path)


def in_words(news: Reloaded | Refused) -> Reload:
    """Return what came of reading the configuration again, as the cockpit says it."""
    match news:
        case Reloaded(_, ()):
            return Reload("configuration read again: nothing changed")
        case Reloaded(_, changes):
            rest = len(changes) - TOLD_CHANGES
            more = f" and {rest} more" if rest > 0 else ""
            return Reload(f"new configuration: {', '.join(changes[:TOLD_CHANGES])}{more}")
        case Refused(problems):
            first = _briefly(problems[0])
            return Reload(
                f"old configuration stays (R lists {len(problems)}): {first}", tuple(map(str, problems))
            )


def _briefly(problem: Problem) -> str:
    """Return a problem with the file's name for its path: a line has no room for both."""
    line = f":{problem.line}" if problem.line else ""
    return f"{PurePath(problem.path).name}{line}: {problem.message}"
