"""Whatever is handed in and merely written: nobody waits for it and nothing is decided on it."""

from __future__ import annotations

from typing import Protocol

from router.core.records.facts import Fact


class Facts(Protocol):
    """Takes what was found out; `core.records.facts` tells what there is and how each is kept."""

    def note(self, fact: Fact) -> None:
        """Hand in a fact: returns at once, written in order with what was handed in before and after.

        Raises LedgerError when the ledger is closed. What cannot be written later is lost, but for what an
        attempt taught of a health: that waits until it can be.
        """
