"""Asking providers what they offer: who is asked, how often, by whom, and what is kept when one fails."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from router.core.catalog.due import AGAIN_MS
from router.core.records.offers import Asked, Offers
from router.core.settings.config import RouterConfig
from router.core.settings.jobs import Jobs
from router.core.settings.providers import Billing
from router.core.settings.secret import Secret
from router.engine.clock import ManualClock
from router.jobs.offers import ALLOWANCE_MS, JOB, OfferWatch
from router.ledger.private_files import prepare
from router.ledger.sqlite.driver import open_for_writing
from router.ledger.sqlite.owners import take_lease
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.upkeep import SqliteUpkeep
from router.providers.httpx2_transport import Httpx2Transport
from tests.configs import T0, deployment, small_config
from tests.fake_provider import FakeProvider, answer, fake_provider

LIST = json.dumps({"data": [{"id": "m:free", "pricing": {"prompt": "0", "completion": "0"}}]})


@dataclass
class Bench:
    """A provider, a configuration that stands at it, and a ledger."""

    server: FakeProvider
    config: RouterConfig
    path: Path
    reader: SqliteReports
    clock: ManualClock

    @property
    def watch(self) -> OfferWatch:
        return OfferWatch(
            SqliteUpkeep(self.path), self.reader, self.clock, lambda: self.config, Httpx2Transport
        )

    async def offers(self) -> Offers:
        return await self.reader.offers()

    @property
    def asked(self) -> list[str]:
        return sorted(request.line.split()[1] for request in self.server.requests)


@asynccontextmanager
async def bench(tmp_path: Path, served: bytes, **changes: object) -> AsyncIterator[Bench]:
    path = tmp_path / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
    async with fake_provider(served) as server:
        free = deployment("one", T0, Billing.FREE)
        provider = replace(free.provider, name="p", base_url=server.url, api_key=Secret("sk-quiet"))
        free = replace(free, model="m:free", provider=replace(provider, **changes))  # type: ignore[arg-type]
        config = replace(small_config(), deployments={"one": free}, providers={"p": free.provider})
        reader = await open_reports(path)
        try:
            yield Bench(server, config, path, reader, ManualClock())
        finally:
            await reader.aclose()


def served(document: str, status: int = 200) -> bytes:
    return answer(document.encode(), status, "content-type: application/json")


async def test_a_list_is_read_once_in_six_hours_and_again_when_that_is_asked(tmp_path: Path) -> None:
    async with bench(tmp_path, served(LIST)) as world:
        await world.watch.once()
        assert list((await world.offers()).listings["p"].models) == ["m:free"]
        world.clock.advance(6 * 3600 - 1)
        await world.watch.once()
        assert world.asked == ["/models"]
        world.clock.advance(1)
        await world.watch.once()
        await world.watch.once(everyone=True)
        assert world.asked == ["/models"] * 3


async def test_a_list_that_cannot_be_read_is_told_and_tried_again_and_the_old_one_stays(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, served(LIST)) as world:
        await world.watch.once()
        world.server.steps = (served("{}", 503),)
        world.clock.advance(6 * 3600)
        await world.watch.once()
        offers = await world.offers()
        assert "answered 503" in str(offers.readings["p", Asked.MODELS].problem)
        assert list(offers.listings["p"].models) == ["m:free"]
        world.server.steps = (served(LIST),)
        world.clock.advance(AGAIN_MS / 1000 - 1)
        await world.watch.once()
        assert len(world.asked) == 2
        world.clock.advance(1)
        await world.watch.once()
        assert (await world.offers()).readings["p", Asked.MODELS].problem is None


async def test_another_process_that_has_the_job_keeps_it(tmp_path: Path) -> None:
    async with bench(tmp_path, served(LIST)) as world:
        with closing(open_for_writing(world.path)) as connection:
            take_lease(connection, JOB, "somebody nobody can judge", world.clock.now_ms(), 1000)
        await world.watch.once()
        assert world.asked == []
        world.clock.advance(1)
        await world.watch.once()
        assert world.asked == ["/models"]


async def test_an_account_that_can_be_asked_tells_what_is_left_each_five_minutes(tmp_path: Path) -> None:
    document = '{"data": {"free_model_daily_requests": {"used": 17, "limit": 50}}}'
    async with bench(tmp_path, served(document), catalogue="openrouter") as world:
        await world.watch.once()
        assert world.asked == ["/key", "/models"]
        offers = await world.offers()
        assert (offers.allowances["p"].used, offers.allowances["p"].limit) == (17, 50)
        assert offers.readings["p", Asked.MODELS].problem == "its answer is no list of models"
        world.clock.advance(ALLOWANCE_MS / 1000)
        await world.watch.once()
        assert world.asked == ["/key", "/key", "/models"]


@pytest.mark.parametrize("off", [True, False])
async def test_nobody_is_asked_who_cannot_be_used_or_where_the_watch_is_off(
    tmp_path: Path, off: bool
) -> None:
    async with bench(tmp_path, served(LIST)) as world:
        one = world.config.deployments["one"]
        if off:
            world.config = replace(world.config, deployments={"one": replace(one, off="no key: set KEY")})
        else:
            world.config = replace(world.config, jobs=Jobs(watch_models_s=None))
        await world.watch.once()
        assert len(world.asked) == (0 if off else 1)


async def test_figures_and_names_that_no_ledger_can_hold_do_not_end_the_watch(tmp_path: Path) -> None:
    odd = [
        {"id": "wide", "context_length": 10**24},
        {"id": "half\ud800", "context_length": True},
        {"id": "dear", "pricing": {"prompt": "1E+999999", "completion": "1E+400000"}},
        {"id": "cheap", "pricing": {"prompt": "1E-999999", "completion": "0.000001"}},
    ]
    async with bench(tmp_path, served(json.dumps({"data": odd}))) as world:
        await world.watch.once()
        models = (await world.offers()).listings["p"].models
        assert sorted(models) == ["cheap", "dear", "half\\ud800", "wide"]
        assert [each.context_window for each in models.values()] == [None] * 4
        assert [each.input_mtok for each in models.values()] == [None] * 4
        assert [models[name].output_mtok for name in ("dear", "cheap")] == [None, 1]
        world.server.steps = (served('{"data": [{"id": "m", "x": 1e99999999999999999999}]}'),)
        await world.watch.once(everyone=True)
        assert (await world.offers()).readings["p", Asked.MODELS].problem == "its answer is no list of models"


async def test_an_allowance_too_large_for_the_ledger_is_unknown(tmp_path: Path) -> None:
    document = json.dumps({"data": {"free_model_daily_requests": {"used": 1, "limit": 10**24}}})
    async with bench(tmp_path, served(document), catalogue="openrouter") as world:
        await world.watch.once()
        assert (await world.offers()).allowances == {}
