"""Notices that the configuration changed, loads it whole, and has it swapped in; a bad one changes nothing.

Looks at the file when asked to, about once a second: its time, size and inode tell an edit, a rename over it
and the swapped symbolic link of a mounted ConfigMap alike. A configuration that came from a file never gives
way to the built-in one by itself: a file that is gone is a problem to show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from router.core.settings.changes import changes
from router.core.settings.config import RouterConfig
from router.errors import ConfigError, Problem

Stamp = tuple[Path | None, tuple[int, ...]]
"""Which file, and what tells one state of it from another."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The file was good and is in use."""

    config: RouterConfig
    changes: tuple[str, ...]
    """What differs from before, in words; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The file cannot be used; the configuration from before stays."""

    problems: tuple[Problem, ...]


class ConfigWatch:
    """Watches the file of one configuration."""

    def __init__(
        self,
        current: RouterConfig,
        *,
        find: Callable[[], Path | None],
        load: Callable[[Path | None], RouterConfig],
        swap: Callable[[RouterConfig], None],
    ) -> None:
        """`current` has just been loaded.

        `find` says which file to use, None for the built-in one. `load` raises ConfigError; it runs in a
        thread. `swap` puts a configuration in use for the requests that begin from now on.
        """
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the file as it is now; empty while the configuration in use is the file's."""
        self._current = current
        self._find, self._load, self._swap = find, load, swap
        self._path = find()
        self._stamp = _stamp(self._path)
        self._turn = asyncio.Lock()

    async def poll(self) -> Reloaded | Refused | None:
        """Reload if the file is not as it was when last looked at. Cheap when it is: None."""
        async with self._turn:
            stamp = await asyncio.to_thread(self._look)
            return None if stamp == self._stamp else await self._reload(stamp)

    async def reload(self) -> Reloaded | Refused:
        """Reload now, whether the file has changed or not: keys and local servers may have."""
        async with self._turn:
            return await self._reload(await asyncio.to_thread(self._look))

    def _look(self) -> Stamp:
        return _stamp(self._find() or self._path)

    async def _reload(self, stamp: Stamp) -> Reloaded | Refused:
        # The stamp is older than what is loaded: a file written meanwhile is seen as changed next time.
        self._stamp = stamp
        self._path = stamp[0]
        try:
            config = await asyncio.to_thread(self._load, self._path)
        except ConfigError as error:
            self.problems = tuple(error.problems)
            return Refused(self.problems)
        self.problems = ()
        told = changes(self._current, config)
        if told or config != self._current:
            self._swap(config)
            self._current = config
        return Reloaded(config, told)


def _stamp(path: Path | None) -> Stamp:
    """Return what tells a file's states apart; ctime also tells a change of who may read it."""
    if path is None:
        return None, ()
    try:
        found = path.stat()
    except OSError as error:
        return path, (error.errno or 0,)
    return path, (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev)
