"""All comparisons, one after the other: about two hours on one core.

python -m benchmarks.market_pairs.everything [--quick]
"""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    *("bounds", "same", "switches", "retrieval", "preranking"),
    *("diversity", "personalisation", "attention", "exploration"),
)


def main() -> None:
    for name in NAMES:
        print(f"## {name}", flush=True)
        # each in a process of its own: a world's memory goes with it
        subprocess.run([sys.executable, "-m", f"benchmarks.market_pairs.{name}", *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
