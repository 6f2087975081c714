"""Learned limits: what providers were found to allow, when, and how sure that is."""

from __future__ import annotations

from cockpit.tables.field import Field, moment
from router.app.reading import ReadingApp
from router.core.records.health import LearnedLimit

FIELDS: tuple[Field[LearnedLimit], ...] = (
    Field("deployment", lambda limit: limit.deployment),
    Field("kind", lambda limit: limit.kind.value),
    Field("value", lambda limit: limit.value),
    Field("source", lambda limit: limit.source.value),
    Field("confidence", lambda limit: limit.confidence),
    Field("learned_at", lambda limit: moment(limit.learned_at)),
)


async def read(app: ReadingApp) -> list[LearnedLimit]:
    """Return every limit that was learned, by deployment."""
    return sorted(await app.reader.limits(), key=lambda each: (each.deployment, each.kind))
