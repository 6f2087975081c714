"""Which process wrote a row, and whether it still runs.

A process is known by the machine's boot, its process-id namespace, its id and its start: ids are used again,
and a container has ids of its own. Spelled as one text, `boot namespace pid start`, with `-` for what the
system does not tell.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from router.ledger.sqlite.driver import Connection, writing

PROC = Path("/proc")
_UNTOLD = "-"


def this_process(proc: Path = PROC) -> str:
    """Return the owner text of the process that asks."""
    pid = os.getpid()
    return f"{_boot(proc)} {_namespace(proc)} {pid} {_start(proc, pid) or _UNTOLD}"


def this_boot(proc: Path = PROC) -> str | None:
    """Return what the steady clock counts from, the boot and the time namespace; None where untold."""
    boot = _boot(proc)
    return None if boot == _UNTOLD else f"{boot} {_link(proc / 'self/ns/time')}"


def has_died(owner: str, proc: Path = PROC) -> bool | None:
    """Return whether `owner` is gone for good; None when that cannot be told from here."""
    if owner == this_process(proc):
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
