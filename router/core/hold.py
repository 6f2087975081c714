"""What to do with a running answer that may cost more than was held for it.

Pure. The hold is the bound of the call, so an answer passes it only where a provider ignores what it was
asked for or a price was not what it seemed; then money runs that no budget agreed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from router.core.cost import MTOK
from router.core.money import NANO, usd
from router.core.pricing import Price
from router.core.settling import BYTES_PER_TOKEN


@dataclass(frozen=True, slots=True)
class Within:
    """The answer may go on."""


@dataclass(frozen=True, slots=True)
class Extend:
    """The answer may go on once this much more is held for it; when that is refused, it has to stop."""

    by_nano: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer has to stop."""

    reason: str


STEP = Decimal("0.25")
"""An extension is a quarter of the first hold at least, so that a long answer does not ask at every token."""


def so_far_nano(price: Price | None, input_tokens: int, received_bytes: int) -> int | None:
    """Return what a running answer has cost about by now, rounded up; None when its price is not known.

    `received_bytes` is the UTF-8 length of the content that came, at three bytes a token (settling.py).
    """
    if price is None:
        return None
    rates = price.table.at(input_tokens)
    if rates.input_mtok is None or rates.output_mtok is None:
        return None
    output_tokens = -(-received_bytes // BYTES_PER_TOKEN)
    dollars = (input_tokens * rates.input_mtok + output_tokens * rates.output_mtok) / MTOK
    return int((dollars * NANO).to_integral_value(rounding=ROUND_CEILING))


def decide(held_nano: int | None, so_far: int | None, *, extendable: bool) -> Within | Extend | Stop:
    """Return whether a running answer may go on.

    `extendable` says whether more may be asked for at all: the ledger then checks it as it checks a new call.
    Nothing held or nothing known is nothing to compare: such a call was admitted under no hard budget.
    """
    if held_nano is None or so_far is None or not must_stop(held_nano, so_far):
        return Within()
    if extendable:
        return Extend(max(so_far - held_nano, int(held_nano * STEP)))
    return Stop(f"the answer has cost about ${usd(so_far)}, more than the ${usd(held_nano)} held for it")


def must_stop(held_nano: int | None, so_far: int | None) -> bool:
    """Tell whether a running answer has passed its hold. A hold of 0 is a call that costs nothing."""
    return bool(held_nano) and so_far is not None and so_far > (held_nano or 0)
