"""The keys that work on every screen, and what is made of keys: bindings, hints, help.

Each screen has the table of its own keys in its folder. A key has an id, so that `App.set_keymap` can rebind
it. No action hangs on a key alone that terminals or multiplexers keep for themselves (Ctrl+A, Ctrl+B, Ctrl+S,
Ctrl+H/K/L, F10 and up, Alt and digits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.binding import ActiveBinding, Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a key does."""

    id: str
    keys: str
    """Textual's names, separated by commas; the first is the one shown."""
    action: str
    text: str
    """What it does, in a few words."""
    scope: str
    """Where it works, in the word that help shows."""
    priority: bool = False
    """It works also while a widget that takes text has the focus."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key in the bottom line."""

    id: str
    text: str
    spare: int = 0
    """What goes first when the line is short: the highest; 0 stays."""


@dataclass(frozen=True, slots=True)
class HintLine:
    """The bottom line in one situation, at most seven keys."""

    hints: tuple[Hint, ...] = ()
    typing: bool = False
    """Whether letters are typed, so that `?` is no key."""


EVERYWHERE: tuple[Key, ...] = (
    Key("help", "question_mark,f1", "help", "show the keys that work here", "everywhere"),
    Key("palette", "ctrl+p,colon", "command_palette", "commands: theme, screens, ...", "everywhere"),
    Key("refresh", "r", "refresh_figures", "read the ledger again", "everywhere"),
    Key("reload", "R", "reload", "read the configuration again", "everywhere"),
    Key("pause", "p", "pause", "hold the figures still, or let go", "everywhere"),
    Key("quit", "q", "quit", "quit", "everywhere"),
    Key("quit-now", "ctrl+q", "quit", "quit, also while typing", "everywhere", priority=True),
)

PANES: tuple[Key, ...] = (
    Key("next", "tab", "app.focus_next", "next pane", "panes"),
    Key("previous", "shift+tab", "app.focus_previous", "previous pane", "panes"),
)

LIST: tuple[Key, ...] = (
    Key("down", "j,down", "move(1)", "down", "lists"),
    Key("up", "k,up", "move(-1)", "up", "lists"),
    Key("page-down", "pagedown,ctrl+d", "page(1)", "a page down", "lists"),
    Key("page-up", "pageup,ctrl+u", "page(-1)", "a page up", "lists"),
    Key("top", "g,home", "jump(0)", "first row, and follow the newest", "lists"),
    Key("bottom", "G,end", "jump(-1)", "last", "lists"),
    Key("open", "enter", "open", "details of this row", "lists"),
)


_LABELS = {
    "space": "Space",
    "plus": "+",
    "minus": "-",
    "question_mark": "?",
    "escape": "Esc",
    "colon": ":",
    "pagedown": "PgDn",
    "pageup": "PgUp",
}

_TYPING = {"help": "f1"}


def bindings(*keys: Key) -> list[Binding]:
    """Return the bindings of keys, for a widget's `BINDINGS`."""
    return [
        Binding(key.keys, key.action, key.text, show=False, priority=key.priority, id=key.id) for key in keys
    ]


def live(active: Mapping[str, ActiveBinding], table: Sequence[Key]) -> tuple[tuple[str, str, str], ...]:
    """Return what works now as (keys, text, scope): in the order of `table`, as keys are bound now."""
    pressed: dict[str, list[str]] = {}
    for name, each in active.items():
        pressed.setdefault(each.binding.id or "", []).append(name)
    lines = []
    for key in table:
        if bound := pressed.get(key.id):
            usual = key.keys.split(",")
            bound.sort(key=lambda each: usual.index(each) if each in usual else -1)
            lines.append((" ".join(map(label, bound)), key.text, key.scope))
    return tuple(lines)


def label(key: str) -> str:
    """Return how a key is written on screen: `Ctrl+T`, `Esc`, `?`, `G`."""
    if len(key) == 1:
        return key
    return "+".join(_LABELS.get(part, part.capitalize()) for part in key.split("+"))


def hint_line(line: HintLine, table: Sequence[Key], width: int) -> Sequence[tuple[str, str]]:
    """Return the (key, text) pairs that fit `width` cells, two spaces apart, one before the first."""
    hints = list(line.hints)
    first = {key.id: key.keys.split(",")[0] for key in table}
    if line.typing:
        first |= _TYPING  # `?` would be typed
    pairs = [(label(first[hint.id]), hint.text) for hint in hints]
    while hints and sum(len(key) + len(text) + 3 for key, text in pairs) - 1 > width:
        least = max(range(len(hints)), key=lambda i: (hints[i].spare, i))
        del hints[least], pairs[least]
    return pairs
