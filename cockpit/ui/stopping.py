"""How a screen ends what it has running: the one wait that prompt runner and stress test share."""

from __future__ import annotations

from textual.worker import Worker, WorkerCancelled


async def stopped(worker: Worker[None] | None) -> None:
    """Cancel what runs and wait until its rows are handed to the ledger; at once when nothing does."""
    if worker is None or worker.is_finished:
        return
    worker.cancel()
    try:
        await worker.wait()
    except WorkerCancelled:
        return
