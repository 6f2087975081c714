"""What the user's file becomes by an edit: the entries it is about change and nothing else.

An edit is refused when the file would not be right afterwards. Reads and writes nothing; `editor.py` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches, unified_diff
from pathlib import Path
from typing import TypeAlias

from router.config.assemble import members
from router.config.hidden import hidden
from router.config.loader import checked
from router.config.schema import File
from router.config.splice import put, source, written
from router.config.undo_list import Made
from router.core.settings.edits import Change, ConfigEdit, Drop, Proposal, Restore, SetCooldown, SetLimit
from router.errors import ConfigError, Problem, RouterError, UnknownName

Steps: TypeAlias = tuple[str, ...]
CONTEXT_LINES = 2


def edited(path: Path, text: str, edits: Sequence[ConfigEdit], day: str) -> Proposal:
    """Return what the file at `path` becomes; `day` (2026-11-26) is put before the reason of a drop.

    Raises ConfigError when the file is wrong, would be wrong afterwards or is LiteLLM's, RouterError when an
    edit is about something the file does not have.
    """
    file = checked(text, str(path))
    after, changes, titles = text, [], []
    for edit in edits:
        titles.append(_title(edit))
        for steps, value in _entries(edit, file, day):
            now = None if value is None else written(value)
            changes.append(Change(steps, source(after, steps), now))
            after = put(after, steps, now)
    real = [change for change in changes if change.was != change.now]
    return _proposal(path, ", ".join(titles), text, after, real)


def undone(path: Path, text: str, made: Made) -> Proposal:
    """Return what the file becomes without a change. Raises ConfigError, RouterError.

    What was changed by hand since then at the same place is not overwritten.
    """
    checked(text, str(path))
    after = text
    for change in reversed(made.changes):
        if source(after, change.steps) != change.now:
            what = f"{path}: {'.'.join(change.steps)} was changed by hand after '{made.title}'"
            raise RouterError(what, hint="Change it back by hand")
        after = put(after, change.steps, change.was)
    back = [Change(change.steps, change.now, change.was) for change in reversed(made.changes)]
    return _proposal(path, f"undo: {made.title}", text, after, back, undoes=True)


def _title(edit: ConfigEdit) -> str:
    match edit:
        case Drop(name, _, route):
            return f"{name} dropped from {route or 'every route'}"
        case Restore(name, route):
            return f"{name} back in {route or 'every route'}"
        case SetLimit(name, limit, value):
            return f"{name} limited to {limit} {value}" if value else f"{name} without a limit of {limit}"
        case SetCooldown(name, seconds):
            return f"{name} rests {seconds}s" if seconds else f"{name} rests as the policy says"


def _entries(edit: ConfigEdit, file: File, day: str) -> Iterator[tuple[Steps, str | int | None]]:
    """Yield where an edit writes and what. Raises RouterError for what the file does not have."""
    name = edit.deployment
    if name not in file.deployments:
        raise UnknownName(name, tuple(get_close_matches(name, file.deployments)))
    match edit:
        case Drop(_, reason, route):
            yield _dropped(file, name, route), _because(day, reason)
        case Restore(_, route):
            yield from ((steps, None) for steps in _drops(file, name, route))
        case SetLimit(_, limit, value):
            yield ("deployments", name, "limits", limit), value
        case SetCooldown(_, seconds):
            yield ("deployments", name, "cooldown"), None if seconds is None else f"{seconds}s"


def _dropped(file: File, name: str, route: str | None) -> Steps:
    """Return where it stands that a deployment is dropped from a route, or from all."""
    if route is None:
        return "deployments", name, "dropped"
    if route not in file.routes:
        raise UnknownName(route, tuple(get_close_matches(route, file.routes)))
    if name not in members(file.routes[route], file):
        raise RouterError(f"{name} is none of the deployments of {route}")
    return "routes", route, "without", name


def _drops(file: File, name: str, route: str | None) -> list[Steps]:
    """Return where a deployment is dropped now, as far as `route` asks."""
    everywhere = file.deployments[name].dropped is not None
    if route is not None:
        steps = _dropped(file, name, route)
        if everywhere:
            hint = f"`cockpit restore {name}` puts it back into all of them"
            raise RouterError(f"{name} is dropped from every route, not from {route} alone", hint=hint)
        return [steps]
    single = [one for one, written_so in file.routes.items() if name in written_so.without]
    return [_dropped(file, name, one) for one in ([None] * everywhere + single)]


def _because(day: str, reason: str) -> str:
    return f"{day}: {' '.join(reason.split())}".replace("${", "$ {")  # which is read in keys only


def _proposal(
    path: Path, title: str, before: str, after: str, changes: Sequence[Change], *, undoes: bool = False
) -> Proposal:
    checked(after, str(path))
    for steps, now in {change.steps: change.now for change in changes}.items():
        if source(after, steps) != now:  # it stands in a way nobody has thought of
            message = f"{'.'.join(steps)} cannot be changed by command. Change it by hand"
            raise ConfigError([Problem(str(path), 0, 0, message)])
    return Proposal(str(path), title, _diff(before, after, path.name), before, after, tuple(changes), undoes)


def _diff(before: str, after: str, name: str) -> str:
    was, now = hidden(before).splitlines(), hidden(after).splitlines()
    return "\n".join(unified_diff(was, now, name, name, lineterm="", n=CONTEXT_LINES))
