"""The counters behind the runaway guard: what paid calls of the last ten minutes came to, second by second.

Kept in the transaction that admits a call, whichever process makes it, and in the one that ends it. What to
make of them is `core.budget.runaway`. Nothing here grows with the ledger: what is older goes.
"""

from __future__ import annotations

from router.core.budget import runaway
from router.core.records.admission import Refusal, RefusedBy
from router.core.records.entries import Intent
from router.core.settings.budgets import Guard
from router.ledger.sqlite import pauses
from router.ledger.sqlite.driver import Connection

_COUNT = """
INSERT INTO paid_second (second, nano, requests) VALUES (?, ?, ?)
ON CONFLICT (second) DO UPDATE SET nano = nano + excluded.nano, requests = requests + excluded.requests"""
_COUNT_PROMPT = """
INSERT INTO paid_prompt (session, prompt, second, calls) VALUES (?, ?, ?, 1)
ON CONFLICT (session, prompt, second) DO UPDATE SET calls = calls + 1"""
_SEEN = """
SELECT coalesce(sum(nano), 0), coalesce(sum(iif(second > :minute, requests, 0)), 0)
FROM paid_second WHERE second > :ten_minutes"""
_SEEN_PROMPT = """
SELECT coalesce(sum(calls), 0) FROM paid_prompt
WHERE session = :session AND prompt = :prompt AND second > :ten_minutes"""
_TEN_MINUTES_S = runaway.TEN_MINUTES_MS // 1000
_NOBODY = b""
"""Stands for calls without a session, and for those without a fingerprint."""


def refusal(connection: Connection, intent: Intent, guard: Guard | None) -> Refusal | None:
    """Return why the runaway guard refuses a paid call, or None; what trips it is written down as a pause.

    What costs nothing is never paused.
    """
    if guard is None or intent.held_nano_usd == 0:
        return None
    paused = pauses.standing(connection, intent.session_id)
    if paused is None and guard != _OFF:
        tripped = runaway.watch(guard, _seen(connection, intent))
        if tripped is not None:
            pauses.pause(connection, tripped, intent.session_id, intent.started_at)
            paused = tripped.reason
    if paused is None:
        return None
    return Refusal(RefusedBy.GUARD, f"paid calls are paused: {paused}; {runaway.LIFT}")


def count(connection: Connection, intent: Intent) -> None:
    """Count a call that starts, if it may cost something."""
    if intent.held_nano_usd == 0:
        return
    second, first = intent.started_at // 1000, int(intent.attempt == 1)
    _forget(connection, second)
    connection.execute(_COUNT, (second, _expected(intent), first))
    if first:
        connection.execute(_COUNT_PROMPT, (*_prompt(intent), second))


def seen(connection: Connection, now_ms: int) -> runaway.Seen:
    """Return what all paid calls came to, up to now."""
    second = now_ms // 1000
    asked = {"minute": second - runaway.MINUTE_MS // 1000, "ten_minutes": second - _TEN_MINUTES_S}
    [(nano, requests)] = connection.execute(_SEEN, asked)
    return runaway.Seen(nano, requests, 0)


def repeats(connection: Connection, intent: Intent) -> int:
    """Return how often a call was made, with this one."""
    session, prompt = _prompt(intent)
    asked = {
        "session": session,
        "prompt": prompt,
        "ten_minutes": intent.started_at // 1000 - _TEN_MINUTES_S,
    }
    [(calls,)] = connection.execute(_SEEN_PROMPT, asked)
    return int(calls)


def watch_started(connection: Connection, intent: Intent, guard: Guard, found: runaway.Seen) -> None:
    """Pause what a call that has started already, and is counted, shows to have run away."""
    if pauses.standing(connection, intent.session_id) is None:
        tripped = runaway.watch(guard, found)
        if tripped is not None:
            pauses.pause(connection, tripped, intent.session_id, intent.started_at)


def resume(connection: Connection, session: str | None, now_ms: int) -> list[str]:
    """Lift one session's pauses, or with None every pause there is; return their reasons.

    What tripped them is forgotten: it has been looked at, and trips nothing again.
    """
    lifted = pauses.lift(connection, session, now_ms)
    for _, everyone, of_session in lifted:
        if everyone:
            connection.execute("DELETE FROM paid_second")
            connection.execute("DELETE FROM paid_prompt")
        else:
            connection.execute("DELETE FROM paid_prompt WHERE session = ?", (of_session or _NOBODY,))
    return [reason for reason, *_ in lifted]


def _seen(connection: Connection, intent: Intent) -> runaway.Seen:
    """Return the paid calls before `intent`, and `intent` with them."""
    second = intent.started_at // 1000
    _forget(connection, second)
    asked = {"minute": second - runaway.MINUTE_MS // 1000, "ten_minutes": second - _TEN_MINUTES_S}
    [(nano, requests)] = connection.execute(_SEEN, asked)
    first = int(intent.attempt == 1)
    identical = repeats(connection, intent) + first
    return runaway.Seen(nano + (intent.estimate_nano_usd or 0), requests + first, identical)


def _forget(connection: Connection, second: int) -> None:
    """Forget what is too old; all of it when it lies ahead: then somebody has set the clock back since."""
    [(newest,)] = connection.execute("SELECT max(second) FROM paid_second")
    if newest == second:
        return
    oldest = second - _TEN_MINUTES_S if newest is None or newest < second + _TEN_MINUTES_S else newest
    for table in ("paid_second", "paid_prompt"):
        connection.execute(f"DELETE FROM {table} WHERE second <= ?", (oldest,))


def _expected(intent: Intent) -> int:
    """Return what a call will probably cost: bounds would trip the guard by their pessimism."""
    return intent.estimate_nano_usd if intent.estimate_nano_usd is not None else intent.held_nano_usd or 0


def _prompt(intent: Intent) -> tuple[str | bytes, str | bytes]:
    return intent.session_id or _NOBODY, intent.prompt_fingerprint or _NOBODY


_OFF = Guard(None, None, None)
