"""`make sim SEEDS=N`: run N worlds, or one to replay: `python -m tests.simulation --seed 4711`."""

from __future__ import annotations

import sys

from tests.simulation.world import simulate


def main() -> None:
    """Run the seeds; exit 1 at the first broken promise."""
    if sys.argv[1:2] == ["--seed"]:
        seeds = range(int(sys.argv[2]), int(sys.argv[2]) + 1)
    else:
        seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    requests = attempts = deaths = steps = unknown = 0
    for seed in seeds:
        outcome = simulate(seed)
        requests, attempts = requests + outcome.requests, attempts + outcome.attempts
        deaths, steps = deaths + outcome.deaths, steps + outcome.steps
        unknown += outcome.unknown
        if outcome.broken:
            print(f"seed {seed} (replay: python -m tests.simulation --seed {seed}):")
            for promise in outcome.broken[:20]:
                print(f"  {promise}")
            raise SystemExit(1)
    told = f"{len(seeds)} worlds, {requests} requests, {attempts} attempts, {unknown} of unknown cost"
    print(f"{told}, {deaths} deaths, {steps} steps of the clock: every promise kept")


if __name__ == "__main__":
    main()
