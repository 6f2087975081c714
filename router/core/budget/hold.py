"""What is held for a running answer, and how it grows when the answer costs more.

Pure. A hold rests on what a provider was asked for. One that does not keep to it, a fee nobody foresaw or an
input that was counted higher lets an answer pass its hold: then money runs that no budget has agreed to.
Whether budgets agree to more is the ledger's to say, as it is for a new call.
"""

from __future__ import annotations

from decimal import Decimal

from router.core.cost.settling import BYTES_PER_TOKEN
from router.core.records.admission import Hold

MORE = 4
"""An extension is a quarter of what the answer has cost, so that a long one does not ask at every word."""
LEAST_BYTES = 256
"""How much more must come at least before a running answer is looked at again."""
NEVER = 1 << 62


def extended(hold: Hold, so_far_nano: int, limit_nano: int | None = None) -> Hold | None:
    """Return the hold that an answer needs to go on; equal to `hold` while that covers it.

    None where it has passed `limit_nano`, what one call may cost: then it has to stop.
    """
    bound = _raised(hold.bound_nano, so_far_nano)
    if limit_nano is not None and bound is not None and bound != hold.bound_nano:
        if so_far_nano > limit_nano:
            return None
        bound = min(bound, limit_nano)
    return Hold(bound, _raised(hold.expected_nano, so_far_nano))


def more(hold: Hold, wanted: Hold) -> Hold:
    """Return what `wanted` adds to `hold`; 0 where nothing counts it."""
    return Hold(
        (wanted.bound_nano or 0) - (hold.bound_nano or 0),
        (wanted.expected_nano or 0) - (hold.expected_nano or 0),
    )


def next_look(hold: Hold, so_far_nano: int, received_bytes: int, output_mtok: Decimal | None) -> int:
    """Return at how many received bytes an answer can have passed its hold at the soonest."""
    held = [nano for nano in (hold.bound_nano, hold.expected_nano) if nano is not None]
    if not held or not output_mtok:
        return NEVER
    nano_per_token = output_mtok * 1000
    tokens = int((min(held) - so_far_nano) / nano_per_token)
    return received_bytes + max(LEAST_BYTES, tokens * BYTES_PER_TOKEN)


def _raised(held_nano: int | None, so_far_nano: int) -> int | None:
    if held_nano is None or so_far_nano <= held_nano:
        return held_nano
    return so_far_nano + so_far_nano // MORE
