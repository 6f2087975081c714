"""Where every attempt is written: admitted before it is sent, settled when it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from router.core.records.admission import NO_TERMS, Admission, Cap, Hold, Lesson, Terms
from router.core.records.entries import Intent, Settlement


class Attempts(Protocol):
    """The rows of attempts, written by one writer, and the terms on which one may start."""

    async def admit(self, intent: Intent, terms: Terms = NO_TERMS) -> Admission:
        """Commit an attempt's row before anything is sent, if its terms are met at this moment.

        Refused, nothing is written and nothing may be sent. Raises LedgerError: then nothing may be sent.
        """

    async def extend(self, place: tuple[str, int], hold: Hold, caps: Sequence[Cap]) -> Admission:
        """Have `hold` held for the running attempt at (request, attempt), if `caps` allow what it adds.

        Refused, what was held stays. Raises LedgerError: then it stays as well.
        """

    def settle(self, settlement: Settlement, lesson: Lesson | None = None) -> None:
        """Hand in an attempt's end: returns at once; written in order, fsynced soon after, never lost.

        What it taught about the health of its scopes is written with it, for all processes.
        """

    async def flush(self) -> None:
        """Wait until everything handed in is on disk. Raises LedgerError when it cannot be."""

    async def aclose(self) -> None:
        """Flush and close."""
