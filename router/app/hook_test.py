"""Tries the hooks of a configuration, for a person who waits for what comes of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from router.core.records.alerts import WrittenAlert
from router.core.settings.hooks import Event, Hook
from router.engine.clock import SystemClock
from router.hooks.command import CommandRunner
from router.jobs.telling import tell
from router.providers.plain_http import spare_transport


async def try_hooks(hooks: Sequence[Hook]) -> list[str | None]:
    """Send every hook a test; return why each could not be told, or None, in their order."""
    now_ms = SystemClock().now_ms()
    test = WrittenAlert(0, Event.TEST.value, now_ms, "a test of this hook, sent by `cockpit alerts test`", {})
    runner = CommandRunner(os.environ)
    return await asyncio.gather(
        *(tell(hook, test, runner, lambda: spare_transport(os.environ)) for hook in hooks)
    )
