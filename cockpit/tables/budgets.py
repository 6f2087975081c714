"""Budgets: what each allows, what is spent and held, and how much has no figure."""

from __future__ import annotations

from cockpit.tables.field import Field, moment
from router.app.reading import ReadingApp
from router.core.budget.budget import standing_caps
from router.core.money import usd
from router.core.records.admission import Cap, Used

FIELDS: tuple[Field[tuple[Cap, Used]], ...] = (
    Field("budget", lambda pair: pair[0].label),
    Field("mode", lambda pair: "hard" if pair[0].hard else "soft"),
    Field("limit_usd", lambda pair: usd(pair[0].limit_nano)),
    Field("spent_usd", lambda pair: usd(pair[1].posted_nano)),
    Field("held_usd", lambda pair: usd(pair[1].held_nano)),
    Field("unknown_attempts", lambda pair: pair[1].unknown),
    Field("since", lambda pair: moment(pair[0].since_ms)),
    Field("frees_at", lambda pair: moment(pair[0].until_ms)),
)


async def read(app: ReadingApp) -> list[tuple[Cap, Used]]:
    """Return the budgets that stand by themselves, in the configuration's order."""
    caps = standing_caps(app.config.budgets, app.clock.now_ms(), app.zone)
    return list(zip(caps, await app.reader.budgets(caps), strict=True))
