"""`cockpit alerts`: what somebody was to be told of, and whether the hooks were; `test` tries the hooks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import click

from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.configuration import load_config
from router.app.reading import open_reading
from router.core.records.alerts import HookDelivery, WrittenAlert

NO_HOOKS = "no hooks are configured: add some under `hooks:`, see docs/alerts.md"


@click.group(invoke_without_command=True, help="Show the last alerts, and which hooks were told of them.")
@click.option("--limit", type=click.IntRange(min=1, max=10_000), default=20, show_default=True)
@common_options
@click.pass_context
def command(ctx: click.Context, limit: int) -> None:
    """Print the last alerts, newest first, unless something is to be done."""
    if ctx.invoked_subcommand is None:
        asyncio.run(_show(ctx.ensure_object(Options), limit))


async def _show(options: Options, limit: int) -> None:
    async with open_reading(config=options.config, ledger=options.ledger) as app:
        found = await app.reports.last_alerts(limit) if app.reports else []
        hooks, zone = app.config.hooks, app.zone
    if options.json:
        print_json([_document(alert) for alert in found])
        return
    if found:
        print_table(("at", "event", "what", "told"), [_row(alert, zone) for alert in found])
    else:
        say("there was nothing to be told")
    if not hooks:
        say(NO_HOOKS)
    for hook in hooks:
        if hook.off:
            say(f"hook {hook.name} is off: {hook.off}")


def _row(alert: WrittenAlert, zone: tzinfo) -> tuple[str, str, str, str]:
    at = f"{datetime.fromtimestamp(alert.at_ms / 1000, zone):%Y-%m-%d %H:%M}"
    return at, alert.event, alert.text, _told(alert.told)


def _told(told: Sequence[HookDelivery]) -> str:
    lines = [one.hook if one.error is None else f"{one.hook}: {one.error} ({one.tries}x)" for one in told]
    return "; ".join(lines) or "nobody"


def _document(alert: WrittenAlert) -> dict[str, object]:
    return {
        "id": alert.number,
        "event": alert.event,
        "at": _moment(alert.at_ms),
        "text": alert.text,
        "details": dict(alert.details),
        "told": [
            {
                "hook": one.hook,
                "at": None if one.told_at is None else _moment(one.told_at),
                "tries": one.tries,
                "error": one.error,
            }
            for one in alert.told
        ],
    }


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


@command.command(help="Send every hook a test now, and say what came of it.")
@common_options
@click.pass_obj
def test(options: Options) -> None:
    """Try the hooks; exit 1 when one could not be told, or there is none."""
    from router.app.hook_test import try_hooks  # programs and an HTTP client, only where hooks are tried

    hooks = load_config(options.config).hooks
    errors = asyncio.run(try_hooks(hooks))
    results = list(zip(hooks, errors, strict=True))
    if options.json:
        print_json([{"hook": hook.name, "ok": error is None, "error": error} for hook, error in results])
    elif results:
        print_table(
            ("hook", "", "why"),
            [(hook.name, "ok" if not error else "failed", error) for hook, error in results],
        )
    if not hooks:
        say(NO_HOOKS)
    sys.exit(int(not hooks or any(errors)))
