"""From a choice to an attempt: what its row will say before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.cost.estimate import Estimate
from router.core.fingerprint import fingerprints
from router.core.records.entries import Intent
from router.core.request import Request
from router.core.settings.deployments import Deployment
from router.engine.attempt import Attempt
from router.engine.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class AttemptPlace:
    """Where an attempt stands in its request."""

    request_id: str
    n: int
    """From 1."""
    route: str
    why_json: str
    until: float = float("inf")
    """When it must have ended, on the monotonic clock."""
    held: bool = False
    """Its content waits for checks."""
    rates_json: str | None = None
    """The deployment's price, in the form that the ledger keeps."""
    limit_nano: int | None = None
    """The most it may cost; None without a limit."""
    max_tokens: int | None = None
    thinking_tokens: int | None = None
    """The part of `max_tokens` that may go into thinking."""


def prepared(
    deployment: Deployment, expected: Estimate, request: Request, place: AttemptPlace, deps: Dependencies
) -> Attempt:
    """Return the attempt of `request` at the deployment that was chosen for it."""
    price = deployment.price
    whole, prefix = fingerprints(request.messages, deps.install_key)
    intent = Intent(
        request_id=place.request_id,
        attempt=place.n,
        started_at=deps.clock.now_ms(),
        source=request.source,
        route=place.route,
        tier=deployment.tier.name,
        deployment=deployment.name,
        provider=deployment.provider.name,
        model_requested=deployment.model,
        billing=deployment.billing.value,
        session_id=request.session,
        task=request.task,
        level=request.level,
        language=request.language,
        price_version=price.version if price else None,
        rates_json=place.rates_json,
        estimate_nano_usd=expected.expected_nano,
        held_nano_usd=expected.bound_nano,
        soft_held_nano_usd=expected.likely_nano,
        plain_input_tokens=expected.plain_input_tokens,
        estimate_tokens=expected.input_expected_tokens + expected.output_expected_tokens,
        prompt_fingerprint=whole,
        prefix_fingerprint=prefix,
        why_json=place.why_json,
        tags=request.tags,
    )
    return Attempt(
        intent,
        deployment,
        expected,
        deps.clock,
        place.until,
        max_tokens=place.max_tokens,
        thinking_tokens=place.thinking_tokens,
        limit_nano=place.limit_nano,
        stream=request.stream,
        held=place.held,
    )
