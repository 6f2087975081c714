"""Every key of the cockpit: one table, from which bindings, hints and help are made.

A key has an id, so that `App.set_keymap` can rebind it. No action hangs on a key alone that terminals or
multiplexers keep for themselves (Ctrl+A, Ctrl+B, Ctrl+S, Ctrl+H/K/L, F10 and up, Alt and digits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import ActiveBinding, Binding


class KeyScope(StrEnum):
    """Where a key works; help shows the word."""

    EVERYWHERE = "everywhere"
    DASHBOARD = "dashboard"
    RUNNER = "runner"
    PANES = "panes"
    PROMPT = "prompt"
    LIST = "lists"
    TIERS = "tiers"
    ANSWER = "answer"
    STRESS = "stress"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a key does."""

    id: str
    keys: str
    """Textual's names, separated by commas; the first is the one shown."""
    action: str
    text: str
    """What it does, in a few words."""
    scope: KeyScope
    priority: bool = False
    """It works also while a widget that takes text has the focus."""


KEYS: tuple[Key, ...] = (
    Key("help", "question_mark,f1", "help", "show the keys that work here", KeyScope.EVERYWHERE),
    Key("dashboard", "1", "show('dashboard')", "dashboard", KeyScope.EVERYWHERE),
    Key("runner", "2", "show('runner')", "prompt runner", KeyScope.EVERYWHERE),
    Key("stress", "3", "show('stress')", "stress test", KeyScope.EVERYWHERE),
    Key("palette", "ctrl+p,colon", "command_palette", "commands: theme, screens, ...", KeyScope.EVERYWHERE),
    Key("next", "tab", "app.focus_next", "next pane", KeyScope.PANES),
    Key("previous", "shift+tab", "app.focus_previous", "previous pane", KeyScope.PANES),
    Key("refresh", "r", "refresh_figures", "read the ledger again", KeyScope.EVERYWHERE),
    Key("reload", "R", "reload", "read the configuration again", KeyScope.EVERYWHERE),
    Key("pause", "p", "pause", "hold the figures still, or let go", KeyScope.EVERYWHERE),
    Key("quit", "q", "quit", "quit", KeyScope.EVERYWHERE),
    Key("quit-now", "ctrl+q", "quit", "quit, also while typing", KeyScope.EVERYWHERE, priority=True),
    Key("close", "escape", "close_detail", "close the call's details", KeyScope.DASHBOARD),
    Key("stop", "escape", "leave", "stop the answer; when idle leave the prompt", KeyScope.RUNNER),
    Key("tier", "ctrl+t", "next_tier", "override the tier: auto, T0, T1, ...", KeyScope.RUNNER),
    Key("climb", "ctrl+g,u", "climb", "the answer was poor: ask one tier up", KeyScope.RUNNER),
    Key("start", "s", "start", "send the plan", KeyScope.STRESS),
    Key("stop-test", "escape", "stop", "stop the test", KeyScope.STRESS),
    Key("pattern", "e", "next_pattern", "plan another pattern: ramp, burst, probe", KeyScope.STRESS),
    Key("more", "plus", "more(1)", "plan a request more for each", KeyScope.STRESS),
    Key("fewer", "minus", "more(-1)", "plan a request less for each", KeyScope.STRESS),
    Key("news", "h", "news", "verdict and history, or the events", KeyScope.STRESS),
    Key("apply", "a", "apply_change", "change the configuration as the verdict says", KeyScope.STRESS),
    Key("undo", "u", "undo_change", "take the newest change back", KeyScope.STRESS),
    Key("export", "x", "export", "write the results as a file", KeyScope.STRESS),
    Key("target", "space", "toggle_target", "choose this target, or let it go", KeyScope.STRESS),
    Key("type", "i,enter", "type", "type a prompt", KeyScope.RUNNER),
    Key("copy", "y", "copy_answer", "copy the last answer to the clipboard", KeyScope.RUNNER),
    Key("send", "enter", "send", "send the prompt", KeyScope.PROMPT),
    Key("newline", "ctrl+j,shift+enter", "newline", "start a new line", KeyScope.PROMPT),
    Key("older", "up", "older", "older prompt, from the first line", KeyScope.PROMPT),
    Key("newer", "down", "newer", "newer prompt, from the last line", KeyScope.PROMPT),
    Key("down", "j,down", "move(1)", "down", KeyScope.LIST),
    Key("up", "k,up", "move(-1)", "up", KeyScope.LIST),
    Key("page-down", "pagedown,ctrl+d", "page(1)", "a page down", KeyScope.LIST),
    Key("page-up", "pageup,ctrl+u", "page(-1)", "a page up", KeyScope.LIST),
    Key("top", "g,home", "jump(0)", "first row, and follow the newest", KeyScope.LIST),
    Key("bottom", "G,end", "jump(-1)", "last", KeyScope.LIST),
    Key("open", "enter", "open", "details of this row", KeyScope.LIST),
    Key("clear", "c", "clear_rest", "end the rest of this deployment", KeyScope.TIERS),
    Key("scroll-down", "j,down", "scroll_down", "scroll down", KeyScope.ANSWER),
    Key("scroll-up", "k,up", "scroll_up", "scroll up", KeyScope.ANSWER),
    Key("answer-page-down", "pagedown,ctrl+d", "page_down", "a page down", KeyScope.ANSWER),
    Key("answer-page-up", "pageup,ctrl+u", "page_up", "a page up", KeyScope.ANSWER),
    Key("answer-top", "g,home", "scroll_home", "start of the answers", KeyScope.ANSWER),
    Key("answer-bottom", "G,end", "scroll_end", "end; follow the answer again", KeyScope.ANSWER),
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A key in the bottom line."""

    id: str
    text: str
    spare: int = 0
    """What goes first when the line is short: the highest; 0 stays."""


HINTS: dict[str, tuple[Hint, ...]] = {
    "dashboard": (
        Hint("help", "help"),
        Hint("runner", "run a prompt"),
        Hint("open", "details", 1),
        Hint("next", "pane", 2),
        Hint("refresh", "refresh", 4),
        Hint("pause", "pause", 3),
        Hint("quit", "quit"),
    ),
    "tiers": (
        Hint("help", "help"),
        Hint("runner", "run a prompt"),
        Hint("open", "reason", 2),
        Hint("clear", "end rest"),
        Hint("next", "pane", 3),
        Hint("pause", "pause", 4),
        Hint("quit", "quit"),
    ),
    "stress": (
        Hint("help", "help"),
        Hint("start", "start"),
        Hint("target", "choose"),
        Hint("pattern", "pattern", 2),
        Hint("apply", "apply", 1),
        Hint("news", "events", 3),
        Hint("quit", "quit"),
    ),
    "stressing": (
        Hint("stop-test", "stop"),
        Hint("news", "events", 1),
        Hint("help", "help"),
        Hint("quit", "quit"),
    ),
    "typing": (
        Hint("send", "send"),
        Hint("newline", "newline", 2),
        Hint("tier", "tier"),
        Hint("stop", "keys"),
        Hint("help", "help"),
        Hint("quit-now", "quit", 1),
    ),
    "running": (
        Hint("stop", "stop"),
        Hint("tier", "next tier", 1),
        Hint("help", "help"),
        Hint("quit-now", "quit"),
    ),
    "reading": (
        Hint("type", "type"),
        Hint("dashboard", "dashboard"),
        Hint("climb", "tier up", 3),
        Hint("copy", "copy", 2),
        Hint("tier", "tier", 1),
        Hint("help", "help"),
        Hint("quit", "quit"),
    ),
}
"""The bottom line in each situation, at most seven keys."""


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


def bindings(scope: KeyScope) -> list[Binding]:
    """Return the bindings of a scope, for a widget's `BINDINGS`."""
    return [
        Binding(key.keys, key.action, key.text, show=False, priority=key.priority, id=key.id)
        for key in KEYS
        if key.scope is scope
    ]


def live(active: Mapping[str, ActiveBinding]) -> tuple[tuple[str, str, str], ...]:
    """Return what works now as (keys, text, scope): in the order of the table, as keys are bound now."""
    pressed: dict[str, list[str]] = {}
    for name, each in active.items():
        pressed.setdefault(each.binding.id or "", []).append(name)
    lines = []
    for key in KEYS:
        if bound := pressed.get(key.id):
            usual = key.keys.split(",")
            bound.sort(key=lambda each: usual.index(each) if each in usual else -1)
            lines.append((" ".join(map(label, bound)), key.text, str(key.scope)))
    return tuple(lines)


def label(key: str) -> str:
    """Return how a key is written on screen: `Ctrl+T`, `Esc`, `?`, `G`."""
    if len(key) == 1:
        return key
    return "+".join(_LABELS.get(part, part.capitalize()) for part in key.split("+"))


def hint_line(situation: str, width: int) -> Sequence[tuple[str, str]]:
    """Return the (key, text) pairs that fit `width` cells, two spaces apart, one before the first."""
    hints = list(HINTS[situation])
    first = {key.id: key.keys.split(",")[0] for key in KEYS}
    if situation in {"typing", "running"}:
        first |= _TYPING  # `?` would be typed
    pairs = [(label(first[hint.id]), hint.text) for hint in hints]
    while hints and sum(len(key) + len(text) + 3 for key, text in pairs) - 1 > width:
        least = max(range(len(hints)), key=lambda i: (hints[i].spare, i))
        del hints[least], pairs[least]
    return pairs
