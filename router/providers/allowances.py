"""Asks a provider how much of what is free it still gives: costs nothing, uses no tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from router.core.records.offers import Allowance
from router.core.settings.providers import Provider
from router.providers.model_lists import NotRead, count_in, get_json
from router.providers.transport import Transport


async def _openrouter(transport: Transport, provider: Provider) -> Allowance | None:
    """Read OpenRouter's key endpoint: requests a day to all free models of the account together."""
    body = await get_json(transport, provider, "/key")
    data = body.get("data") if isinstance(body, dict) else None
    told = data.get("free_model_daily_requests") if isinstance(data, dict) else None
    if not isinstance(told, dict):
        raise NotRead("its answer does not say how many free requests are used")
    used, limit, left = (count_in(told.get(key)) for key in ("used", "limit", "remaining"))
    if used is None and limit is not None and left is not None:
        used = max(0, limit - left)
    return None if used is None or limit is None else Allowance(used, limit)


_ASKED: Mapping[str, Callable[[Transport, Provider], Awaitable[Allowance | None]]] = {
    "openrouter": _openrouter
}
"""By vendor: who tells."""


def tells(provider: Provider) -> bool:
    """Tell whether a provider can be asked."""
    return provider.vendor in _ASKED and provider.api_key is not None


async def read_allowance(transport: Transport, provider: Provider) -> Allowance | None:
    """Return what a provider still gives, None where it gives without limit. Raises NotRead."""
    return await _ASKED[provider.vendor](transport, provider)
