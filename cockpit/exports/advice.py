"""The table of advice: what could be had for less."""

from __future__ import annotations

from cockpit.commands.advise import advice_for, words
from cockpit.plain import Cell
from router.core.money import usd
from router.core.reports.advise import Advice
from router.core.windows import calendar_days, span
from router.wiring.reading import Reading

COLUMNS = ("kind", "task", "deployment", "calls", "saving_usd", "to", "route", "check", "words")


async def rows(world: Reading, days: int) -> list[dict[str, Cell]]:
    """Return the advice about the last `days` local days, the largest saving first."""
    window = span(calendar_days(world.clock.now_ms(), world.zone, days))
    return [_row(advice) for advice in await advice_for(world.reports, window, world.config)]


def _row(advice: Advice) -> dict[str, Cell]:
    return {
        "kind": advice.kind,
        "task": advice.task,
        "deployment": advice.deployment,
        "calls": advice.calls,
        "saving_usd": usd(advice.saving_nano),
        "to": advice.to,
        "route": advice.route,
        "check": advice.check,
        "words": words(advice),
    }
