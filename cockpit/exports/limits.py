"""The table of learned limits: what providers were found to allow, when, and how sure that is."""

from __future__ import annotations

from cockpit.exports.moments import moment
from cockpit.plain import Cell
from router.core.records.health import LearnedLimit
from router.wiring.reading import Reading

COLUMNS = ("deployment", "kind", "value", "source", "confidence", "learned_at")


async def rows(world: Reading) -> list[dict[str, Cell]]:
    """Return every limit that was learned, by deployment."""
    found = await world.reader.limits()
    return [_row(limit) for limit in sorted(found, key=lambda each: (each.deployment, each.kind))]


def _row(limit: LearnedLimit) -> dict[str, Cell]:
    return {
        "deployment": limit.deployment,
        "kind": limit.kind.value,
        "value": limit.value,
        "source": limit.source.value,
        "confidence": limit.confidence,
        "learned_at": moment(limit.learned_at),
    }
