"""What the ledger holds and what the screens read of it, as values.

An attempt is written twice: an `Intent` before the connect and a `Settlement` when its end is known. Together
they are one row of `token_spend`, which is read back as an `Entry`.
"""

from __future__ import annotations

from enum import StrEnum

from router.core.money import CostSource
from router.core.records.usage import NO_USAGE, Usage
from router.core.value import dataclass


class EntryStatus(StrEnum):
    """How far an attempt's row has come."""

    OPEN = "open"
    OK = "ok"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TRUNCATED = "truncated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intent:
    """What is known of an attempt before a byte is sent."""

    request_id: str
    attempt: int
    """From 1."""
    started_at: int
    """Milliseconds since 1970, UTC."""
    source: str
    route: str
    tier: str
    deployment: str
    provider: str
    model_requested: str
    billing: str
    session_id: str | None = None
    gateway_key_id: str | None = None
    task: str | None = None
    level: str | None = None
    language: str | None = None
    estimate_nano_usd: int | None = None
    """What it is expected to cost."""
    held_nano_usd: int | None = None
    """What hard budgets count while it runs: the bound."""
    soft_held_nano_usd: int | None = None
    """What soft budgets count while it runs: its probable cost at most."""
    estimate_tokens: int | None = None
    """The input and output tokens it is expected to take: what limits count until it has ended."""
    plain_input_tokens: int | None = None
    """The input tokens its text alone suggests, before anything learned: what a count is compared with."""
    price_version: str | None = None
    rates_json: str | None = None
    prompt_fingerprint: str | None = None
    prefix_fingerprint: str | None = None
    why_json: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    job: str | None = None
    """The job it is part of, where that outlives the process that writes the row: only a settlement ends it
    then, from whichever process."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended and what it cost."""

    request_id: str
    attempt: int
    settled_at: int
    status: EntryStatus
    failure_class: str = "ok"
    http_status: int | None = None
    usage: Usage = NO_USAGE
    usage_source: str | None = None
    """`reported` by the wire, `estimated` by us, None when there is no count at all."""
    usage_raw_json: str | None = None
    cost_nano_usd: int | None = None
    cost_source: CostSource = CostSource.UNKNOWN
    budget_nano_usd: int | None = None
    """What budgets count: the cost if known, else the settled estimate, else the held bound."""
    settled_estimate_nano_usd: int | None = None
    list_cost_nano_usd: int | None = None
    model_served: str | None = None
    provider_request_id: str | None = None
    service_tier: str | None = None
    ttft_ms: int | None = None
    duration_ms: int | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `token_spend` as the screens read it."""

    intent: Intent
    settlement: Settlement | None
    """None while the attempt runs."""

    @property
    def status(self) -> EntryStatus:
        """The row's status; `open` while nothing has settled it."""
        return self.settlement.status if self.settlement else EntryStatus.OPEN

    @property
    def overrun_nano_usd(self) -> int:
        """What it cost beyond its hold: 0 unless the wire's bill passed the bound that budgets agreed to."""
        held = self.intent.held_nano_usd
        posted = self.settlement.budget_nano_usd if self.settlement else None
        return 0 if held is None or posted is None else max(0, posted - held)
