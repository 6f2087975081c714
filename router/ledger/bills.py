"""Reading what providers reported beside what was computed. What to think of it: `core.cost.reconcile`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.core.cost.reconcile import LAST_CALLS
from router.core.records.history import Billed
from router.ledger.sqlite import Connection

# The conditions are word for word those of an index, which holds these rows alone.
_REPORTED = "cost_source = 'provider_reported' AND list_cost_nano_usd > 0"
_NEXT = f"SELECT min(deployment) FROM token_spend WHERE {_REPORTED} AND deployment > ?"
_NEWEST = (
    "SELECT cost_nano_usd, list_cost_nano_usd, model_requested, rates_json FROM token_spend "
    f"WHERE {_REPORTED} AND deployment = ? AND started_at >= ? ORDER BY started_at DESC LIMIT {LAST_CALLS}"
)


def billed(connection: Connection, since_ms: int) -> list[Billed]:
    """Return each deployment's newest reported calls since a moment, as far back as their price is one."""
    found = []
    deployment = ""
    while (deployment := connection.execute(_NEXT, (deployment,)).fetchone()[0]) is not None:
        rows = connection.execute(_NEWEST, (deployment, since_ms)).fetchall()
        if rows:
            _, _, model, rates = rows[0]
            found.append(Billed(deployment, model, tuple(_at_one_price(rows)), rates))
    return found


def _at_one_price(rows: Sequence[tuple[int, int, str, str | None]]) -> Iterator[tuple[int, int]]:
    """Yield the bills as far back as their price is that of the newest."""
    for reported, computed, _, rates in rows:
        if rates != rows[0][3]:
            return
        yield reported, computed
