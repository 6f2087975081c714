"""LiteLLM's settings for retries, cooldowns and time as our policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from router.config.litellm.deployments import seconds
from router.config.litellm.schema import LiteLlmFile, RouterSettings
from router.config.litellm.unread import variable
from router.config.positions import Plain
from router.core.settings.policy import Policy

_DEFAULT = Policy()
MOST_ATTEMPTS = 20


def merged(file: LiteLlmFile) -> RouterSettings:
    """Return the settings of both sections; those of `router_settings` win."""
    router = file.router_settings or RouterSettings()
    said = {key: value for key, value in router if value is not None}
    return (file.litellm_settings or RouterSettings()).model_copy(update=said)


def policy_of(
    settings: RouterSettings, nearest_fallbacks: Iterable[int], notes: list[str]
) -> dict[str, Plain]:
    """Return the policy, defaults left out.

    `nearest_fallbacks` has for each route the attempt its first fallback is. LiteLLM counts retries for each
    group anew and we count attempts for the whole request, so there are at least enough to get that far.
    """
    policy: dict[str, Plain] = {}
    given = None if settings.num_retries is None else settings.num_retries + 1
    attempts = min(MOST_ATTEMPTS, max(given or _DEFAULT.max_attempts, *nearest_fallbacks, 1))
    if attempts > (given or _DEFAULT.max_attempts):
        notes.append(f"num_retries: {attempts} attempts are made a request, so that fallbacks are reached")
    if attempts != _DEFAULT.max_attempts:
        policy["max_attempts"] = attempts
    if settings.max_tokens:
        policy["default_max_tokens"] = settings.max_tokens
    longest = max(settings.timeout or 0, settings.request_timeout or 0)
    if longest > Decimal(_DEFAULT.deadline_s):
        policy["deadline"] = seconds(Decimal(longest))
    if settings.cooldown_time:
        policy["cooldown"] = seconds(settings.cooldown_time)
    elif settings.cooldown_time is not None:
        notes.append("cooldown_time: 0 would let a failing deployment go on; the default of 120 s holds")
    if settings.allowed_fails is not None:
        policy["allowed_fails"] = max(1, settings.allowed_fails)
    return policy


def gateway_of(file: LiteLlmFile) -> Mapping[str, Plain]:
    """Return the gateway's section: the master key, as a variable where it is one."""
    key = file.general_settings.master_key if file.general_settings else None
    if not key or not key.strip():
        return {}
    name = variable(key)
    return {"api_key": key if name is None else f"${{{name}}}"}
