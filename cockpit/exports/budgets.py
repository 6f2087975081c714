"""The table of budgets: what each allows, what is spent and held, and how much has no figure."""

from __future__ import annotations

from cockpit.exports.moments import moment
from cockpit.plain import Cell
from router.core.budget.budget import standing_caps
from router.core.money import usd
from router.core.records.admission import Cap, Used
from router.wiring.reading import Reading

COLUMNS = ("budget", "mode", "limit_usd", "spent_usd", "held_usd", "unknown_attempts", "since", "frees_at")


async def rows(world: Reading) -> list[dict[str, Cell]]:
    """Return the budgets that stand by themselves, in the configuration's order."""
    caps = standing_caps(world.config.budgets, world.clock.now_ms(), world.zone)
    used = await world.reader.budgets(caps)
    return [_row(cap, spent) for cap, spent in zip(caps, used, strict=True)]


def _row(cap: Cap, used: Used) -> dict[str, Cell]:
    return {
        "budget": cap.label,
        "mode": "hard" if cap.hard else "soft",
        "limit_usd": usd(cap.limit_nano),
        "spent_usd": usd(used.posted_nano),
        "held_usd": usd(used.held_nano),
        "unknown_attempts": used.unknown,
        "since": moment(cap.since_ms),
        "frees_at": moment(cap.until_ms),
    }
