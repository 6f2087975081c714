"""The routing engine's door: what a program imports of it.

    from router import Engine, Message, Request, Dependencies

Names are loaded when they are first used, so that importing a part of this package loads that part alone, and
`import router` loads no adapter, no SDK and no screen. How they are wired is not here: `router.app`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.core.message import Message
    from router.core.request import Request
    from router.core.routing.selection import Plan
    from router.core.settings.config import RouterConfig
    from router.core.settings.edits import Drop, Proposal, Restore, SetCooldown, SetLimit
    from router.engine.dependencies import Dependencies
    from router.engine.engine import Engine
    from router.engine.events import Answer, RequestEnded, RouteEvent, TextArrived
    from router.errors import ConfigError, LedgerError, RouterError, UnknownName

__all__ = [
    "Answer",
    "ConfigError",
    "Dependencies",
    "Drop",
    "Engine",
    "LedgerError",
    "Message",
    "Plan",
    "Proposal",
    "Request",
    "RequestEnded",
    "Restore",
    "RouteEvent",
    "RouterConfig",
    "RouterError",
    "SetCooldown",
    "SetLimit",
    "TextArrived",
    "UnknownName",
]

_ROOMS = {
    "router.core.settings.edits": ("Drop", "Proposal", "Restore", "SetCooldown", "SetLimit"),
    "router.core.settings.config": ("RouterConfig",),
    "router.core.message": ("Message",),
    "router.core.request": ("Request",),
    "router.core.routing.selection": ("Plan",),
    "router.engine.engine": ("Engine",),
    "router.engine.dependencies": ("Dependencies",),
    "router.engine.events": ("Answer", "RequestEnded", "RouteEvent", "TextArrived"),
    "router.errors": ("ConfigError", "LedgerError", "RouterError", "UnknownName"),
}


def __getattr__(name: str) -> object:
    """Load a name of the door from where it lives."""
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(importlib.import_module(room), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
