"""Tells one hook of one alert: a program on its standard input, a web address by a POST, both as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from router.core.records.alerts import WrittenAlert
from router.core.settings.checks import CheckCommand
from router.core.settings.hooks import Hook
from router.engine.ports import CheckRunner
from router.errors import TransportError
from router.providers.plain_http import exchange
from router.providers.transport import HttpRequest, Transport

MOST_BYTES = 64 * 1024
"""Of an answer nobody reads."""
HEADERS = (("content-type", "application/json"), ("user-agent", "tier-cockpit"))


async def tell(
    hook: Hook, alert: WrittenAlert, runner: CheckRunner, client: Callable[[], Transport]
) -> str | None:
    """Tell `hook`; return why it could not be told, or None. Takes no longer than the hook may."""
    body = json.dumps(message(alert), ensure_ascii=False)
    if hook.off:
        return hook.off
    if hook.run:
        ran = await runner.run(CheckCommand(hook.run, hook.timeout_s), body)
        if ran.exit_code == 0:
            return None
        ended = (
            f"ended with {ran.exit_code}"
            if ran.exit_code is not None
            else f"took more than {hook.timeout_s:g} s"
        )
        return ran.not_started or ended
    assert hook.url is not None  # a hook is on, so it has one or the other
    request = HttpRequest("POST", hook.url.reveal(), HEADERS, body.encode())
    transport = client()
    try:
        status, _ = await exchange(transport, request, within_s=hook.timeout_s, most_bytes=MOST_BYTES)
    except TransportError as error:
        return error.message
    finally:
        await transport.aclose()
    return None if 200 <= status < 300 else f"answered with status {status}"


def message(alert: WrittenAlert) -> Mapping[str, object]:
    """Return what a hook is sent. `id` stays the same however often one alert is told."""
    return {
        "id": alert.number,
        "event": alert.event,
        "at": datetime.fromtimestamp(alert.at_ms / 1000, UTC).isoformat(),
        "text": alert.text,
        "details": alert.details,
        "source": "tier-cockpit",
    }
