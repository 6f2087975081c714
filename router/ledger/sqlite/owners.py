"""Which process wrote a row, and whether it still runs.

A process is known by the machine's boot, its process-id namespace, its id and its start: ids are used again,
and a container has ids of its own. Spelled as one text, `boot namespace pid start`, with `-` for what the
system does not tell. Processes that share a place can look each other up; of one in another container or on
another machine only its heartbeat tells that it runs, which it writes while calls of it do.

A row may belong to a job instead, `job NAME`: it outlives the process that wrote it, and only its settlement
ends it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from router.ledger.sqlite.driver import Connection, writing
from router.ledger.sqlite.schema import has_table

PROC = Path("/proc")
BEAT_MS = 15_000
"""How often a process with running calls says that it lives."""
SILENT_MS = 60_000
"""After how long without a word one that nobody can look up is dead: four beats."""
GIVEN_UP_MS = 24 * 3600 * 1000
"""How old an open row must be where nobody can tell whether its owner runs and it never said a word: no
attempt lasts as long."""
_JOB = "job "
_UNTOLD = "-"


def this_process(proc: Path = PROC) -> str:
    """Return the owner text of the process that asks."""
    pid = os.getpid()
    return f"{_boot(proc)} {_namespace(proc)} {pid} {_start(proc, pid) or _UNTOLD}"


def job_owner(job: str) -> str:
    """Return the owner text of what a job has under way."""
    return f"{_JOB}{job}"


def job_of(owner: str) -> str | None:
    """Return the job that an owner text names; None for a process."""
    return owner.removeprefix(_JOB) if owner.startswith(_JOB) else None


def this_boot(proc: Path = PROC) -> str | None:
    """Return what the steady clock counts from, the boot and the time namespace; None where untold."""
    boot = _boot(proc)
    return None if boot == _UNTOLD else f"{boot} {_link(proc / 'self/ns/time')}"


def has_died(owner: str, proc: Path = PROC) -> bool | None:
    """Return whether `owner` is gone for good; None when that cannot be told from here."""
    if owner == this_process(proc) or job_of(owner) is not None:
        return False
    try:
        boot, namespace, digits, start = owner.split(" ")
        pid = int(digits)
    except ValueError:
        return None
    if boot != _boot(proc):
        return True
    if namespace != _namespace(proc):
        return None
    if start != _UNTOLD:
        return _start(proc, pid) != start
    return _is_gone(pid)


def beat(connection: Connection, owner: str, now_ms: int) -> None:
    """Write that `owner` lives, inside a write transaction."""
    connection.execute("INSERT OR REPLACE INTO owner_beat (owner, beat_at) VALUES (?, ?)", (owner, now_ms))


def end_beats(connection: Connection, owner: str, now_ms: int) -> None:
    """Forget the beats of `owner`, which has nothing under way any more, and those of the long dead."""
    connection.execute("DELETE FROM owner_beat WHERE owner = ? OR beat_at < ?", (owner, now_ms - GIVEN_UP_MS))


def is_gone(connection: Connection, owner: str, now_ms: int, proc: Path = PROC) -> bool | None:
    """Return whether `owner` is gone as far as can be told: `has_died`, and from elsewhere by its heartbeat.

    None where it was never heard of and cannot be looked up.
    """
    died = has_died(owner, proc)
    if died is False or owner.split(" ")[:2] == [_boot(proc), _namespace(proc)]:
        return died
    found = None
    if has_table(connection, "owner_beat"):
        found = connection.execute("SELECT beat_at FROM owner_beat WHERE owner = ?", (owner,)).fetchone()
    return died if found is None else now_ms - int(found[0]) > SILENT_MS


def _boot(proc: Path) -> str:
    try:
        return (proc / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _UNTOLD


def _namespace(proc: Path) -> str:
    return _link(proc / "self/ns/pid").strip("pid:[]")


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return _UNTOLD


def _start(proc: Path, pid: int) -> str | None:
    """Return when process `pid` started, in ticks after boot (proc(5), stat, field 22); None when gone."""
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name, field 2, may contain spaces and brackets: count from the last bracket.
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else rest[18]


def _is_gone(pid: int) -> bool | None:
    """Return True when no process has this id. One that has it may be another one: then None."""
    if sys.platform == "win32":  # there os.kill ends a process whatever the signal
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return None
    return None


_TAKE = """
INSERT INTO job_lease (job, owner, until_ms) VALUES (:job, :owner, :until)
ON CONFLICT (job) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms
"""


def take_lease(connection: Connection, job: str, owner: str, now_ms: int, length_ms: int) -> bool:
    """Return whether the job is the asker's for the next `length_ms`.

    It is when nobody has it, when its time is over, when its holder is dead, and when the asker has it
    already: then it is prolonged.
    """
    with writing(connection):
        held = connection.execute("SELECT owner, until_ms FROM job_lease WHERE job = ?", (job,)).fetchone()
        if held is not None:
            holder, until = held
            if holder != owner and until > now_ms and has_died(holder) is not True:
                return False
        connection.execute(_TAKE, {"job": job, "owner": owner, "until": now_ms + length_ms})
        return True
