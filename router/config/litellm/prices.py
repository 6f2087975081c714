"""LiteLLM's prices per token as ours per million tokens, exactly.

Owns the names of its rates. What a call then costs is the core's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context

from router.config.findings import Finding, dotted
from router.config.litellm.schema import number
from router.config.positions import Plain, Steps

_RATES: Mapping[str, str] = {
    "input_cost_per_token": "input_mtok",
    "output_cost_per_token": "output_mtok",
    "cache_read_input_token_cost": "cache_read_mtok",
    "cache_creation_input_token_cost": "cache_write_mtok",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_mtok",
    "input_cost_per_audio_token": "input_audio_mtok",
    "output_cost_per_audio_token": "output_audio_mtok",
}
_LONG_INPUT = re.compile(r"(.+)_above_([1-9][0-9]{0,5})k_tokens?")
_EXACT = Context(prec=60)
_WRITABLE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


def is_rate(key: str) -> bool:
    """Whether a key of `litellm_params` or `model_info` is a price that is read."""
    return _place(key) is not None


def price_of(section: Plain, steps: Steps) -> tuple[dict[str, Plain], list[Finding]]:
    """Return the prices in one section in our written form, and what is wrong with them."""
    price: dict[str, Plain] = {}
    long_inputs: dict[int, dict[str, Plain]] = {}
    wrong: list[Finding] = []
    for key, value in section.items() if isinstance(section, dict) else ():
        place = _place(key)
        if place is None or value is None:
            continue
        rate, threshold = place
        try:
            written = _per_million(value)
        except ValueError as error:
            wrong.append(Finding((*steps, key), f"{dotted((*steps, key))} {error}"))
            continue
        (long_inputs.setdefault(threshold, {}) if threshold else price)[rate] = written
    if long_inputs:
        tiers = sorted(long_inputs.items())
        price["tiers"] = [{"above_input_tokens": threshold, **rates} for threshold, rates in tiers]
    return price, wrong


def _place(key: str) -> tuple[str, int] | None:
    """Return our name of a rate and the input beyond which it holds, 0 for any."""
    if key in _RATES:
        return _RATES[key], 0
    long = _LONG_INPUT.fullmatch(key)
    if long is None or long[1] not in _RATES:
        return None
    return _RATES[long[1]], int(long[2]) * 1000


def _per_million(value: Plain) -> str:
    """Return dollars per million tokens. Raises ValueError in words that follow the key."""
    rate = number(value).scaleb(6, _EXACT)
    text = f"{rate:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if not _WRITABLE.fullmatch(text):
        raise ValueError("is no price of a token in dollars")
    return text
