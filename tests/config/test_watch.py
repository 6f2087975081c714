"""Reloading: real files, changed in all the ways files change, swapped whole or not at all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from router.config.loader import built_in, load
from router.config.watch import ConfigWatch, Refused, Reloaded
from router.core.settings.config import RouterConfig

GOOD = """\
version: 1
providers: {embedded: {wire: llamacpp, billing: local}}
tiers: {T0: {label: local}}
deployments: {small: {tier: T0, provider: embedded, context_window: 1000}}
routes: {auto: {use: [small]}}
"""
OTHER = GOOD.replace("1000", "2000")
LARGER = GOOD.replace("routes: {", "routes: {more: {use: [small]}, ")
BAD = GOOD.replace("use: [small]", "use: [large]")


class Place:
    """A configuration file, what is in use, and its watch."""

    def __init__(self, path: Path, *, named: bool = True) -> None:
        self.path = path
        self.named = named
        self.used: list[RouterConfig] = [load(path, {}) if path.exists() else built_in({})]
        self.watch = ConfigWatch(self.used[0], find=self.find, load=self.load, swap=self.used.append)

    def find(self) -> Path | None:
        """Return the file as `find_config` does: a named one whether it exists or not."""
        return self.path if self.named or self.path.exists() else None

    @staticmethod
    def load(path: Path | None) -> RouterConfig:
        """Load as wiring does."""
        return load(path, {}) if path else built_in({})

    @property
    def window(self) -> int | None:
        """Return what the configuration in use says."""
        return self.used[-1].deployments["small"].context_window


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "config.yaml").write_text(GOOD)
    return Place(tmp_path / "config.yaml")


def replace_by_rename(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)


async def test_a_file_that_did_not_change_is_not_loaded_again(place: Place) -> None:
    assert [await place.watch.poll() for _ in range(3)] == [None] * 3
    assert len(place.used) == 1


async def test_a_changed_file_is_in_use_and_its_changes_are_told(place: Place) -> None:
    place.path.write_text(LARGER)
    done = await place.watch.poll()
    assert isinstance(done, Reloaded)
    assert done.changes == ("route more added",)
    assert place.used[-1] is done.config
    assert "more" in done.config.routes
    assert await place.watch.poll() is None


async def test_a_change_of_the_same_length_is_seen(place: Place) -> None:
    place.path.write_text(OTHER)
    assert isinstance(await place.watch.poll(), Reloaded)
    assert place.window == 2000


async def test_a_bad_file_is_refused_once_with_its_problems_and_the_old_one_stays(place: Place) -> None:
    place.path.write_text(BAD)
    done = await place.watch.poll()
    assert isinstance(done, Refused)
    assert "no deployment is called `large`" in str(done.problems[0])
    assert await place.watch.poll() is None
    assert place.watch.problems == done.problems
    assert len(place.used) == 1


async def test_a_file_that_is_mended_is_in_use_again_and_its_problems_are_gone(place: Place) -> None:
    place.path.write_text(BAD)
    await place.watch.poll()
    place.path.write_text(OTHER)
    assert isinstance(await place.watch.poll(), Reloaded)
    assert (place.window, place.watch.problems) == (2000, ())


async def test_a_file_put_back_as_it_was_clears_its_problems_and_swaps_nothing(place: Place) -> None:
    place.path.write_text(BAD)
    await place.watch.poll()
    place.path.write_text(GOOD)
    done = await place.watch.poll()
    assert isinstance(done, Reloaded)
    assert (done.changes, place.watch.problems, len(place.used)) == ((), (), 1)


@pytest.mark.parametrize("named", [True, False])
async def test_a_file_that_is_gone_keeps_the_old_configuration_and_says_so(place: Place, named: bool) -> None:
    place.named = named
    place.path.unlink()
    done = await place.watch.poll()
    assert isinstance(done, Refused)
    assert "no such file" in str(done.problems[0])
    assert len(place.used) == 1
    place.path.write_text(OTHER)
    assert isinstance(await place.watch.poll(), Reloaded)
    assert place.window == 2000


async def test_a_file_replaced_by_rename_is_seen(place: Place) -> None:
    replace_by_rename(place.path, OTHER)
    assert isinstance(await place.watch.poll(), Reloaded)
    assert place.window == 2000


async def test_a_configmaps_swapped_link_is_seen(tmp_path: Path) -> None:
    for name, text in (("one", GOOD), ("two", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(text)
        os.utime(tmp_path / name / "config.yaml", (0, 0))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    place = Place(tmp_path / "config.yaml")
    assert await place.watch.poll() is None
    (tmp_path / "..data_tmp").symlink_to("two")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert isinstance(await place.watch.poll(), Reloaded)
    assert place.window == 2000


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Take the right to read a file away for a while; root has to become somebody else for that."""
    if os.geteuid():
        path.chmod(0)
        yield
        path.chmod(0o600)
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_file_nobody_may_read_keeps_the_old_one_until_it_may_be_read_again(place: Place) -> None:
    place.path.write_text(OTHER)
    with unreadable(place.path):
        done = await place.watch.poll()
        assert isinstance(done, Refused)
        assert "permission denied" in str(done.problems[0])
        assert len(place.used) == 1
    assert isinstance(await place.watch.poll(), Reloaded)
    assert place.window == 2000


async def test_aliases_in_another_order_are_a_change(place: Place) -> None:
    place.path.write_text(GOOD + "aliases: {a*: auto, ab*: small}\n")
    await place.watch.poll()
    place.path.write_text(GOOD + "aliases: {ab*: small, a*: auto}\n")
    await place.watch.poll()
    assert list(place.used[-1].aliases) == ["ab*", "a*"]


async def test_a_change_of_who_may_read_it_is_looked_at(place: Place) -> None:
    place.path.chmod(0o600)
    done = await place.watch.poll()
    assert isinstance(done, Reloaded)
    assert done.changes == ()


async def test_a_folder_in_its_place_keeps_the_old_configuration(place: Place) -> None:
    place.path.unlink()
    place.path.mkdir()
    assert isinstance(await place.watch.poll(), Refused)
    assert len(place.used) == 1


async def test_a_first_file_of_ones_own_takes_over_from_the_built_in_default(tmp_path: Path) -> None:
    place = Place(tmp_path / "config.yaml", named=False)
    assert await place.watch.poll() is None
    place.path.write_text(GOOD)
    assert isinstance(await place.watch.poll(), Reloaded)
    assert place.used[-1].source == str(place.path)


async def test_reload_loads_though_nothing_changed(place: Place) -> None:
    done = await place.watch.reload()
    assert isinstance(done, Reloaded)
    assert (done.changes, len(place.used)) == ((), 1)


async def test_a_key_pressed_while_the_file_is_loaded_waits_its_turn(place: Place) -> None:
    place.path.write_text(OTHER)
    first, second = await asyncio.gather(place.watch.poll(), place.watch.reload())
    assert isinstance(first, Reloaded)
    assert isinstance(second, Reloaded)
    assert (first.changes, second.changes, len(place.used)) == (("deployment small changed",), (), 2)


async def test_a_file_written_while_it_is_loaded_is_loaded_again(place: Place) -> None:
    def slow(path: Path | None) -> RouterConfig:
        loaded = Place.load(path)
        if loaded.deployments["small"].context_window == 2000:
            replace_by_rename(place.path, LARGER)
        return loaded

    watch = ConfigWatch(place.used[0], find=place.find, load=slow, swap=place.used.append)
    place.path.write_text(OTHER)
    await watch.poll()
    assert place.window == 2000
    await watch.poll()
    assert "more" in place.used[-1].routes
