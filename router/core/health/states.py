"""How a scope's health moves: the states, the table of moves, and the length of a rest.

A scope is a deployment, a credential, an account's free tier or an endpoint; each has one `ScopeHealth`.
Pure: the moment, the policy and the roll of chance are arguments; where health is kept and who leases a probe
first is the ledger's business.

    available ── cool, trip ──> cooling ── probe at its end ──> probing ── success ──> available
        │                         │ ^                              │
        └──────── disable ────────┼─┴──────── anything else ───────┘
                                  v
                               disabled ── clear, or a probe after its date
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from router.core import moments
from router.core.records.diagnosis import CONFIG_CHANGE, Action, Cooldown, Diagnosis, FailureClass
from router.core.records.health import Health, ScopeHealth
from router.core.settings.policy import Policy

LONGEST_S = 300.0
"""The cap on what grows with the strikes; a server's own hint may be longer."""
JITTER = 0.25
"""The most that chance adds to a length, so that callers do not all return at once; it never shortens one."""
LATER_PROBES = 24
"""How many times as long a disabled scope waits for its second and every further probe as for its first."""
LONGEST_PROBE_S = 86_400.0
FORGIVE_MS = 300_000
"""How long a scope must be healthy to lose one strike."""
LOADED_MS = 86_400_000
"""The longest rest that is believed when it is read back: a stepped clock must not freeze a scope."""


class HealthSignal(StrEnum):
    """What an attempt, or a person, tells about a scope."""

    SUCCESS = "success"
    """The first content, or a whole answer."""
    NEUTRAL = "neutral"
    """Nothing about its health: a bad request, refused content, a cancelled call."""
    FAILURE = "failure"
    """One that counts toward the breaker, which has not tripped."""
    COOL = "cool"
    DISABLE = "disable"
    PROBE = "probe"
    CLEAR = "clear"
    """The configuration or a key changed, or a person said so."""


MOVES: dict[Health, dict[HealthSignal, Health]] = {
    Health.AVAILABLE: {
        HealthSignal.SUCCESS: Health.AVAILABLE,
        HealthSignal.NEUTRAL: Health.AVAILABLE,
        HealthSignal.FAILURE: Health.AVAILABLE,
        HealthSignal.COOL: Health.COOLING,
        HealthSignal.DISABLE: Health.DISABLED,
        HealthSignal.PROBE: Health.AVAILABLE,
        HealthSignal.CLEAR: Health.AVAILABLE,
    },
    Health.COOLING: {
        # Answers of calls that were under way when it began to rest prove nothing about now.
        HealthSignal.SUCCESS: Health.COOLING,
        HealthSignal.NEUTRAL: Health.COOLING,
        HealthSignal.FAILURE: Health.COOLING,
        HealthSignal.COOL: Health.COOLING,
        HealthSignal.DISABLE: Health.DISABLED,
        HealthSignal.PROBE: Health.PROBING,
        HealthSignal.CLEAR: Health.AVAILABLE,
    },
    Health.PROBING: {
        HealthSignal.SUCCESS: Health.AVAILABLE,
        # Not answered, not failed: the slot is free again at once, or nobody would ever probe.
        HealthSignal.NEUTRAL: Health.COOLING,
        HealthSignal.FAILURE: Health.COOLING,
        HealthSignal.COOL: Health.COOLING,
        HealthSignal.DISABLE: Health.DISABLED,
        HealthSignal.PROBE: Health.PROBING,
        HealthSignal.CLEAR: Health.AVAILABLE,
    },
    Health.DISABLED: {
        HealthSignal.SUCCESS: Health.DISABLED,
        HealthSignal.NEUTRAL: Health.DISABLED,
        HealthSignal.FAILURE: Health.DISABLED,
        HealthSignal.COOL: Health.DISABLED,
        HealthSignal.DISABLE: Health.DISABLED,
        HealthSignal.PROBE: Health.PROBING,
        HealthSignal.CLEAR: Health.AVAILABLE,
    },
}
"""Every move there is; a probe is moved by `lease`, which asks whether it is due."""


def note(health: ScopeHealth, diagnosis: Diagnosis, now_ms: int, policy: Policy, roll: float) -> ScopeHealth:
    """Take in the end of an attempt that concerns this scope. `roll` is a number in [0, 1)."""
    health = _remember(_forgiven(health, now_ms), diagnosis, now_ms, policy)
    trips = len(health.failed_ms) >= policy.allowed_fails
    sign = HealthSignal.COOL if trips and diagnosis.counts_toward_breaker else sign_of(diagnosis)
    if health.state is Health.PROBING and sign is HealthSignal.FAILURE:
        sign = HealthSignal.COOL
    match sign:
        case HealthSignal.COOL:
            strikes = health.strikes + (health.state in (Health.AVAILABLE, Health.PROBING))
            length_s = length(diagnosis.cooldown, strikes, policy.cooldown_s if trips else 0.0, roll)
            rested = replace(health, strikes=strikes, reason=diagnosis.evidence)
            return _rest(rested, sign, now_ms + round(length_s * 1000))
        case HealthSignal.DISABLE:
            strikes = health.strikes + 1
            until_ms = _date(diagnosis.cooldown) or now_ms + _probe_ms(diagnosis.cooldown, strikes)
            return _rest(replace(health, strikes=strikes, reason=diagnosis.evidence), sign, until_ms)
        case _:
            return step(health, sign, now_ms)


def step(health: ScopeHealth, sign: HealthSignal, now_ms: int) -> ScopeHealth:
    """Move by a sign that carries no length of its own."""
    state = MOVES[health.state][sign]
    if state is Health.AVAILABLE and (health.state is not state or sign is HealthSignal.CLEAR):
        strikes = 0 if sign is HealthSignal.CLEAR else health.strikes
        return ScopeHealth(strikes=strikes, healthy_since_ms=now_ms)
    if health.state is Health.PROBING and state is Health.COOLING:
        return replace(health, state=state, until_ms=now_ms)
    return health if health.state is state else replace(health, state=state)


def lease(health: ScopeHealth, now_ms: int, lease_ms: int) -> ScopeHealth | None:
    """Take the only probe of a scope whose rest is over or whose last probe was lost; None when not due.

    The lease runs out by itself, so that a probe that hangs or dies cannot keep the scope away for ever.
    """
    if health.state is Health.AVAILABLE or health.until_ms is None or now_ms < health.until_ms:
        return None
    return replace(health, state=MOVES[health.state][HealthSignal.PROBE], until_ms=now_ms + lease_ms)


def loaded(health: ScopeHealth, now_ms: int) -> ScopeHealth:
    """Return health as it was read back, with times that a stepped clock has made absurd cut short."""
    until_ms = health.until_ms
    if health.state is Health.DISABLED and until_ms is None:
        until_ms = now_ms  # written before disabled scopes were probed
    elif until_ms is not None and health.state is not Health.DISABLED:
        until_ms = min(until_ms, now_ms + LOADED_MS)
    return replace(health, until_ms=until_ms, healthy_since_ms=min(health.healthy_since_ms, now_ms))


def sign_of(diagnosis: Diagnosis) -> HealthSignal:
    """Return what one attempt's end tells by itself."""
    if diagnosis.failure_class is FailureClass.OK:
        return HealthSignal.SUCCESS
    if diagnosis.cooldown.until is not None:
        if diagnosis.failure_class in (FailureClass.BILLING, FailureClass.AUTH, FailureClass.GONE):
            return HealthSignal.DISABLE
        # An answer that broke off is told as such to the caller, and still rests whom it would have rested.
        surfaced = diagnosis.action is Action.SURFACE_STREAM_ERROR and not diagnosis.counts_toward_breaker
        if diagnosis.action is Action.COOLDOWN_AND_FALL_OVER or surfaced or diagnosis.cooldown.is_hinted:
            return HealthSignal.COOL
    return HealthSignal.FAILURE if diagnosis.counts_toward_breaker else HealthSignal.NEUTRAL


def length(cooldown: Cooldown, strikes: int, tripped_s: float, roll: float) -> float:
    """Return a rest's seconds: the server's hint, else first length x 2^(strikes-1), capped and jittered.

    `tripped_s` is the least a tripped breaker rests. `roll` in [0, 1) adds up to a quarter.
    """
    first = cooldown.seconds or 0.0
    if cooldown.derived_from != "default":
        return max(first, tripped_s)
    grown = min(first * 2.0 ** min(max(strikes, 1) - 1, 10), LONGEST_S)
    return max(grown, tripped_s) * (1 + JITTER * roll)


def _rest(health: ScopeHealth, sign: HealthSignal, until_ms: int | None) -> ScopeHealth:
    """Put to rest; a rest that already runs is never shortened, and one without an end outlasts any date."""
    state = MOVES[health.state][sign]
    if health.state is Health.DISABLED and sign is HealthSignal.COOL:
        return health
    if health.state is state and health.until_ms is None:
        until_ms = None
    elif until_ms is not None and health.state is not Health.PROBING:
        until_ms = max(until_ms, health.until_ms or 0)
    return replace(health, state=state, until_ms=until_ms)


def _remember(health: ScopeHealth, diagnosis: Diagnosis, now_ms: int, policy: Policy) -> ScopeHealth:
    if not health.failed_ms and not diagnosis.counts_toward_breaker:
        return health
    since = now_ms - round(policy.fail_window_s * 1000)
    failed = tuple(at for at in health.failed_ms if since < at <= now_ms)
    if diagnosis.counts_toward_breaker:
        failed = (*failed, now_ms)[-policy.allowed_fails :]
    return replace(health, failed_ms=failed)


def _forgiven(health: ScopeHealth, now_ms: int) -> ScopeHealth:
    """Take off a strike for each five minutes that it has been available."""
    if health.state is not Health.AVAILABLE or not health.strikes:
        return health
    forgiven = max(0, now_ms - health.healthy_since_ms) // FORGIVE_MS
    since = health.healthy_since_ms + forgiven * FORGIVE_MS
    return replace(health, strikes=max(0, health.strikes - forgiven), healthy_since_ms=since)


def _probe_ms(cooldown: Cooldown, strikes: int) -> int:
    """Return how long after the `strikes`th failure a scope without a stated end is probed all the same.

    Nobody tells us of a key that was renewed or a model that came back, so what only a change can end is
    still tried now and then: soon at first, then at most once a day.
    """
    seconds = cooldown.probe_s if strikes == 1 else min(cooldown.probe_s * LATER_PROBES, LONGEST_PROBE_S)
    return round(seconds * 1000)


def _date(cooldown: Cooldown) -> int | None:
    return None if cooldown.until in (None, CONFIG_CHANGE) else moments.date(cooldown.until)
