"""Whether a session stays with the deployment that served it last, whose cache still knows its beginning.

A provider reads a beginning that it has in its cache at a tenth of the price or so; anywhere else the same
beginning is read, and often written into a cache, at the full one. So a session stays while that cache lives,
unless this turn costs no more elsewhere with everything cold. Amounts are nano-dollars.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from router.core.cost.cost import MTOK
from router.core.cost.estimate import Estimate
from router.core.money import to_nano, usd
from router.core.settings.deployments import Deployment
from router.core.settings.prices import Rates
from router.core.settings.providers import Billing

LIVES_S = {"deepseek": 3600.0}
"""How long a vendor keeps an unused prefix, where it says more than the rest: DeepSeek "a few hours"."""
USUAL_LIFE_S = 300.0
"""Anthropic's default, OpenAI's minimum, and how long Ollama keeps a model loaded."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Who served a session last."""

    deployment: str
    served_ms: int
    """When, in milliseconds since 1970, UTC."""
    prefix_tokens: int
    """How much it has read by then and may still know."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A deployment and what this turn would send it."""

    deployment: Deployment
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class SwitchVerdict:
    """Whether to stay."""

    stays: bool
    reason: str
    """With the price of the switch, where it is known."""


def warm_for_s(pin: Pin, deployment: Deployment, now_ms: int) -> float:
    """Return how many seconds more the cache of `pin` may be believed in; 0 or less when it is over."""
    life_s = LIVES_S.get(deployment.provider.vendor, USUAL_LIFE_S)
    return life_s - (now_ms - pin.served_ms) / 1000


def judge(pin: Pin, here: Turn, there: Turn, warm_s: float) -> SwitchVerdict:
    """Compare one more turn `here`, warm, with the same turn `there`, where nobody knows its beginning.

    Where staying saves nothing, the route's order has its way.
    """
    warm, cold, other = _warm_nano(here, pin.prefix_tokens), _cold_nano(there), there.deployment.name
    known = f"served this session last, {pin.prefix_tokens:,} tokens are in its cache for {warm_s:.0f} s more"
    if cold == 0 or (warm is not None and cold is not None and cold <= warm):
        saved = (
            f"costs ${usd(warm - cold)} less" if warm is not None and cold is not None else "costs nothing"
        )
        return SwitchVerdict(
            False, f"left {here.deployment.name}: {other} {saved} this turn, its cold cache included"
        )
    if warm is None or cold is None:
        return SwitchVerdict(True, f"{known}; what a switch to {other} would cost is not known")
    return SwitchVerdict(True, f"{known}; a switch to {other} would cost ${usd(cold - warm)} more this turn")


def _warm_nano(turn: Turn, prefix_tokens: int) -> int | None:
    known = min(prefix_tokens, turn.estimate.input_expected_tokens)
    rates = _rates(turn)
    read = rates.input_mtok if rates.cache_read_mtok is None else rates.cache_read_mtok
    return _nano(turn, rates, known, read)


def _cold_nano(turn: Turn) -> int | None:
    rates = _rates(turn)
    write = rates.input_mtok if rates.cache_write_mtok is None else rates.cache_write_mtok
    return _nano(turn, rates, turn.estimate.input_expected_tokens, write)


def _nano(turn: Turn, rates: Rates, tokens: int, rate: Decimal | None) -> int | None:
    """Return the turn's price with `tokens` of its input at `rate`; None when one is unknown."""
    if turn.deployment.billing is not Billing.METERED:
        return 0
    if rate is None or rates.input_mtok is None or rates.output_mtok is None:
        return None
    rest = turn.estimate.input_expected_tokens - tokens
    output = turn.estimate.output_expected_tokens
    return to_nano((tokens * rate + rest * rates.input_mtok + output * rates.output_mtok) / MTOK)


def _rates(turn: Turn) -> Rates:
    price = turn.deployment.price
    return price.table.at(turn.estimate.input_expected_tokens) if price else Rates()
