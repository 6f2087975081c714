"""What reports read of ended attempts, in lots that prices treat alike."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.money import CostSource
from router.core.records.usage import Usage


@dataclass(frozen=True, slots=True)
class Divisions:
    """Where rates change: attempts on two sides of one of these are in different lots."""

    input_tokens: tuple[int, ...] = ()
    """Inputs of this size or more are on the other side."""
    minutes_utc: tuple[int, ...] = ()
    """Minutes of the UTC day; where there are any, weekdays divide too."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Attempts that are alike."""

    task: str | None
    tier: str
    deployment: str
    attempts: int
    requests: int
    """Those whose first attempt is in this lot."""
    cost_nano_usd: int | None
    """What they cost in all; None when that is known of none of them."""
    cost_source: CostSource
    usage: Usage
    """Their sum; without input and output when they have no counts."""
    input_tokens: int
    """The input of one of them."""
    when_ms: int
    """When one of them ended."""


@dataclass(frozen=True, slots=True)
class PrefixUse:
    """Calls that began with the same messages, at one deployment and of one task, and cached nothing."""

    fingerprint: str
    task: str | None
    deployment: str
    calls: int
    reads: int
    """How many came soon enough after another to have read it from a cache; the others would write it."""
    prefix_tokens: int
    """At most: the shortest input among them, whose last message is not part of the prefix."""


@dataclass(frozen=True, slots=True)
class ListValue:
    """What calls that nothing was paid for one by one were worth at list prices."""

    attempts: int = 0
    nano: int = 0
    """Of those whose list price is known."""
    unpriced: int = 0
    """How many it leaves out."""


@dataclass(frozen=True, slots=True)
class Billed:
    """A deployment's newest calls that were reported and could be computed, at one and the same price."""

    deployment: str
    model: str
    bills: tuple[tuple[int, int], ...]
    """Reported and computed, in nano-dollars; the computed is more than 0."""
    rates_json: str | None = None
    """The price they were computed at."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One call that was answered and counted by the wire."""

    task: str | None
    plain_input_tokens: int | None
    """What its text alone had suggested; None in rows from before that was kept."""
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Correction:
    """What is known now, and how."""

    cost_nano: int | None
    source: CostSource
    evidence: str
    """Where it comes from, in words; never a key."""


@dataclass(frozen=True, slots=True)
class Unbilled:
    """A call whose cost nobody knows, and the name its provider knows it by."""

    place: tuple[str, int]
    """A request and its attempt."""
    provider: str
    provider_request_id: str
    settled_ms: int
