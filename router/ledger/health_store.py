"""The rows of `health`: what all processes know of every scope. How health moves is `core.health.states`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from router.core.health.states import loaded
from router.core.records.health import HEALTHY, Health, ScopeHealth
from router.ledger.present import has_table
from router.ledger.sqlite import Connection, writing

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
                health.reason.encode(errors="backslashreplace").decode(),  # it may quote a provider
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
