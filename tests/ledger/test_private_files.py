"""Nobody else reads the ledger, and nobody's link redirects it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from router.engine.chance import SeededChance, SystemChance
from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.key import install_key
from router.ledger.private_files import beside, prepare
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from tests.ledger.samples import INTENT

FILES = ("", "-wal", "-shm", ".spool")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def loose_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("loose_umask")
async def test_a_new_ledger_and_all_that_lies_beside_it_is_private(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.admit(INTENT)
    install_key(path, SystemChance())
    assert mode(path.parent) == 0o700
    assert {suffix: mode(beside(path, suffix)) for suffix in (*FILES, ".key")} == dict.fromkeys(
        (*FILES, ".key"), 0o600
    )
    await ledger.aclose()


async def test_looser_modes_are_tightened_at_the_next_start(
    path: Path, clock: ManualClock, ledger: SqliteLedger
) -> None:
    await ledger.admit(INTENT)
    for suffix in FILES:
        beside(path, suffix).chmod(0o644)
    second = await open_ledger(path, clock)
    assert {mode(beside(path, suffix)) for suffix in FILES} == {0o600}
    await second.aclose()


async def test_a_directory_that_is_not_the_cockpits_own_keeps_its_mode(
    tmp_path: Path, clock: ManualClock
) -> None:
    own, shared = tmp_path / "tier-cockpit", tmp_path / "project"
    for directory in (own, shared):
        directory.mkdir()
        directory.chmod(0o755)
        ledger = await open_ledger(directory / "ledger.db", clock)
        await ledger.aclose()
    assert (mode(own), mode(shared)) == (0o700, 0o755)


@pytest.mark.parametrize("suffix", FILES)
async def test_a_symbolic_link_is_refused_and_what_it_points_to_untouched(
    path: Path, clock: ManualClock, suffix: str
) -> None:
    path.parent.mkdir()
    target = path.parent / "target"
    target.write_text("precious")
    link = beside(path, suffix)
    link.symlink_to(target)
    with pytest.raises(LedgerError, match=f"{link.name} is a symbolic link"):
        await open_ledger(path, clock)
    assert target.read_text() == "precious"


def test_a_link_to_nowhere_is_refused_and_not_followed(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path.parent / "nowhere")
    with pytest.raises(LedgerError, match="symbolic link"):
        prepare(path)
    assert not (path.parent / "nowhere").exists()


def test_the_key_is_drawn_once_and_stays(path: Path) -> None:
    first = install_key(path, SeededChance(1))
    assert install_key(path, SeededChance(2)) == first
    assert len(first.reveal()) == 72
    assert [file.name for file in path.parent.iterdir()] == ["ledger.db.key"]


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    keys = {install_key(tmp_path / name / "ledger.db", SystemChance()) for name in ("a", "b")}
    assert len(keys) == 2


def test_a_damaged_key_file_is_named_and_not_replaced(path: Path) -> None:
    path.parent.mkdir()
    beside(path, ".key").write_text("short")
    with pytest.raises(LedgerError, match=r"ledger\.db\.key holds no key"):
        install_key(path, SystemChance())
    assert beside(path, ".key").read_text() == "short"


def test_a_key_file_that_is_a_link_is_refused(path: Path) -> None:
    path.parent.mkdir()
    beside(path, ".key").symlink_to(path.parent / "elsewhere")
    with pytest.raises(LedgerError, match="symbolic link"):
        install_key(path, SystemChance())
