"""Which process does a job: a row that says who, and until when. Any number of processes may ask.

What the jobs do is `router/jobs`.
"""

from __future__ import annotations

from router.ledger.owner import has_died
from router.ledger.sqlite import Connection, writing

_TAKE = """
INSERT INTO job_lease (job, owner, until_ms) VALUES (:job, :owner, :until)
ON CONFLICT (job) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms
"""


def take(connection: Connection, job: str, owner: str, now_ms: int, length_ms: int) -> bool:
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
