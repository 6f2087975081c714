"""LiteLLM's budgets as ours: of the whole file, a provider, an entry. All are hard, as they are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from router.config.findings import Finding
from router.config.litellm.deployments import Read
from router.config.litellm.schema import LiteLlmFile
from router.config.positions import Plain, Steps

_WINDOWS = {
    **dict.fromkeys(("1h", "60m"), "hour"),
    **dict.fromkeys(("1d", "24h"), "day"),
    **dict.fromkeys(("7d", "168h", "1w"), "7d"),
    **dict.fromkeys(("30d", "1mo", "720h"), "month"),
}


def budgets_of(
    file: LiteLlmFile, reads: Sequence[Read], accounts: Mapping[str, str], found: list[Finding]
) -> list[Plain]:
    """Return the budgets in our written form; what cannot be held here goes into `found`.

    `accounts` has each entry's provider by the entry's name.
    """
    budgets: list[Plain] = []
    for section in ("litellm_settings", "router_settings"):
        settings = getattr(file, section)
        if settings and settings.max_budget is not None:
            steps = (section, "max_budget")
            budgets += _budget("all", settings.max_budget, settings.budget_duration, steps, found)
    for one in reads:
        params = one.entry.litellm_params
        if params.max_budget is not None:
            place: Steps = ("model_list", one.number, "litellm_params", "max_budget")
            budgets += _budget(
                f"deployment:{one.name}", params.max_budget, params.budget_duration, place, found
            )
    configured = file.router_settings.provider_budget_config if file.router_settings else None
    for prefix, limit in (configured or {}).items():
        where: Steps = ("router_settings", "provider_budget_config", prefix)
        behind = {accounts[one.name] for one in reads if one.upstream.prefix == prefix and not one.off}
        if len(behind) > 1:
            found.append(
                Finding(where, f"{prefix} is {len(behind)} accounts here, which share no budget. {_OURS}")
            )
        for provider in sorted(behind):
            amount, window = limit.amount, limit.window
            budgets += [] if amount is None else _budget(f"provider:{provider}", amount, window, where, found)
    return budgets


_OURS = "Make the file ours (`cockpit config import`) and write `budgets`"


def _budget(
    scope: str, usd: Decimal, duration: str | None, steps: Steps, found: list[Finding]
) -> list[Plain]:
    window = _WINDOWS.get(duration or "")
    if window is None:
        told = f"a budget of {duration}" if duration else "a budget that never starts anew"
        found.append(Finding(steps, f"{told} cannot be held here: 1h, 1d, 7d or 30d. {_OURS}", at_key=True))
        return []
    return [{"scope": scope, "window": window, "usd": f"{usd.normalize():f}"}]
