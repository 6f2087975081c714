"""When providers are asked again."""

from __future__ import annotations

import pytest

from router.core.catalog.due import AGAIN_MS, due
from router.core.records.offers import Asked, OfferReading

NOW = 10_000_000_000
EVERY = {Asked.MODELS: 6 * 3_600_000, Asked.ALLOWANCE: 60_000}


@pytest.mark.parametrize(
    ("last", "asked", "is_due"),
    [
        (None, Asked.MODELS, True),
        (OfferReading(NOW - 6 * 3_600_000, NOW), Asked.MODELS, True),
        (OfferReading(NOW - 6 * 3_600_000 + 1, NOW), Asked.MODELS, False),
        (OfferReading(NOW - AGAIN_MS, None, "answered 503"), Asked.MODELS, True),
        (OfferReading(NOW - AGAIN_MS + 1, NOW, "answered 503"), Asked.MODELS, False),
        (OfferReading(NOW - 60_000, NOW, "answered 503"), Asked.ALLOWANCE, True),
        (OfferReading(NOW - 59_999, NOW), Asked.ALLOWANCE, False),
        (OfferReading(NOW + 1, NOW), Asked.MODELS, True),
    ],
)
def test_a_provider_is_due_when_its_interval_is_over_and_sooner_after_a_failure(
    last: OfferReading | None, asked: Asked, is_due: bool
) -> None:
    readings = {} if last is None else {("p", asked): last}
    assert due([("p", asked)], readings, EVERY, NOW) == ([("p", asked)] if is_due else [])
