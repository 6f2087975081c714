"""What lets an attempt start: budgets, guard, limits and health are asked again, then its row is written.

Runs inside the writer's `BEGIN IMMEDIATE`, so that no other process can spend, lease or start in between. A
refusal writes nothing, but for the pause that the guard trips. What a cap, a quota or a rest means is
`core`'s; this file only keeps the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from router.core.health.scopes import learn, leased
from router.core.health.scopes import refusal as rest_refusal
from router.core.records.admission import Admission, Cap, Hold, Lesson, Refusal, RefusedBy, Terms
from router.core.records.entries import Intent
from router.core.records.health import ScopeHealth
from router.ledger.sqlite import budgets, paid_calls
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.health import read_health, write_health
from router.ledger.sqlite.limits import quota_refusal
from router.ledger.sqlite.rows import insert_intent, raise_hold


def admit(
    connection: Connection, intent: Intent, terms: Terms, owner: str, late_ms: int = 0
) -> Admission | None:
    """Write the attempt's row, or refuse; None when that attempt has a row already.

    The moment is the attempt's own, what it was decided on and what it is judged by are one; `late_ms` is by
    how much the clock was set in between.
    """
    now_ms = intent.started_at + late_ms
    healths = read_health(connection, terms.scopes.values(), now_ms)
    refused, warnings = _refused(connection, intent, terms, healths, now_ms)
    if refused is not None:
        return Admission(refused, warnings, healths)
    if not insert_intent(connection, intent, owner):
        return None
    paid_calls.count(connection, intent)
    probed = leased(healths, terms, now_ms)
    write_health(connection, probed, now_ms)
    return Admission(None, warnings, healths | probed)


def waits_for_leases(connection: Connection, intent: Intent, terms: Terms) -> bool:
    """Tell whether a refused attempt would fit, were it not for what processes have leased and not used."""
    over, _ = budgets.refusal(connection, terms.caps, leased=False)
    return not over and not quota_refusal(
        connection, intent.deployment, terms.quotas, intent.started_at, leased=False
    )


def extend(connection: Connection, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
    """Hold more for the running attempt at `place`, or refuse and leave what is held."""
    refused, warnings = budgets.refusal(connection, caps)
    if refused is None and not raise_hold(connection, place, hold):
        refused = Refusal(RefusedBy.BUDGET, "its row was closed by another process")
    return Admission(refused, warnings)


def take_in(connection: Connection, lesson: Lesson, now_ms: int) -> None:
    """Write what an attempt taught about its scopes."""
    before = read_health(connection, lesson.scopes.values(), now_ms)
    after = learn(before, lesson, now_ms)
    write_health(connection, {key: health for key, health in after.items() if health != before[key]}, now_ms)


def _refused(
    connection: Connection, intent: Intent, terms: Terms, healths: Mapping[str, ScopeHealth], now_ms: int
) -> tuple[Refusal | None, tuple[str, ...]]:
    """Return the first thing in the way, and what to say about soft budgets that are passed."""
    over, warnings = budgets.refusal(connection, terms.caps)
    refused = (
        over
        or paid_calls.refusal(connection, intent, terms.guard)
        or quota_refusal(connection, intent.deployment, terms.quotas, intent.started_at)
        or rest_refusal(healths, terms, now_ms)
    )
    return refused, warnings
