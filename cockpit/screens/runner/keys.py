"""The prompt runner's keys, and which of them the bottom line shows when."""

from __future__ import annotations

from cockpit.ui.keys import Hint, Key

RUNNER: tuple[Key, ...] = (
    Key("stop", "escape", "leave", "stop the answer; when idle leave the prompt", "runner"),
    Key("tier", "ctrl+t", "next_tier", "override the tier: auto, T0, T1, ...", "runner"),
    Key("climb", "ctrl+g,u", "climb", "the answer was poor: ask one tier up", "runner"),
    Key("type", "i,enter", "type", "type a prompt", "runner"),
    Key("copy", "y", "copy_answer", "copy the last answer to the clipboard", "runner"),
)
PROMPT: tuple[Key, ...] = (
    Key("send", "enter", "send", "send the prompt", "prompt"),
    Key("newline", "ctrl+j,shift+enter", "newline", "start a new line", "prompt"),
    Key("older", "up", "older", "older prompt, from the first line", "prompt"),
    Key("newer", "down", "newer", "newer prompt, from the last line", "prompt"),
)
ANSWER: tuple[Key, ...] = (
    Key("scroll-down", "j,down", "scroll_down", "scroll down", "answer"),
    Key("scroll-up", "k,up", "scroll_up", "scroll up", "answer"),
    Key("answer-page-down", "pagedown,ctrl+d", "page_down", "a page down", "answer"),
    Key("answer-page-up", "pageup,ctrl+u", "page_up", "a page up", "answer"),
    Key("answer-top", "g,home", "scroll_home", "start of the answers", "answer"),
    Key("answer-bottom", "G,end", "scroll_end", "end; follow the answer again", "answer"),
)

WHILE_TYPING: tuple[Hint, ...] = (
    Hint("send", "send"),
    Hint("newline", "newline", 2),
    Hint("tier", "tier"),
    Hint("stop", "keys"),
    Hint("help", "help"),
    Hint("quit-now", "quit", 1),
)
WHILE_RUNNING: tuple[Hint, ...] = (
    Hint("stop", "stop"),
    Hint("tier", "next tier", 1),
    Hint("help", "help"),
    Hint("quit-now", "quit"),
)
WHILE_READING: tuple[Hint, ...] = (
    Hint("type", "type"),
    Hint("dashboard", "dashboard"),
    Hint("climb", "tier up", 3),
    Hint("copy", "copy", 2),
    Hint("tier", "tier", 1),
    Hint("help", "help"),
    Hint("quit", "quit"),
)
