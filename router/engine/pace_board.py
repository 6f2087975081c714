"""What each deployment bears: its limits, configured and learned, and how many calls at once it took lately.

This process's memory of it; which attempts have started, in all processes, is the ledger's. What a limit
means is `core.health.rate_limits`, how the number at once moves is `core.health.concurrency`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.core.failures.waits import DAY_S
from router.core.health.concurrency import UNLIMITED, ConcurrencyLimit, ConcurrencySample, adjusted
from router.core.health.exhausted import told_full
from router.core.health.rate_limits import (
    effective,
    is_news,
    limit_refused,
    limits_told,
    of_a_stress_test,
    quotas,
    window,
)
from router.core.health.scopes import scope_keys
from router.core.records.admission import Quota
from router.core.records.diagnosis import HealthScope
from router.core.records.health import ExhaustedLimit, LearnedLimit, LimitKind, LimitSource
from router.core.settings.deployments import Deployment, Limits
from router.core.settings.policy import Policy
from router.engine.attempt import Attempt
from router.engine.clock import StepWatch
from router.engine.ports import Clock


class PaceBoard:
    """Limits and paces by deployment name."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._learned: dict[str, dict[tuple[LimitKind, LimitSource], LearnedLimit]] = {}
        self._paces: dict[str, ConcurrencyLimit] = {}
        self._running: dict[str, int] = {}
        self._full: dict[str, ExhaustedLimit] = {}
        self._watch = StepWatch(clock)
        self._version = 0

    def under(self, policy: Policy) -> PaceBoard:
        """Return a board of another policy on the same memory: what runs under this one counts there too."""
        board = PaceBoard(policy, self._clock)
        board._learned, board._paces, board._running = self._learned, self._paces, self._running
        board._full = self._full
        return board

    def version(self) -> int:
        """Return a number that is another one as soon as anything else is known of limits."""
        if self._watch.step_ms():
            self._full.clear()
            self._version += 1
        return self._version

    def limits(self, deployment: Deployment) -> Limits:
        """Return what a deployment bears now: the smallest of what is configured, learned and tried."""
        if deployment.name not in self._learned and deployment.name not in self._paces:
            return deployment.limits
        learned = self._learned.get(deployment.name, {}).values()
        known = effective(deployment.limits, learned, self._clock.now_ms())
        tried = self._paces.get(deployment.name, UNLIMITED).parallel
        if tried is None:
            return known
        return replace(known, parallel=tried if known.parallel is None else min(known.parallel, tried))

    def with_window(self, deployment: Deployment) -> Deployment:
        """Return a deployment with the context window that it said it has, where that is the smaller one."""
        learned = self._learned.get(deployment.name)
        if not learned:
            return deployment
        held = window(deployment.context_window, learned.values(), self._clock.now_ms())
        return deployment if held == deployment.context_window else replace(deployment, context_window=held)

    def quotas(self, deployment: Deployment, tokens: int, now_ms: int) -> tuple[Quota, ...]:
        """Return what an attempt of about `tokens` that starts at `now_ms` must fit into."""
        limits = self.limits(deployment)
        note = of_a_stress_test(limits, self._learned.get(deployment.name, {}).values())
        return quotas(limits, tokens, now_ms, note)

    def refresh(self, limits: Sequence[LearnedLimit], full: Mapping[str, ExhaustedLimit]) -> None:
        """Know what the ledger knows, all of it."""
        self._version += 1
        self._learned.clear()
        self._keep(limits)
        self._full.clear()
        self._full |= full

    def full(self, deployment: Deployment) -> ExhaustedLimit | None:
        """Return the limit that a provider says is used up now; forgotten when somebody sets the clock."""
        self.version()
        found = self._full.get(_key(deployment))
        left_s = (found.until_ms - self._clock.now_ms()) / 1000 if found else 0
        return found if 0 < left_s <= DAY_S else None

    def told(self, attempt: Attempt) -> tuple[str, ExhaustedLimit] | None:
        """Take in what an answer says is used up; return it with the scope it holds for."""
        found = told_full(attempt.exchange.headers, self._clock.now_ms()) if attempt.exchange else None
        if found is None:
            return None
        self._full[_key(attempt.deployment)] = found
        self._version += 1
        return _key(attempt.deployment), found

    def started(self, attempt: Attempt) -> None:
        """Note that an attempt is under way; `ended` takes it back."""
        name = attempt.deployment.name
        self._running[name] = self._running.get(name, 0) + 1
        attempt.counted = True

    def ended(self, attempt: Attempt, *, answered: bool) -> None:
        """Note an attempt's end: the deployment bears what it bore, or less."""
        deployment, now_ms = attempt.deployment, self._clock.now_ms()
        running = self._running.get(deployment.name, 0)
        if attempt.counted:  # one whose admission was cancelled is not
            self._running[deployment.name] = running - 1
            attempt.counted = False
        sample = ConcurrencySample(
            started_ms=attempt.intent.started_at,
            running=running,
            status=attempt.answering.status if attempt.answering else None,
            first_content_s=attempt.ttft_s,
            answered=answered,
        )
        pace = self._paces.get(deployment.name, UNLIMITED)
        found = adjusted(pace, sample, now_ms, self._policy.slow_s)
        if found is not UNLIMITED or deployment.name in self._paces:
            self._paces[deployment.name] = found

    def learn_from(self, attempt: Attempt) -> list[LearnedLimit]:
        """Keep the limits that an attempt's answer told; return those worth writing."""
        deployment = attempt.deployment
        headers = attempt.exchange.headers if attempt.exchange else {}
        now_ms = self._clock.now_ms()
        told = limits_told(headers, deployment.provider.vendor, deployment.name, now_ms)
        refused = limit_refused(attempt.diagnosis, deployment.name, now_ms) if attempt.diagnosis else ()
        return self.learn((*told, *refused))

    def learn(self, found: Sequence[LearnedLimit]) -> list[LearnedLimit]:
        """Keep limits that were found; return those worth writing."""
        news = [limit for limit in found if is_news(limit, self._known(limit))]
        self._keep(news)
        return news

    def _known(self, like: LearnedLimit) -> LearnedLimit | None:
        return self._learned.get(like.deployment, {}).get((like.kind, like.source))

    def _keep(self, limits: Sequence[LearnedLimit]) -> None:
        for limit in limits:
            self._version += 1
            self._learned.setdefault(limit.deployment, {})[limit.kind, limit.source] = limit


def _key(deployment: Deployment) -> str:
    return scope_keys(deployment)[HealthScope.DEPLOYMENT]
