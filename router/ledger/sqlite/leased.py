"""What one process has leased, in memory: calls are admitted from it without asking the ledger.

Only in a process that calls often; everywhere else, and wherever anything is in the way of a call, the ledger
itself is asked, whose answer is always right. What others have written since is looked at first: a scope that
is not well, a pause of the guard or a recall of a lease sends the call there too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.core.budget.leases import Claim, claims
from router.core.budget.runaway import TEN_MINUTES_MS, Seen
from router.core.records.admission import Terms
from router.core.records.entries import Intent
from router.core.records.health import Health
from router.core.settings.budgets import Guard
from router.engine.ports import Clock
from router.ledger.sqlite import leases, pauses
from router.ledger.sqlite.driver import Connection, SqliteError, open_for_reading, reading
from router.ledger.sqlite.health import all_health

OFTEN = 8
"""So many calls within `OFTEN_S` make a process one that calls often."""
OFTEN_S = 1.0
IDLE_S = 0.5
"""After so long without a call everything is given back."""
LEAST_MS = 100
REST_S = 1.0
"""For so long nothing is leased of a scope that another process wanted back."""
GUARD_S = 1.0
"""How long what the guard has seen is believed."""

Given = Mapping[str, int]
"""Amounts by scope."""


@dataclass(slots=True)
class _Free:
    since_ms: int
    amount: int


@dataclass(slots=True)
class _Demand:
    """How much of a scope this process needs."""

    claim: Claim
    since_s: float
    amount: int = 0
    before: int = 0
    """What a second's calls took before."""

    def lately(self, now_s: float) -> int:
        """Return what a second's calls take; of less than a tenth of one nobody can tell."""
        now = self.amount * 1000 // max(LEAST_MS, round((now_s - self.since_s) * 1000))
        return max(now, self.before // 2)


@dataclass(slots=True)
class _Room:
    """What the guard allows this process until it has looked again; None where it has no limit."""

    nano: int | None = 0
    requests: int | None = 0
    until_s: float = 0.0


@dataclass(slots=True)
class _Calls:
    """When this process called last, and how often one and the same."""

    moments: deque[float] = field(default_factory=lambda: deque(maxlen=OFTEN))
    same: dict[tuple[str | None, str | None], int] = field(default_factory=dict)
    same_since_ms: int = 0


class Leased:
    """The leases of one process; admitting is for its event loops, all else for its writer."""

    def __init__(self, path: Path, owner: str, clock: Clock) -> None:
        self._path, self._owner, self._clock = path, owner, clock
        self._lock = threading.Lock()
        self._free: dict[str, _Free] = {}
        self._demand: dict[str, _Demand] = {}
        self._resting: dict[str, float] = {}
        self._room = _Room()
        self._calls = _Calls()
        self._watch: Connection | None = None
        self._seen_version = -1
        self._troubled: frozenset[str] = frozenset()
        self._paused: frozenset[str | None] = frozenset()
        self.guard: Guard | None = None
        """The guard of the last call."""
        self.recalled: frozenset[str] = frozenset()
        """Scopes that others want something of."""

    def admit(self, intent: Intent, terms: Terms) -> tuple[Claim, ...] | None:
        """Take what a call needs out of the leases and return it; None: the ledger has to be asked."""
        asked, now_s = claims(intent, terms), self._clock.monotonic()
        with self._lock:
            self.guard = terms.guard
            often = self._is_often(now_s)
            if not often or asked is None or not self._looks_well(intent, terms):
                return None
            self._note_demand(asked, now_s)
            if not self._fits(asked) or not self._is_unsuspicious(intent, terms.guard, now_s):
                return None
            for claim in asked:
                self._free[claim.scope].amount -= claim.amount
            self._count(intent)
        return asked

    def put_back(self, given: Iterable[tuple[str, int]]) -> None:
        """Have again what was taken out: nothing came of the call, or of giving it back."""
        with self._lock:
            for scope, amount in given:
                if scope in self._free:
                    self._free[scope].amount += amount
                else:
                    self._free[scope] = _Free(-1, amount)  # of no window: it can only be given back

    def add(self, granted: Iterable[tuple[Claim, int]]) -> None:
        """Have more: the ledger holds it for this process."""
        with self._lock:
            for claim, amount in granted:
                free = self._free.get(claim.scope)
                if free is None:
                    self._free[claim.scope] = _Free(claim.since_ms, amount)
                else:  # whatever was left of another window has been given back before
                    free.since_ms, free.amount = claim.since_ms, free.amount + amount

    def give_back(self, scopes: Collection[str] | None = None) -> dict[str, int]:
        """Have nothing left of some scopes, of all when None; return what that was."""
        with self._lock:
            names = list(self._free) if scopes is None else [name for name in scopes if name in self._free]
            given = {name: self._free.pop(name).amount for name in names}
            if scopes is None:
                self._demand.clear()
                self._room = _Room()
        return given

    def answer_recall(self, recalled: Collection[str]) -> dict[str, int]:
        """Have nothing left of what others want, nor lease it again for a while; return what that was."""
        now_s = self._clock.monotonic()
        with self._lock:
            self.recalled = frozenset()
            self._resting |= dict.fromkeys(recalled, now_s + REST_S)
        return self.give_back(recalled)

    def wanting(self) -> list[tuple[Claim, int, int]]:
        """Return what is running out, or is of another window; how much of it a second's calls take, and how
        much there is."""
        now_s = self._clock.monotonic()
        found = []
        with self._lock:
            if not self._calls.moments or now_s - self._calls.moments[-1] > IDLE_S:
                return []
            for scope, demand in self._demand.items():
                lately, free = demand.lately(now_s), self._free.get(scope)
                least = max(lately // 2, 2 * demand.claim.amount)
                in_window = free is not None and free.since_ms == demand.claim.since_ms
                left = free.amount if free is not None and in_window else 0
                if left < least and self._resting.get(scope, 0.0) <= now_s:
                    found.append((demand.claim, lately, left))
                    self._demand[scope] = _Demand(demand.claim, now_s, before=lately)
        return found

    def learn_guard(self, guard: Guard, seen: Seen) -> None:
        """Know what the guard has seen of all processes: half of what it still allows is for this one."""
        nano, requests = guard.nano_per_10m, guard.requests_per_minute
        with self._lock:
            self._room = _Room(
                None if nano is None else max(0, nano - seen.nano_10m) // 2,
                None if requests is None else max(0, requests - seen.requests_1m) // 2,
                self._clock.monotonic() + GUARD_S,
            )

    def learn_repeated(self, intent: Intent, times: int) -> None:
        """Know how often all processes have made the same call."""
        with self._lock:
            self._calls.same[_call(intent)] = times

    def is_repeated(self, intent: Intent) -> bool:
        """Tell whether this process has made the same call before."""
        with self._lock:
            return self._calls.same.get(_call(intent), 0) > 1

    def is_stale(self, claim: Claim) -> bool:
        """Tell whether what is leased of a scope is of another window than a claim's."""
        with self._lock:
            free = self._free.get(claim.scope)
            return free is not None and free.since_ms != claim.since_ms

    @property
    def holds(self) -> bool:
        """Whether this process has leased anything."""
        with self._lock:
            return bool(self._free)

    @property
    def idle_in_s(self) -> float | None:
        """In how many seconds all is to be given back; None where there is nothing."""
        with self._lock:
            if not self._free:
                return None
            last = self._calls.moments[-1] if self._calls.moments else 0.0
            return max(0.0, last + IDLE_S - self._clock.monotonic())

    def close(self) -> None:
        """Close what is looked through."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def _is_often(self, now_s: float) -> bool:
        moments = self._calls.moments
        moments.append(now_s)
        return len(moments) == OFTEN and now_s - moments[0] <= OFTEN_S

    def _looks_well(self, intent: Intent, terms: Terms) -> bool:
        """Look whether others have written anything, and whether it is in the way of a call."""
        try:
            self._look()
        except SqliteError:  # busy, or gone: the writer will say
            self._seen_version = -1
            return False
        free_of_charge = intent.held_nano_usd == 0
        paused = not free_of_charge and (None in self._paused or intent.session_id in self._paused)
        return not paused and self._troubled.isdisjoint(terms.scopes.values())

    def _look(self) -> None:
        if self._watch is None:
            self._watch = open_for_reading(self._path, busy_s=0)
        [(version,)] = self._watch.execute("PRAGMA data_version")
        if version == self._seen_version:
            return
        with reading(self._watch):
            healths = all_health(self._watch)
            paused = pauses.unlifted(self._watch)
            self.recalled = leases.wanted(self._watch, self._owner)
        self._troubled = frozenset(key for key, h in healths.items() if h.state is not Health.AVAILABLE)
        self._paused = frozenset(pause.session for pause in paused)  # None: everybody, or who has no session
        self._seen_version = version

    def _note_demand(self, asked: Sequence[Claim], now_s: float) -> None:
        for claim in asked:
            known = self._demand.get(claim.scope)
            if known is None:
                known = self._demand[claim.scope] = _Demand(claim, now_s)
            known.claim = claim
            known.amount += claim.amount

    def _fits(self, asked: Sequence[Claim]) -> bool:
        for claim in asked:
            free = self._free.get(claim.scope)
            if free is None or free.since_ms != claim.since_ms or free.amount < claim.amount:
                return False
        return self.recalled.isdisjoint(claim.scope for claim in asked)

    def _is_unsuspicious(self, intent: Intent, guard: Guard | None, now_s: float) -> bool:
        """Tell whether the guard cannot have anything against a call."""
        if guard is None or intent.held_nano_usd == 0:
            return True
        room, expected = self._room, intent.estimate_nano_usd or 0
        if now_s > room.until_s or (room.nano is not None and room.nano < expected):
            return False
        if room.requests is not None and room.requests < 1:
            return False
        if guard.identical_calls is None:
            return True
        return self._calls.same.get(_call(intent), 0) < guard.identical_calls

    def _count(self, intent: Intent) -> None:
        calls, room = self._calls, self._room
        if intent.started_at - calls.same_since_ms > TEN_MINUTES_MS:
            calls.same.clear()
            calls.same_since_ms = intent.started_at
        if intent.attempt == 1:
            calls.same[_call(intent)] = calls.same.get(_call(intent), 0) + 1
            if room.requests is not None:
                room.requests -= 1
        if room.nano is not None:
            room.nano -= intent.estimate_nano_usd or 0


def _call(intent: Intent) -> tuple[str | None, str | None]:
    return intent.session_id, intent.prompt_fingerprint
