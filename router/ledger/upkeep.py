"""What is done to a ledger beside its traffic: a job closes dead calls, a person ends pauses and rests,
and rates answers.

Each opens a short connection of its own, so it needs no writer and disturbs none. Blocking: call it off the
event loop. Raises LedgerError and nothing else that a disk can cause.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from router.core.records.alerts import Alert, WrittenAlert
from router.core.settings.hooks import Hook
from router.errors import LedgerError
from router.ledger import adjustments, alerts, evidence, kept_answers, leases, pauses
from router.ledger.adjustments import Correction, Place, Unbilled
from router.ledger.errors import told_clearly
from router.ledger.health_store import clear_health
from router.ledger.owner import this_process
from router.ledger.schema import migrate
from router.ledger.sqlite import Connection, open_for_writing, rewrite, writing
from router.ledger.sweep import sweep

SWEEP = "sweep"
ALERTS = "alerts"
RECONCILE = "reconcile"
MOST_UNBILLED = 200
Due = list[tuple[WrittenAlert, Hook]]


def sweep_if_mine(path: Path, now_ms: int, lease_ms: int, owner: str | None = None) -> int | None:
    """Close what dead processes left open, if this process gets the lease; return how many, or None.

    Kept answers that have come of age go with it.

    `owner` is the process that asks; this one unless said.
    """
    with _opened(path) as connection:
        if not leases.take(connection, SWEEP, owner or this_process(), now_ms, lease_ms):
            return None
        with writing(connection):
            kept_answers.expire(connection, now_ms)
        return sweep(connection, path, now_ms)


def take_lease(path: Path, job: str, now_ms: int, lease_ms: int) -> bool:
    """Return whether a job is this process's for the next `lease_ms`."""
    with _opened(path) as connection:
        return leases.take(connection, job, this_process(), now_ms, lease_ms)


def note_offers(path: Path, write: Callable[[Connection], None]) -> None:
    """Write what providers were found to offer, by one of the functions of `offers`."""
    with _opened(path) as connection, writing(connection):
        write(connection)


def lift_pauses(path: Path, session: str | None, now_ms: int) -> list[str]:
    """Lift one session's pauses, or with None all there are; return their reasons."""
    if not path.exists():
        return []
    with _opened(path) as connection, writing(connection):
        return pauses.lift(connection, session, now_ms)


def clear_rests(path: Path, keys: Collection[str] | None) -> None:
    """Forget the rests of the health scopes under `keys`, of all when None."""
    if path.exists():
        with _opened(path) as connection, writing(connection):
            clear_health(connection, keys)


def rate(path: Path, request_id: str | None, good: bool, now_ms: int) -> evidence.Rated:
    """Keep whether a request's answer was good, of the newest answered one when None."""
    if not path.exists():
        raise LedgerError(f"there is no ledger at {path} yet", hint="The first call makes it")
    with _opened(path) as connection, writing(connection):
        return evidence.rate(connection, request_id, good, now_ms)


def forget_answers(path: Path) -> int:
    """Remove every kept answer from the file; return how many there were.

    The file is written anew: earlier versions left what they had dropped on its free pages.
    """
    if not path.exists():
        return 0
    with _opened(path) as connection:
        with writing(connection):
            forgotten = kept_answers.forget(connection)
        if not rewrite(connection):
            raise LedgerError(
                f"the kept answers are removed, but another program holds {path}: parts of them may still "
                "stand in the file",
                hint="Close what holds it (a gateway, a backup, a SQLite shell) and do this again",
            )
        return forgotten


def take_alerts(path: Path, seen: Sequence[Alert], hooks: Sequence[Hook], now_ms: int, lease_ms: int) -> Due:
    """Write down what was seen; return what is to be told to whom now, nothing if another process does it."""
    with _opened(path) as connection:
        if not leases.take(connection, ALERTS, this_process(), now_ms, lease_ms):
            return []
        with writing(connection):
            alerts.add(connection, seen, now_ms)
            return alerts.take_due(connection, hooks, now_ms)


def told(path: Path, results: Sequence[tuple[int, str, str | None]], now_ms: int) -> None:
    """Note what came of telling: an alert's number, the hook's name, and an error or None."""
    with _opened(path) as connection, writing(connection):
        for number, hook, error in results:
            alerts.tell(connection, number, hook, error, now_ms)


def unbilled_if_mine(
    path: Path, providers: Collection[str], when: tuple[int, int], lease_ms: int
) -> list[Unbilled]:
    """Return the newest calls of `providers` without a cost, none if another process asks about them.

    `when` is the moment, and how far back to look.
    """
    now_ms, since_ms = when
    with _opened(path) as connection:
        if not leases.take(connection, RECONCILE, this_process(), now_ms, lease_ms):
            return []
        return adjustments.unbilled(connection, providers, since_ms, MOST_UNBILLED)


def adjust(path: Path, place: Place, correction: Correction, now_ms: int) -> bool:
    """Correct what an ended attempt cost; return False when there is no such attempt."""
    with _opened(path) as connection, writing(connection):
        return adjustments.adjust(connection, place, correction, now_ms)


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    with told_clearly(path), closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        yield connection
