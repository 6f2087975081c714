"""What OpenRouter says afterwards that a generation cost: `GET /api/v1/generation?id=`.

Pure: a body in, an amount out. For calls whose answer was cut before it could say so itself.
"""

from __future__ import annotations

import json
from decimal import Decimal

from router.core.money import to_nano

VENDOR = "openrouter"
"""The only vendor with such a question, by its name in the catalogue."""
PATH = "/generation?id="
"""Behind the provider's base URL, which ends in `/api/v1`."""
MOST_USD = Decimal(1_000)
"""More than this is no figure of one call."""


def generation_cost_nano(body: bytes) -> int | None:
    """Return the cost in nano-dollars; None where the answer names none that can be believed.

    `total_cost` is what OpenRouter takes. With a key of one's own (`is_byok`) the model's vendor is paid
    beside it, and that part must be known too.
    """
    try:
        data = json.loads(body, parse_float=Decimal).get("data")
        costs = [data["total_cost"]]
        if data.get("is_byok"):
            costs.append(data["upstream_inference_cost"])
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return None
    amounts = [amount for cost in costs if (amount := _amount(cost)) is not None]
    return to_nano(sum(amounts, Decimal(0))) if len(amounts) == len(costs) else None


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    return amount if amount.is_finite() and 0 <= amount <= MOST_USD else None
