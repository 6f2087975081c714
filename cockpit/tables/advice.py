"""Advice: what could be had for less."""

from __future__ import annotations

from cockpit.commands.advise import words
from cockpit.tables.field import Field
from router.app.reading import ReadingApp
from router.core.money import usd
from router.core.reports.advise import Advice
from router.core.windows import calendar_days, span
from router.services.advice import advice_for

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


async def read(app: ReadingApp, days: int) -> list[Advice]:
    """Return the advice about the last `days` local days, the largest saving first."""
    window = span(calendar_days(app.clock.now_ms(), app.zone, days))
    return list(await advice_for(app.reports, window, app.config))
