"""Advice: what could be had for less."""

from __future__ import annotations

from cockpit.commands.advise import advice_for, words
from cockpit.tables.field import Field
from router.core.money import usd
from router.core.reports.advise import Advice
from router.core.windows import calendar_days, span
from router.wiring.reading import Reading

FIELDS: tuple[Field[Advice], ...] = (
    Field("kind", lambda one: one.kind),
    Field("task", lambda one: one.task),
    Field("deployment", lambda one: one.deployment),
    Field("calls", lambda one: one.calls),
    Field("saving_usd", lambda one: usd(one.saving_nano)),
    Field("to", lambda one: one.to),
    Field("route", lambda one: one.route),
    Field("check", lambda one: one.check),
    Field("words", words),
)


async def read(world: Reading, days: int) -> list[Advice]:
    """Return the advice about the last `days` local days, the largest saving first."""
    window = span(calendar_days(world.clock.now_ms(), world.zone, days))
    return list(await advice_for(world.reports, window, world.config))
