"""The health scopes of a deployment: their keys, whether they let an attempt through, what it teaches them.

Pure, and the same for every ledger. How one scope moves is `states.py`; keeping the moves is the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from router.core.health.states import HealthSignal, lease, note, step
from router.core.records.admission import Lesson, Refusal, RefusedBy, Terms
from router.core.records.diagnosis import FailureClass, HealthScope
from router.core.records.health import HEALTHY, Health, ScopeHealth
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing

Healths = Mapping[str, ScopeHealth]
"""Health by scope key; a key that is missing is healthy."""


def scope_keys(deployment: Deployment) -> dict[HealthScope, str]:
    """Return what each of a deployment's scopes is kept under.

    A key names what must change for a disabled scope to be another one: the model, the credential, the
    address. A credential is a secret at an address: two providers that share both share its health, and two
    local servers that were given the same made-up key do not. Deployments of one model under one credential
    are one to the provider.
    """
    provider = deployment.provider
    address = provider.base_url or provider.name
    secret = provider.api_key.fingerprint() if provider.api_key else provider.name
    owner = f"{secret}@{address}"
    keys = {
        HealthScope.DEPLOYMENT: f"deployment:{owner}:{deployment.model}",
        HealthScope.CREDENTIAL: f"credential:{owner}",
        HealthScope.PROVIDER_ENDPOINT: f"endpoint:{address}",
    }
    if deployment.billing is Billing.FREE or free_by_name(deployment):
        keys[HealthScope.ACCOUNT_FREE_TIER] = f"free:{owner}"
    return keys


def free_by_name(deployment: Deployment) -> bool:
    """Tell whether its provider gives a model away under its name, whatever the configuration says of it."""
    return deployment.provider.vendor == "openrouter" and deployment.model.endswith(":free")


def resting(healths: Healths, keys: Iterable[str]) -> ScopeHealth | None:
    """Return the health among `keys` that keeps a deployment away the longest, or None when all are well.

    Its rest may be over: then the next attempt is the probe.
    """
    away = [health for key in keys if (health := healths.get(key, HEALTHY)).state is not Health.AVAILABLE]
    return max(away, key=lambda h: float("inf") if h.until_ms is None else h.until_ms, default=None)


def why_away(health: ScopeHealth | None, now_ms: int) -> str | None:
    """Return in words why a scope may not be asked now, or None when it may be, if only by a probe."""
    if health is None:
        return None
    if health.until_ms is None:
        return f"disabled until something changes: {health.reason}"
    left_s = (health.until_ms - now_ms) / 1000
    if left_s <= 0:
        return None
    if health.state is Health.DISABLED:
        return f"disabled, tried again in {_in_words(left_s)}: {health.reason}"
    word = "probed by another call" if health.state is Health.PROBING else health.state.value
    return f"{word} for {left_s:.0f} s more: {health.reason}"


def _in_words(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def refusal(healths: Healths, terms: Terms, now_ms: int) -> Refusal | None:
    """Return why an attempt must wait for its scopes, or None when it may start, if only as their probe."""
    health = resting(healths, terms.scopes.values())
    reason = why_away(health, now_ms)
    if health is None or reason is None:
        return None
    return Refusal(RefusedBy.HEALTH, reason, health.until_ms)


def leased(healths: Healths, terms: Terms, now_ms: int) -> dict[str, ScopeHealth]:
    """Return the scopes whose rest is over, leased to one attempt: nobody else may probe them meanwhile."""
    probed = {key: lease(healths.get(key, HEALTHY), now_ms, terms.lease_ms) for key in terms.scopes.values()}
    return {key: health for key, health in probed.items() if health is not None}


def learn(healths: Healths, lesson: Lesson, now_ms: int) -> dict[str, ScopeHealth]:
    """Return what every scope of a lesson becomes.

    The scope that the diagnosis concerns takes it in; the others are told whether the attempt was answered,
    because it may have been their probe.
    """
    return {
        key: _learnt(healths.get(key, HEALTHY), scope, lesson, now_ms) for scope, key in lesson.scopes.items()
    }


def _learnt(health: ScopeHealth, scope: HealthScope, lesson: Lesson, now_ms: int) -> ScopeHealth:
    diagnosis = lesson.diagnosis
    answered = diagnosis.failure_class is FailureClass.OK
    # A call that began before the rest proves nothing of now, and must not free the slot of the probe.
    probed_by_another = health.state is Health.PROBING and health.until_ms != lesson.lease_until_ms
    before = replace(health, state=Health.COOLING) if probed_by_another else health
    if scope in (diagnosis.cooldown.scope, diagnosis.cooldown.also) or (
        answered and scope is HealthScope.DEPLOYMENT
    ):
        after = note(before, diagnosis, now_ms, lesson.policy, lesson.roll)
    else:
        after = step(before, HealthSignal.SUCCESS if answered else HealthSignal.NEUTRAL, now_ms)
    untouched = (after.state, after.until_ms) == (before.state, before.until_ms)
    return replace(after, state=Health.PROBING) if probed_by_another and untouched else after
