"""Two programs hammer one ledger until the time is over: `python -m tests.soak SECONDS`.

They admit under hard budgets, settle, rest and clear deployments, sweep, and are killed and started again
while somebody reads and folds the log back. What they were promised is written beside the ledger; during it
and in the end all of it must be there, exactly.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from router.core.budget.budget import caps, charge_of
from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.records.admission import Lesson, Terms
from router.core.records.entries import EntryStatus, Intent
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.policy import Policy
from router.engine.clock import SystemClock
from router.ledger.private_files import beside
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import Connection, open_for_reading, open_for_writing
from router.ledger.sqlite.health import health_by
from router.ledger.sqlite.rollups import differences
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import SCOPES, intent, settlement

WRITERS = ("a", "b")
LANES = 20
BOUND = 1_000_000
ROOM = 25
"""Calls that the hard budget of one session has room for at once."""
BUDGET = Budget(BudgetScope.SESSION, None, BudgetWindow.SESSION, ROOM * BOUND)
LIFE_S = (2.0, 6.0)
"""How long a writer lives before it is killed."""
LOG_LIMIT = 64 * 1024 * 1024
"""Bytes the -wal file may grow to while all this goes on."""


async def write(path: Path, name: str, seconds: float) -> None:
    """Be one writer; note in a file what the ledger has promised to keep."""
    ledger, ends = await open_ledger(path, SystemClock()), time.monotonic() + seconds
    with path.with_suffix(f".{name}").open("a") as promised:

        async def flushes() -> None:
            while time.monotonic() < ends:
                ready, settled[:] = settled[:], []
                await ledger.flush()
                promised.write("".join(f"{line}\n" for line in ready))
                promised.flush()
                await asyncio.sleep(0.02)

        settled: list[str] = []
        lanes = (lane(ledger, f"{name}-{n}", ends, settled) for n in range(LANES))
        await asyncio.gather(flushes(), *lanes, sweeps(path, ends))
    await ledger.aclose()


async def lane(ledger: SqliteLedger, name: str, ends: float, settled: list[str]) -> None:
    """Make calls one after the other; some rest their deployment, some leave the rest to be cleared."""
    chance, clock = random.Random(name), SystemClock()
    n = 0
    while (now_s := time.monotonic()) < ends:
        n += 1
        asked = replace(
            intent(f"{name}-{n}-{clock.now_ms()}"),
            started_at=clock.now_ms(),
            session_id=f"s{int(now_s)}",
            held_nano_usd=BOUND,
            estimate_nano_usd=BOUND // 2,
        )
        admission = await ledger.admit(asked, terms_of(asked))
        if admission.refusal is None:
            await asyncio.sleep(chance.uniform(0, 0.02))
            cost = chance.randrange(BOUND // 10)
            ended = replace(settlement(asked.request_id), settled_at=clock.now_ms())
            ledger.settle(replace(ended, cost_nano_usd=cost, budget_nano_usd=cost), lesson(chance, clock))
            settled.append(f"{asked.request_id} {cost}")
        elif chance.random() < 0.05:
            await SqliteUpkeep(ledger.path).clear_cooldowns()
        await asyncio.sleep(chance.uniform(0, 0.02))


def terms_of(asked: Intent) -> Terms:
    """Return what a call must meet: its session's budget, and that nobody rests."""
    counted = caps([BUDGET], charge_of(asked), asked.started_at, UTC)
    return Terms(caps=counted, scopes=SCOPES, lease_ms=1_000)


def lesson(chance: random.Random, clock: SystemClock) -> Lesson | None:
    """Return now and then that the deployment wants rest, for a tenth of a second."""
    if chance.random() > 0.02:
        return None
    limited = Exchange("x", status=429, headers={"retry-after": "0.1"})
    return Lesson(SCOPES, classify(limited, clock.now_ms()), Policy(), chance.random())


async def sweeps(path: Path, ends: float) -> None:
    """Close what dead programs left open, far more often than the job does."""
    while time.monotonic() < ends:
        await SqliteUpkeep(path).sweep(SystemClock().now_ms(), 500)
        await asyncio.sleep(0.3)


@dataclass(slots=True)
class Soak:
    """What came of it."""

    rows: int = 0
    kills: int = 0
    looks: int = 0
    promised: int = 0
    unknown: int = 0
    largest_log: int = 0


def soak(seconds: float, directory: Path) -> Soak:
    """Hammer a new ledger in `directory`. Raises AssertionError at the first broken promise."""
    path, outcome = directory / "ledger.db", Soak()
    asyncio.run(_hammer(path, seconds, outcome))
    with closing(open_for_reading(path)) as connection:
        _judge(connection, path, outcome)
    return outcome


async def _hammer(path: Path, seconds: float, outcome: Soak) -> None:
    await (await open_ledger(path, SystemClock())).aclose()
    ends = time.monotonic() + seconds
    writers = [_writer(path, name, ends, outcome) for name in WRITERS]
    await asyncio.gather(*writers, _watch(path, ends, outcome))
    await (await open_ledger(path, SystemClock())).aclose()


async def _writer(path: Path, name: str, ends: float, outcome: Soak) -> None:
    """Keep one writer running, and kill it again and again; the last one may end by itself."""
    chance = random.Random(name)
    while (left := ends - time.monotonic()) > 0.5:
        lives_s = chance.uniform(*LIFE_S)
        arguments = ("write", str(path), name, f"{left:.1f}")
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.soak", *arguments)
        try:
            await asyncio.wait_for(process.wait(), lives_s if lives_s < left else left + 60)
            assert process.returncode == 0, f"writer {name} failed with {process.returncode}"
        except TimeoutError:
            process.send_signal(signal.SIGKILL)
            await process.wait()
            outcome.kills += 1


async def _watch(path: Path, ends: float, outcome: Soak) -> None:
    """Read as screens do, fold the log back, and see that budgets hold at every moment."""
    folding = open_for_writing(path)
    with closing(folding), closing(open_for_reading(path)) as connection:
        while time.monotonic() < ends:
            await asyncio.sleep(0.2)
            within_budgets(connection, time.monotonic())
            health_by(connection, SystemClock())
            outcome.looks += 1
            if outcome.looks % 10 == 0:
                folding.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            log = beside(path, "-wal").stat().st_size
            outcome.largest_log = max(outcome.largest_log, log)
            assert log < LOG_LIMIT, f"the log has grown to {log} bytes"


def within_budgets(connection: Connection, now_s: float | None = None) -> None:
    """Check that no session has more posted and held than its budget; of all sessions, or of the last few."""
    since = "" if now_s is None else f" WHERE session_id IN ({', '.join(_lately(now_s))})"
    sums = connection.execute(
        f"SELECT session_id, sum(coalesce(budget_nano_usd, held_nano_usd)) FROM token_spend{since} GROUP BY 1"
    )
    for session, used in sums:
        assert used <= BUDGET.limit_nano, f"session {session} has {used} of {BUDGET.limit_nano}"


def _lately(now_s: float) -> list[str]:
    return [f"'s{int(now_s) - n}'" for n in range(4)]


def _judge(connection: Connection, path: Path, outcome: Soak) -> None:
    """Compare the ledger with what was promised, once nobody writes any more."""
    rows = connection.execute("SELECT request_id, status, cost_nano_usd FROM token_spend").fetchall()
    found = {name: (status, cost) for name, status, cost in rows}
    lines = [line for name in WRITERS for line in path.with_suffix(f".{name}").read_text().splitlines()]
    outcome.rows, outcome.promised = len(rows), len(lines)
    outcome.unknown = sum(status == EntryStatus.UNKNOWN for status, _ in found.values())
    for name, cost in (line.split() for line in lines):
        assert found.get(name) == (EntryStatus.OK, int(cost)), f"{name} was promised and is {found.get(name)}"
    assert EntryStatus.OPEN not in {status for status, _ in found.values()}, "a hold was left behind"
    within_budgets(connection)
    assert differences(connection) == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def main() -> None:
    """Be a writer, or soak for so many seconds."""
    if sys.argv[1] == "write":
        asyncio.run(write(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
        return
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        outcome = soak(float(sys.argv[1]), Path(directory))
    print(
        f"{outcome.rows} rows by two writers, killed {outcome.kills} times; {outcome.promised} were promised "
        f"and are there, {outcome.unknown} of the others are unknown; {outcome.looks} looks, the log "
        f"never above {outcome.largest_log:,} bytes: every promise kept"
    )


if __name__ == "__main__":
    main()
