"""What budgets add to the admission of a call, over a ledger of a million rows: p50 and p95.

`COCKPIT_BENCH_ROWS=10000000 python -m benchmarks budgets` for another size. A third of the calls carry a tag,
every session has 500 calls.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.ledger_queries import ROWS, generate
from router.core.budget.budget import caps, charge_of, label_of
from router.core.records.admission import Terms
from router.core.records.entries import Intent
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow, Guard
from router.engine.clock import SystemClock
from router.ledger.sqlite.admission import admit
from router.ledger.sqlite.driver import Connection, open_for_writing, writing
from router.ledger.sqlite.owners import this_process

ROUNDS = 200
TARGETS = {
    BudgetScope.ALL: None,
    BudgetScope.TIER: "T0",
    BudgetScope.PROVIDER: "provider-0",
    BudgetScope.DEPLOYMENT: "deployment-0",
    BudgetScope.ROUTE: "auto",
    BudgetScope.SESSION: None,
    BudgetScope.TAG: "client=acme",
}
PLENTY = 10**18


def main() -> None:
    """Make the ledger, admit under each budget, print."""
    now_ms = SystemClock().now_ms()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        generate(path, ROWS, now_ms)
        with closing(open_for_writing(path)) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # the disk is not what is measured
            _label(connection)
            print(f"{ROWS:,} rows; milliseconds of one admission")
            _measure(connection, "no budget, no guard", (), now_ms)
            _measure(connection, "no budget, guard", (), now_ms, guard=Guard())
            for scope, target in TARGETS.items():
                for window in BudgetWindow:
                    budget = Budget(scope, target, window, PLENTY)
                    _measure(connection, label_of(budget), (budget,), now_ms)
            many = [
                Budget(scope, target, window, PLENTY)
                for scope, target in TARGETS.items()
                for window in (BudgetWindow.DAY, BudgetWindow.MONTH)
                if scope is not BudgetScope.ROUTE
            ]
            _measure(connection, "twelve budgets and the guard", tuple(many), now_ms, guard=Guard())


def _label(connection: Connection) -> None:
    with writing(connection):
        connection.execute("UPDATE token_spend SET session_id = 'session-' || (id / 500)")
        connection.execute(
            "INSERT OR IGNORE INTO request_tag (request_id, key, value) "
            "SELECT request_id, 'client', 'acme' FROM token_spend WHERE id % 3 = 0"
        )


def _measure(
    connection: Connection, label: str, budgets: tuple[Budget, ...], now_ms: int, guard: Guard | None = None
) -> None:
    """Print how long admissions take in a zone half an hour off, so that rows are read at the edges too."""
    taken, zone = [], UTC if not budgets else ZoneInfo("Asia/Kolkata")
    owner = this_process()
    for number in range(ROUNDS):
        intent = _call(f"{label} {number}", now_ms)
        started = time.perf_counter()
        with writing(connection):
            terms = Terms(caps=caps(budgets, charge_of(intent), now_ms, zone), guard=guard)
            admission = admit(connection, intent, terms, owner)
        taken.append((time.perf_counter() - started) * 1000)
        if admission is None or admission.refusal is not None:
            raise SystemExit(f"refused: {admission}")
    with writing(connection):
        connection.execute("DELETE FROM token_spend WHERE owner = ?", (owner,))
    p95 = statistics.quantiles(taken, n=20)[-1]
    print(f"{label:36} p50 {statistics.median(taken):8.3f}   p95 {p95:8.3f}")


def _call(request_id: str, now_ms: int) -> Intent:
    return Intent(
        request_id=request_id,
        attempt=1,
        started_at=now_ms,
        source="gateway",
        route="auto",
        tier="T0",
        deployment="deployment-0",
        provider="provider-0",
        model_requested="model-0",
        billing="metered",
        session_id="session-7",
        estimate_nano_usd=1,
        held_nano_usd=1,
        prompt_fingerprint=request_id,
        tags=(("client", "acme"),),
    )
