"""What is done to a ledger beside its traffic: by jobs, each in one process at a time, and by people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from router.core.records.alerts import Alert, WrittenAlert
from router.core.records.answers import Rated
from router.core.records.history import Correction, Unbilled
from router.core.records.offers import OfferFinding
from router.core.settings.hooks import Hook


class Upkeep(Protocol):
    """Short transactions of their own, which no call waits for. Every method raises LedgerError.

    A `lease_ms` says how long a job is then this process's alone: it is prolonged by asking again, and goes
    to another when it is over or its holder is dead.
    """

    async def take_lease(self, job: str, now_ms: int, lease_ms: int) -> bool:
        """Return whether `job` is this process's for the next `lease_ms`."""

    async def sweep(self, now_ms: int, lease_ms: int) -> int | None:
        """Close the calls of dead owners, drop cached responses that have come of age.

        Returns how many calls were closed; None, and nothing is done, when another process has the lease.
        """

    async def take_alerts(
        self, seen: Sequence[Alert], hooks: Sequence[Hook], now_ms: int, lease_ms: int
    ) -> Sequence[tuple[WrittenAlert, Hook]]:
        """Write down what was seen; return what is to be told to whom now, noted as tried.

        Returns nothing when another process has the lease.
        """

    async def note_deliveries(self, results: Sequence[tuple[int, str, str | None]], now_ms: int) -> None:
        """Note what came of telling: an alert's number, the hook's name, and an error or None."""

    async def unbilled(
        self, providers: Collection[str], when: tuple[int, int], lease_ms: int
    ) -> Sequence[Unbilled]:
        """Return the newest calls of `providers` without a cost; `when` is now, and how far back to look.

        Returns nothing when another process has the lease.
        """

    async def adjust(self, place: tuple[str, int], correction: Correction, now_ms: int) -> bool:
        """Correct what an ended attempt, of (request, attempt), cost; False when there is no such attempt."""

    async def note_offers(self, findings: Sequence[OfferFinding]) -> None:
        """Take in what came of asking providers what they offer."""

    async def lift_pauses(self, session: str | None, now_ms: int) -> Sequence[str]:
        """Lift the runaway guard's pauses, of one session or of all; return their reasons."""

    async def rate(self, request_id: str | None, *, good: bool, now_ms: int) -> Rated:
        """Keep whether a request's answer was good, of the newest answered one when None."""

    async def clear_cooldowns(self, keys: Collection[str] | None = None) -> None:
        """Forget the cooldowns of the health scopes under `keys`, and that they are full; all when None."""

    async def forget_cached_responses(self) -> int:
        """Remove every cached response, from the free pages of the file too; return how many there were."""
