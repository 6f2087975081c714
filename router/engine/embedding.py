"""The classifier's embeddings: asked of a deployment like any attempt, with a row, under budgets and limits.

Whatever goes wrong, too late included, the built-in classifier's word stands, and says why it was asked. What
a vector means is `core.classify.centroids`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from router.core.cost.estimate import estimate, input_size
from router.core.fingerprint import prompt_fingerprint
from router.core.message import Message
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import Intent
from router.core.request import Request
from router.core.routing.assignment import AUTO
from router.core.routing.resolve import resolve
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.settings.routes import Route
from router.engine.attempt import Attempt
from router.engine.attempting import attempted
from router.engine.dependencies import Dependencies
from router.engine.events import TextArrived
from router.engine.shared_state import SharedState
from router.errors import LedgerError, NoVectors

if TYPE_CHECKING:  # as in core.assignment
    from router.core.classify.centroids import Vector
    from router.core.classify.tasks import Classification

SOURCE = "classify"


GRACE_S = 0.25
"""How much later than its own deadline a call is let go of: then its admission hangs."""


class Embeddings:
    """Asks the deployment that a configuration names for it."""

    def __init__(self, config: RouterConfig, deps: Dependencies, shared: SharedState) -> None:
        self._config = config
        self._deps = deps
        self._shared = shared

    async def classify(self, request: Request) -> Classification | None:
        """Return what a request's last ask is; None where only the built-in classifier is to be asked."""
        asked = self._config.classifier
        if asked is None or self._deps.classify is None or self._deps.centroids is None:
            return None
        if request.task is not None or not self._leaves_the_choice(request):
            return None
        from router.core.classify.centroids import nearest  # only where embeddings are configured
        from router.core.classify.last_ask import is_go_ahead, last_ask

        ask, built_in = last_ask(request.messages), self._deps.classify(request.messages)
        deployment = self._config.deployments[asked.deployment]
        centroids = self._deps.centroids(deployment)
        if not ask or is_go_ahead(ask):
            return built_in
        if centroids is None:
            return _instead(built_in, deployment, "`cockpit classify --fit` was not run for it")
        try:
            self._require_allowed(request, deployment)
            [vector] = await self.vectors([ask], request.session, asked.timeout_s)
        except (NoVectors, LedgerError) as error:
            return _instead(built_in, deployment, str(error))
        return nearest(vector, centroids, asked.margin, built_in)

    async def vectors(
        self, texts: Sequence[str], session: str | None, timeout_s: float
    ) -> tuple[Vector, ...]:
        """Return one vector per text. Raises NoVectors, and LedgerError when no row can be written."""
        asked = self._config.classifier
        if asked is None:
            raise NoVectors("the configuration names no `classifier.embeddings`")
        deployment = self._config.deployments[asked.deployment]
        if blocked := deployment.off or self._shared.health.blocked(deployment):
            raise NoVectors(blocked)
        messages = tuple(Message("user", text) for text in texts)
        attempt, arrived = self._attempt(deployment, messages, session, timeout_s), ""
        upstream = self._deps.embedders[deployment.provider.wire]
        try:
            async with (
                asyncio.timeout(timeout_s + GRACE_S),
                aclosing(attempted(attempt, messages, upstream, self._shared)) as events,
            ):
                async for event in events:
                    if isinstance(event, TextArrived):
                        arrived += event.text
        except TimeoutError:
            raise NoVectors(f"no answer within {timeout_s:g} s") from None
        if attempt.refusal is not None:
            raise NoVectors(attempt.refusal.reason, attempt.refusal.until_ms)
        if attempt.diagnosis is None or attempt.diagnosis.failure_class is not FailureClass.OK:
            raise NoVectors(attempt.diagnosis.evidence if attempt.diagnosis else "it was stopped")
        found: list[list[float]] = json.loads(arrived)
        if len(found) != len(texts):
            raise NoVectors(f"{len(found)} vectors came for {len(texts)} texts")
        return tuple(tuple(vector) for vector in found)

    def _leaves_the_choice(self, request: Request) -> bool:
        route = resolve(self._config, request.name)
        return isinstance(route, Route) and route.name.removesuffix(":free") == AUTO

    def _require_allowed(self, request: Request, deployment: Deployment) -> None:
        """Raise NoVectors where this request's words may not be shown to the deployment, or not for money."""
        route = self._config.routes.get(AUTO)
        wanted = request.privacy | route.privacy if route else request.privacy
        local = deployment.billing is Billing.LOCAL
        if (wanted.local_only or self._config.local_only_tasks) and not local:
            raise NoVectors("it is not local, and this may be for local deployments only")
        trains = deployment.provider.trains if deployment.trains is None else deployment.trains
        if wanted.no_training and not local and trains is not False:
            raise NoVectors("it may train on prompts, and this request forbids that")
        if request.name.endswith(":free") and deployment.billing is Billing.METERED:
            raise NoVectors("it costs money, and this request forbids that")

    def _attempt(
        self, deployment: Deployment, messages: tuple[Message, ...], session: str | None, timeout_s: float
    ) -> Attempt:
        clock, provider = self._deps.clock, deployment.provider
        expected = estimate(input_size(messages), deployment, 0)
        intent = Intent(
            request_id=self._deps.new_id(),
            attempt=1,
            started_at=clock.now_ms(),
            source=SOURCE,
            route=deployment.name,
            tier=deployment.tier.name,
            deployment=deployment.name,
            provider=provider.name,
            model_requested=deployment.model,
            billing=deployment.billing.value,
            session_id=session,
            price_version=deployment.price.version if deployment.price else None,
            rates_json=deployment.price.rates_json if deployment.price else None,
            estimate_nano_usd=expected.expected_nano,
            held_nano_usd=expected.bound_nano,
            soft_held_nano_usd=expected.likely_nano,
            plain_input_tokens=expected.plain_input_tokens,
            estimate_tokens=expected.input_expected_tokens,
            prompt_fingerprint=prompt_fingerprint(messages, self._deps.install_key),
        )
        return Attempt(intent, deployment, expected, clock, clock.monotonic() + timeout_s)


def _instead(built_in: Classification, deployment: Deployment, why: str) -> Classification:
    return replace(built_in, reason=f"{built_in.reason}; without {deployment.name}: {why}")
