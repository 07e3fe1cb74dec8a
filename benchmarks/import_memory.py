"""Time and peak memory of `emptor import` at 100,000 and 1,000,000 generated products.

    python benchmarks/import_memory.py [--json docs/results/import.json]

Each import is a process of its own, so that its peak is its own. The bound: ten times the rows, at most twice the peak.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from generated import write_csv

from emptor.evaluate.report import environment

CHILD = """
import resource, sys
from pathlib import Path
from emptor.shop.shop import Shop
from emptor.shop.importer import import_catalogue
with Shop.create(sys.argv[1]) as shop:
    result = import_catalogue(shop, Path(sys.argv[2]))
print(result.products, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--keep", type=Path, help="keep the shops in this folder, for other benchmarks")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in args.sizes:
            file = write_csv(Path(folder) / f"{size}.csv", size)
            shop = (args.keep or Path(folder)) / f"shop-{size}"
            start = time.perf_counter()
            run = subprocess.run(
                [sys.executable, "-c", CHILD, str(shop), str(file)],
                stdout=subprocess.PIPE,
                check=True,
                env=os.environ,
            )
            seconds = time.perf_counter() - start
            products, peak_kib = map(int, run.stdout.split())
            rows.append({"products": products, "seconds": round(seconds, 1), "peak_mib": round(peak_kib / 1024)})
            rate = f"{products / seconds:,.0f} rows/s"
            print(f"{products:,} products: {seconds:.1f} s, {rate}, peak {peak_kib / 1024:.0f} MiB")
            file.unlink()
    ratio = rows[-1]["peak_mib"] / rows[0]["peak_mib"]
    print(f"peak memory x{ratio:.2f} for x{rows[-1]['products'] / rows[0]['products']:.0f} rows")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "command": shlex.join(["python", *sys.argv]),
            "env": environment(),
            "rows": rows,
            "ratio": ratio,
        }
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
