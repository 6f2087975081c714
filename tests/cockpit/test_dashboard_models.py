"""The line about providers' lists of models: there when they say something, and only then."""

from __future__ import annotations

from decimal import Decimal

import pytest

from router.core.records.offers import ListedModel, ListingRead
from router.ledger.sqlite import offers
from tests.cockpit.scripted import DEPLOYMENTS, Cockpit, cockpit, screen_lines, until

FREE = Decimal(0)
FREE_ONE, PAID_ONE = DEPLOYMENTS[2:]
"""Both at one provider."""


def told(*models: ListedModel) -> Cockpit:
    """Return a cockpit whose ledger knows a list, each model of it since its `first_seen`."""
    world = cockpit()
    for moment in sorted({model.first_seen for model in models}):
        there = tuple(model for model in models if model.first_seen <= moment)
        offers.write(world.ledger.connection, ListingRead(PAID_ONE.provider.name, there, moment))
    return world


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 50)])
async def test_a_model_that_is_not_listed_is_asked_about_and_a_badge_says_so(size: tuple[int, int]) -> None:
    world = told(ListedModel(FREE_ONE.model))
    async with world.app.run_test(size=size) as pilot:
        text = await until(pilot, "models gone? deepseek")
        assert "MODELS GONE?" in text.splitlines()[0]
        lines = screen_lines(world.app)
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)


async def test_without_news_the_line_is_not_there_and_takes_no_room() -> None:
    world = told()
    async with world.app.run_test(size=(80, 24)) as pilot:
        text = await until(pilot, "no call yet")
        assert "models" not in text
        assert world.app.query_one("ModelNewsLine").region.height == 0


async def test_new_free_models_are_counted_and_those_that_were_always_there_are_not() -> None:
    now = 1_795_348_800_000
    mine = [ListedModel(one.model, None, None, None, 1) for one in (FREE_ONE, PAID_ONE)]
    old = ListedModel("old", FREE, FREE, None, 1)
    fresh = ListedModel("fresh", FREE, FREE, 8192, now - 5)
    world = told(*mine, old, fresh)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "models new and free: 1")
