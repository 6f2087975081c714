from __future__ import annotations

import json

from router.prices.catalogue import load_catalogue
from tools.prices.generate import CATALOGUE, OVERLAY, build


def test_the_committed_catalogue_is_what_the_generator_makes() -> None:
    made = build(json.loads(OVERLAY.read_text()))
    assert made == json.loads(CATALOGUE.read_text())


def test_an_inclusive_bound_is_written_as_one() -> None:
    record = load_catalogue().find("xai", "grok-4.20")
    assert record is not None
    tier = record.prices[0].table.tiers[0]
    assert (tier.threshold, tier.inclusive) == (200_000, True)
