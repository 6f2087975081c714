"""`make bench`: what we claim, measured beside what users would pick instead. Prints ratios; asserts nothing.

`python -m benchmarks NAME ...` runs some of them. Quote ratios from one run, never absolute times.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main() -> None:
    """Run the named benchmarks, or all that need no arguments."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit(f"no benchmark is called {unknown[0]!r}; there are {', '.join(known)}")
    for name in wanted:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n# {name}: {(module.__doc__ or '').splitlines()[0]}")
        module.main()


if __name__ == "__main__":
    main()
