"""The bill that the simulated providers keep for themselves, and the ledger laid beside it.

Reckoned in whole nano-dollars from the providers' own counts; shares no code with the router's arithmetic.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from router.core.records.entries import Entry
from router.core.records.usage import Usage

READ, WRITE, FRESH, OUT = 100, 1_250, 1_000, 2_000
"""Nano-dollars per token: input from the cache, into it, past it, and output."""
RATES = {"input_mtok": "1", "output_mtok": "2", "cache_read_mtok": "0.1", "cache_write_mtok": "1.25"}
"""The same as a configuration spells it."""
PIECE = 7
"""Tokens in a piece of an answer."""


@dataclass(slots=True)
class Served:
    """One call as its provider knows it."""

    deployment: str
    prompt: str
    """Its fingerprint, which the ledger has too."""
    key: str
    """The key it came with."""
    paid: bool
    input_tokens: int
    cache_read: int = 0
    cache_write: int = 0
    output_tokens: int = 0
    ran: bool = False
    """Whether the model was asked at all; what was refused at the door costs nothing."""
    surcharge: int | None = None
    """Nano-dollars on top, for a provider that states the cost itself; None for one that does not."""
    tells_early: bool = False
    """Whether the counts of its input come before its content."""
    hint_until_s: float | None = None
    """Until when the answer asked for rest."""
    status: int | None = None
    """What the answer's head said; None before it came."""

    @classmethod
    def drawn(
        cls, chance: random.Random, *, deployment: str, prompt: str, key: str, paid: bool, size: int
    ) -> Served:
        """Return a call of `size` bytes with counts that are drawn: never more tokens than bytes."""
        tokens = chance.randrange(size // 4, size)
        read = chance.choice([0, tokens // 2])
        return cls(
            deployment=deployment,
            prompt=prompt,
            key=key,
            paid=paid,
            input_tokens=tokens,
            cache_read=read,
            cache_write=chance.choice([0, (tokens - read) // 2]),
            surcharge=chance.choice([None, None, chance.randrange(5_000)]) if paid else None,
            tells_early=chance.random() < 0.5,
        )

    @property
    def bill(self) -> int:
        """What the provider charges for it."""
        if not (self.ran and self.paid):
            return 0
        fresh = self.input_tokens - self.cache_read - self.cache_write
        made = self.output_tokens * OUT + (self.surcharge or 0)
        return made + fresh * FRESH + self.cache_read * READ + self.cache_write * WRITE

    @property
    def usage(self) -> Usage:
        """What it tells its caller of the counts."""
        return Usage(self.input_tokens, self.cache_read, self.cache_write, None, self.output_tokens)


@dataclass(slots=True)
class Bills:
    """Every call that reached a provider, by prompt, in order."""

    calls: dict[str, list[Served]] = field(default_factory=lambda: defaultdict(list))

    def differences(self, entries: Sequence[Entry]) -> Iterator[str]:
        """Yield where the ledger and the bills disagree, each attempt against its own call.

        The n-th call of a prompt is the n-th attempt at it. A row whose cost is unknown may stand for any
        amount up to what was held for it; a known cost is the bill, to the nano-dollar.
        """
        rows: dict[str, list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda e: e.intent.attempt):
            rows[entry.intent.prompt_fingerprint or ""].append(entry)
        for prompt, calls in self.calls.items():
            if len(calls) > len(rows[prompt]):
                yield f"{len(calls)} calls of {prompt} were served and {len(rows[prompt])} are in the ledger"
        for prompt, written in rows.items():
            for n, entry in enumerate(written):
                calls = self.calls[prompt]
                yield from _difference(entry, calls[n] if n < len(calls) else None)

    def total(self) -> int:
        """Return what all providers charge together."""
        return sum(call.bill for calls in self.calls.values() for call in calls)


def _difference(entry: Entry, call: Served | None) -> Iterator[str]:
    name = f"{entry.intent.request_id}/{entry.intent.attempt} at {entry.intent.deployment}"
    bill, settled = call.bill if call else 0, entry.settlement
    if call and call.deployment != entry.intent.deployment:
        yield f"{name} went to {call.deployment}"
    if settled is None:
        yield f"{name} is still open at rest"
    elif settled.cost_nano_usd is not None and settled.cost_nano_usd != bill:
        yield f"{name} cost {bill} and is booked with {settled.cost_nano_usd} ({settled.status})"
    elif settled.cost_nano_usd is None and settled.budget_nano_usd is None:
        yield f"{name} has neither a cost nor anything for budgets to count"
    held = entry.intent.held_nano_usd
    if held is None or bill > held:
        yield f"{name} cost {bill}, more than the {held} held for it"
