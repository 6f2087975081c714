"""The stress test's keys, and which of them the bottom line shows when."""

from __future__ import annotations

from cockpit.ui.keys import Hint, Key

STRESS: tuple[Key, ...] = (
    Key("start", "s", "start", "send the plan", "stress"),
    Key("stop-test", "escape", "stop", "stop the test", "stress"),
    Key("pattern", "e", "next_pattern", "plan another pattern: ramp, burst, probe", "stress"),
    Key("more", "plus", "more(1)", "plan a request more for each", "stress"),
    Key("fewer", "minus", "more(-1)", "plan a request less for each", "stress"),
    Key("news", "h", "news", "verdict and history, or the events", "stress"),
    Key("apply", "a", "apply_change", "change the configuration as the verdict says", "stress"),
    Key("undo", "u", "undo_change", "take the newest change back", "stress"),
    Key("export", "x", "export", "write the results as a file", "stress"),
    Key("target", "space", "toggle_target", "choose this target, or let it go", "stress"),
)

WHILE_PLANNING: tuple[Hint, ...] = (
    Hint("help", "help"),
    Hint("start", "start"),
    Hint("target", "choose"),
    Hint("pattern", "pattern", 2),
    Hint("apply", "apply", 1),
    Hint("news", "events", 3),
    Hint("quit", "quit"),
)
WHILE_TESTING: tuple[Hint, ...] = (
    Hint("stop-test", "stop"),
    Hint("news", "events", 1),
    Hint("help", "help"),
    Hint("quit", "quit"),
)
