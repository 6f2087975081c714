"""The dashboard's keys, and which of them the bottom line shows when."""

from __future__ import annotations

from cockpit.ui.keys import Hint, Key

DASHBOARD: tuple[Key, ...] = (
    Key("close", "escape", "close_detail", "close the call's details", "dashboard"),
)
TIERS: tuple[Key, ...] = (Key("clear", "c", "clear_rest", "end the rest of this deployment", "tiers"),)

ON_CALLS: tuple[Hint, ...] = (
    Hint("help", "help"),
    Hint("runner", "run a prompt"),
    Hint("open", "details", 1),
    Hint("next", "pane", 2),
    Hint("refresh", "refresh", 4),
    Hint("pause", "pause", 3),
    Hint("quit", "quit"),
)
ON_TIERS: tuple[Hint, ...] = (
    Hint("help", "help"),
    Hint("runner", "run a prompt"),
    Hint("open", "reason", 2),
    Hint("clear", "end rest"),
    Hint("next", "pane", 3),
    Hint("pause", "pause", 4),
    Hint("quit", "quit"),
)
