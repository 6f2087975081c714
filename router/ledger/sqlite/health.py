"""The rows of `health`: what all processes know of every scope. How health moves is `core.health.states`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from router.core.health.clock_steps import moved, step_of
from router.core.health.states import loaded
from router.core.records.health import HEALTHY, ExhaustedLimit, Health, ScopeHealth
from router.engine.clock import ahead
from router.engine.ports import Clock
from router.ledger.sqlite.driver import Connection, writing
from router.ledger.sqlite.limits import all_exhausted
from router.ledger.sqlite.owners import this_boot
from router.ledger.sqlite.schema import has_table

_COLUMNS = "scope, state, until_ms, strikes, healthy_since_ms, failed_ms, reason"
_UPSERT = f"INSERT OR REPLACE INTO health ({_COLUMNS}, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def read_health(connection: Connection, keys: Collection[str], now_ms: int) -> dict[str, ScopeHealth]:
    """Return the health of every scope in `keys`; one that nobody ever wrote down is healthy."""
    marks = ", ".join("?" * len(keys))
    rows = connection.execute(f"SELECT {_COLUMNS} FROM health WHERE scope IN ({marks})", tuple(keys))
    return dict.fromkeys(keys, HEALTHY) | {key: loaded(h, now_ms) for key, h in _healths(rows).items()}


def all_health(connection: Connection) -> dict[str, ScopeHealth]:
    """Return the health of every scope that was ever in trouble, as it is written.

    A ledger that nobody has opened for writing since health is kept there has none.
    """
    if not has_table(connection, "health"):
        return {}
    return _healths(connection.execute(f"SELECT {_COLUMNS} FROM health"))


def write_health(connection: Connection, healths: Mapping[str, ScopeHealth], now_ms: int) -> None:
    """Write what has changed; call it with nothing else."""
    connection.executemany(
        _UPSERT,
        [
            (
                key,
                health.state.value,
                health.until_ms,
                health.strikes,
                health.healthy_since_ms,
                json.dumps(health.failed_ms),
                health.reason,
                now_ms,
            )
            for key, health in healths.items()
        ],
    )


def clear_health(connection: Connection, keys: Collection[str] | None) -> None:
    """Forget what is known of the scopes in `keys`, that they are full as well, of all when None."""
    for table in ("health", "full_until"):
        if keys is None:
            connection.execute(f"DELETE FROM {table}")
        else:
            connection.executemany(f"DELETE FROM {table} WHERE scope = ?", [(key,) for key in keys])


def believe(connection: Connection, now_ms: int) -> None:
    """Cut short, in the rows, what a clock that has stepped since made absurd; called at each start."""
    written = all_health(connection)
    believed = {key: loaded(health, now_ms) for key, health in written.items()}
    cut = {key: health for key, health in believed.items() if health != written[key]}
    if cut:
        with writing(connection):
            write_health(connection, cut, now_ms)


def _healths(rows: Iterable[tuple[Any, ...]]) -> dict[str, ScopeHealth]:
    found = {}
    for key, state, until_ms, strikes, healthy_since_ms, failed_ms, reason in rows:
        if state not in {member.value for member in Health}:
            continue  # a newer cockpit's word: as good as unknown
        found[key] = ScopeHealth(
            state=Health(state),
            until_ms=until_ms,
            strikes=strikes,
            healthy_since_ms=healthy_since_ms,
            failed_ms=tuple(json.loads(failed_ms)),
            reason=reason,
        )
    return found


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
        connection.execute("UPDATE owner_beat SET beat_at = beat_at + ?", (step_ms,))
    if step_ms or known is None:
        connection.execute("DELETE FROM clock")
        connection.execute("INSERT INTO clock (boot, ahead_ms) VALUES (?, ?)", (boot, ahead(clock)))


def health_by(connection: Connection, clock: Clock) -> dict[str, ScopeHealth]:
    """Return the health of every scope by today's time of day: nobody may have written since it was set."""
    step_ms = _step_ms(connection, this_boot(), clock)
    return _moved(connection, step_ms, clock.now_ms()) if step_ms else all_health(connection)


def exhausted_by(connection: Connection, clock: Clock) -> dict[str, ExhaustedLimit]:
    """Return what was told of every scope; nothing when the clock was set since: the next answer tells."""
    return {} if _step_ms(connection, this_boot(), clock) else all_exhausted(connection)


def _step_ms(connection: Connection, boot: str | None, clock: Clock) -> int:
    known = _known(connection, boot) if boot and has_table(connection, "clock") else None
    return 0 if known is None else step_of(known, ahead(clock))


def _known(connection: Connection, boot: str) -> int | None:
    row = connection.execute("SELECT ahead_ms FROM clock WHERE boot = ?", (boot,)).fetchone()
    return None if row is None else int(row[0])


def _moved(connection: Connection, step_ms: int, now_ms: int) -> dict[str, ScopeHealth]:
    return {key: moved(health, step_ms, now_ms) for key, health in all_health(connection).items()}
