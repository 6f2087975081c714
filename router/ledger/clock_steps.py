"""The table `clock`: how far the time of day was ahead of the machine's steady clock when anybody last wrote.

Who writes first after the clock was set moves every rest with it, in the same transaction: all processes of a
boot share the steady clock, so it is done once. What a rest becomes is `core.health.clock_steps`.
"""

from __future__ import annotations

from router.core.health.clock_steps import moved, step_of
from router.core.records.health import ExhaustedLimit, ScopeHealth
from router.engine.ports import Clock
from router.engine.step_watch import ahead
from router.ledger.full_store import all_told
from router.ledger.health_store import all_health, write_health
from router.ledger.owner import this_boot
from router.ledger.present import has_table
from router.ledger.sqlite import Connection


def keep_time(connection: Connection, clock: Clock, boot: str | None) -> None:
    """Move the rests if the clock was set since; call it inside every write transaction.

    `boot` names what the steady clock counts from. None where the system does not tell: then nobody can know
    whether two readings of it belong together, and nothing is moved.
    """
    if boot is None:
        return
    known, now_ms = _known(connection, boot), clock.now_ms()
    step_ms = 0 if known is None else step_of(known, ahead(clock))
    if step_ms:
        write_health(connection, _moved(connection, step_ms, now_ms), now_ms)
        connection.execute("DELETE FROM full_until")  # the next answer tells it again
    if step_ms or known is None:
        connection.execute("DELETE FROM clock")
        connection.execute("INSERT INTO clock (boot, ahead_ms) VALUES (?, ?)", (boot, ahead(clock)))


def health_by(connection: Connection, clock: Clock) -> dict[str, ScopeHealth]:
    """Return the health of every scope by today's time of day: nobody may have written since it was set."""
    step_ms = _step_ms(connection, this_boot(), clock)
    return _moved(connection, step_ms, clock.now_ms()) if step_ms else all_health(connection)


def told_full_by(connection: Connection, clock: Clock) -> dict[str, ExhaustedLimit]:
    """Return what was told of every scope; nothing when the clock was set since: the next answer tells."""
    return {} if _step_ms(connection, this_boot(), clock) else all_told(connection)


def _step_ms(connection: Connection, boot: str | None, clock: Clock) -> int:
    known = _known(connection, boot) if boot and has_table(connection, "clock") else None
    return 0 if known is None else step_of(known, ahead(clock))


def _known(connection: Connection, boot: str) -> int | None:
    row = connection.execute("SELECT ahead_ms FROM clock WHERE boot = ?", (boot,)).fetchone()
    return None if row is None else int(row[0])


def _moved(connection: Connection, step_ms: int, now_ms: int) -> dict[str, ScopeHealth]:
    return {key: moved(health, step_ms, now_ms) for key, health in all_health(connection).items()}
