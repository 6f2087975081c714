"""What one call costs in processor time: our engine as `cockpit ask` wires it, beside what others pick.

Every caller is a process of its own, with its threads; the server is another one and not counted. Rounds go
in turn, medians are kept. `COCKPIT_BENCH_CALLERS=engine,client` measures some of them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

FOLDER = Path(__file__).parent / "callers"
ROOT = FOLDER.parent.parent
ROUNDS = int(os.environ.get("COCKPIT_BENCH_ROUNDS", "3"))
CASES = {
    "plain 0.4 kB": {"bytes": 400, "pieces": 0, "at_once": 1, "calls": 200},
    "plain 8 kB": {"bytes": 8_000, "pieces": 0, "at_once": 1, "calls": 150},
    "plain 200 kB": {"bytes": 200_000, "pieces": 0, "at_once": 1, "calls": 40},
    "20 pieces": {"bytes": 400, "pieces": 20, "at_once": 1, "calls": 100},
    "200 pieces": {"bytes": 400, "pieces": 200, "at_once": 1, "calls": 40},
    "32 at once, 0.4 kB": {"bytes": 400, "pieces": 0, "at_once": 32, "calls": 320},
    "32 at once, 200 kB": {"bytes": 200_000, "pieces": 0, "at_once": 32, "calls": 96},
}
OURS, BARE = "engine", "client"
HERE = (OURS, BARE, "httpx2_bytes", "openai_sdk")


class Caller:
    """A process that makes calls."""

    def __init__(self, name: str, python: Path, url: str, until: ExitStack) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
        self._process = until.enter_context(
            subprocess.Popen(
                [python, str(FOLDER / "driver.py"), name, url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
        )
        until.callback(self._process.kill)

    def measure(self, case: dict[str, int]) -> dict[str, float]:
        """Return what its calls of one case cost."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        told: dict[str, float] = json.loads(self._process.stdout.readline() or "null") or {}
        return told


def main() -> None:
    """Measure and print: the processor time of a call, and the bare client's times that of each caller."""
    names = dict.fromkeys(HERE, Path(sys.executable))
    if wanted := os.environ.get("COCKPIT_BENCH_CALLERS"):
        names = {name: names[name] for name in wanted.split(",")}
    with ExitStack() as until:
        server = until.enter_context(
            subprocess.Popen([sys.executable, str(FOLDER / "server.py")], stdout=subprocess.PIPE, text=True)
        )
        until.callback(server.kill)
        assert server.stdout
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        callers = {name: Caller(name, python, url, until) for name, python in names.items()}
        for caller in callers.values():
            for case in CASES.values():  # everything is imported, connected and compiled
                caller.measure({**case, "calls": case["at_once"] + 2})
        told = {name: _medians(callers, case) for name, case in CASES.items()}
    _print(told)


def _medians(callers: dict[str, Caller], case: dict[str, int]) -> dict[str, dict[str, float]]:
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in callers}
    for _ in range(ROUNDS):
        for name, caller in callers.items():
            rounds[name].append(caller.measure(case))
    return {
        name: {what: statistics.median(one[what] for one in each) for what in each[0]}
        for name, each in rounds.items()
        if all(each)
    }


def _print(told: dict[str, dict[str, dict[str, float]]]) -> None:
    for case, callers in told.items():
        print(f"\n{case}")
        bare = callers[BARE]["cpu_us"] if BARE in callers else None
        for name, took in callers.items():
            over = f"{took['cpu_us'] - bare:9,.0f} over the bare client" if bare and name != BARE else ""
            print(
                f"  {name:16} {took['cpu_us']:9,.0f} us of processor time {over:38}"
                f" p50 {took['p50_ms']:7.2f} ms, p99 {took['p99_ms']:7.2f} ms"
            )
