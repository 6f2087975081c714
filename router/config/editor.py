"""Changes the user's own file: proposes, writes, takes the newest change back.

Every process follows the file (`watch.py`), so none is told.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from router.config import undo_list
from router.config.edit import edited, undone
from router.config.loader import BUILT_IN, checked
from router.config.paths import sample_config
from router.config.system_zone import system_zone
from router.config.undo_list import Made
from router.core.settings.edits import ConfigEdit, Proposal
from router.core.windows import local_date
from router.engine.ports import Clock
from router.errors import ConfigError, Problem, RouterError


class Editor:
    """Changes one configuration: the file that `find` says is in use."""

    def __init__(self, find: Callable[[], Path | None], own: Path, clock: Clock) -> None:
        """`own` is where the user's own configuration belongs; `find` returns None for the built-in one."""
        self._find = find
        self._own = own
        self._clock = clock

    def propose(self, edits: Sequence[ConfigEdit]) -> Proposal:
        """Return what the file becomes; writes nothing.

        Raises ConfigError when the file is wrong, would be wrong afterwards or is not the user's own,
        RouterError when an edit is about something it does not have.
        """
        path = self._path()
        text = _read(path)
        zone = checked(text, str(path)).display.timezone
        today = local_date(self._clock.now_ms(), ZoneInfo(zone) if zone else system_zone())
        return edited(path, text, edits, today.isoformat())

    def propose_undo(self) -> Proposal:
        """Return what the file becomes without its newest change. Raises ConfigError, RouterError."""
        path = self._path()
        made = undo_list.newest(path)
        if made is None:
            hint = "Only what commands and keys changed can be undone"
            raise RouterError(f"{path}: nothing to undo", hint=hint)
        return undone(path, _read(path), made)

    def apply(self, proposal: Proposal) -> None:
        """Write what was proposed, whole or not at all, and keep how to undo it.

        Raises ConfigError when the file has changed meanwhile or cannot be written.
        """
        if not proposal.diff:
            return
        path = Path(proposal.path)
        if _read(path) != proposal.before:
            _refuse(path, "was changed meanwhile and is left as it is. Look at the difference again")
        with _told(path):
            kept = undo_list.read(path)
            newer = kept[:-1] if proposal.undoes else [*kept, Made(proposal.title, proposal.changes)]
            with ExitStack() as drafts:  # both are on the disk before either is in its place
                changed = _drafted(drafts, path, proposal.after, path.stat().st_mode & 0o777)
                noted = _drafted(drafts, undo_list.beside(path), undo_list.written(newer), 0o600)
                changed()
                noted()

    def make_own(self) -> Path:
        """Copy the sample to where the user's own configuration belongs; return where.

        Raises ConfigError when there is one already or it cannot be written.
        """
        with _told(self._own):
            self._own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._own.open("xb") as file:
                file.write(sample_config().read_bytes())
        return self._own

    def _path(self) -> Path:
        path = self._find()
        if path is None:
            advice = f"`cockpit config init` copies it to {self._own}, where it can"
            raise ConfigError([Problem(BUILT_IN, 0, 0, f"the built-in default cannot be changed. {advice}")])
        return path


def _read(path: Path) -> str:
    with _told(path):
        return path.read_bytes().decode()  # line ends as they are


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "cannot be used").lower()
        _refuse(path, f"{reason}. Nothing was changed; check the place and who may read and write it")
    except UnicodeDecodeError:
        _refuse(path, "is not UTF-8 text. Save the file as UTF-8")


def _refuse(path: Path, message: str) -> NoReturn:
    raise ConfigError([Problem(str(path), 0, 0, message)]) from None


def _drafted(drafts: ExitStack, path: Path, text: str, mode: int) -> Callable[[], object]:
    """Write a file's new content beside it, and return what puts it in its place at once.

    Who reads meanwhile reads the old or the new content, whole. `drafts` removes what was never put.
    """
    real = path.resolve()  # a link stays a link
    number, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    draft = Path(name)
    drafts.callback(draft.unlink, missing_ok=True)
    with os.fdopen(number, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(mode)
    return partial(draft.replace, real)
