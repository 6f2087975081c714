"""Who wrote a row, and whether that process still runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from router.ledger.sqlite.owners import has_died, this_process

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A machine's /proc with one process, 77, that started at tick 500."""
    proc = tmp_path / "proc"
    (proc / "sys/kernel/random").mkdir(parents=True)
    (proc / "sys/kernel/random/boot_id").write_text("boot-1\n")
    (proc / "self/ns").mkdir(parents=True)
    (proc / "self/ns/pid").symlink_to("pid:[42]")
    (proc / "77").mkdir()
    stat(proc, 77, "S", 500)
    return proc


def stat(proc: Path, pid: int, state: str, start: int) -> None:
    middle = " ".join("0" * 18)
    (proc / str(pid) / "stat").write_text(f"{pid} (a b) c) {state} {middle} {start} 0 0\n")


@pytest.mark.parametrize(
    ("owner", "died"),
    [
        ("boot-1 42 77 500", False),
        ("boot-1 42 77 499", True),
        ("boot-1 42 78 500", True),
        ("boot-0 42 77 500", True),
        ("boot-0 7 77 500", True),
        ("boot-1 7 77 500", None),
        ("boot-1 42 x 500", None),
        ("garbage", None),
        ("", None),
    ],
)
def test_an_owner_is_judged_by_boot_namespace_id_and_start(proc: Path, owner: str, died: bool | None) -> None:
    assert has_died(owner, proc) is died


def test_a_process_that_ended_but_was_not_collected_is_dead(proc: Path) -> None:
    stat(proc, 77, "Z", 500)
    assert has_died("boot-1 42 77 500", proc) is True


def test_this_process_lives() -> None:
    assert has_died(this_process()) is False


@linux
def test_the_start_of_a_real_process_is_found() -> None:
    boot, namespace, pid, start = this_process().split(" ")
    assert len(boot) == 36
    assert namespace.isdigit()
    assert (int(pid), int(start) > 0) == (os.getpid(), True)


def test_without_proc_a_process_id_that_is_free_means_dead(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    gone = int(process.stdout)
    assert has_died(f"- - {gone} -", tmp_path) is True
    assert has_died(f"- - {os.getppid()} -", tmp_path) is None
    assert has_died(this_process(tmp_path), tmp_path) is False


@linux
def test_a_machine_that_lost_its_proc_cannot_judge(proc: Path) -> None:
    owner = "boot-1 42 77 500"
    shutil.rmtree(proc / "77")
    assert has_died(owner, proc) is True
