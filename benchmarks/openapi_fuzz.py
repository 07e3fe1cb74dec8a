"""Does the server do what its OpenAPI document says? Counts of generated cases, statuses and failures, by operation.

    python benchmarks/openapi_fuzz.py [--examples 2000] [--seed 1] [--json docs/results/openapi_fuzz.json]

Cases, checks and shop are those of tests/serve/test_openapi.py, in one process. An operation without parameters has
only a few cases. Ends with status 1 where anything failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import orjson

from emptor.evaluate.report import environment
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are no installed package

from tests.golden import write_catalogue
from tests.serve.conftest import running
from tests.serve.openapi_cases import Cases, Tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--examples", type=int, default=2000, help="drawn cases of each operation, beside its boundaries"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        catalogue, images = write_catalogue(Path(folder) / "source")
        with Shop.create(Path(folder) / "shop", name="Golden") as shop:
            import_catalogue(shop, catalogue, images=images)
        with running(Path(folder) / "shop") as client:
            cases = Cases(client)
            for label in cases.operations:
                start = time.perf_counter()
                tally = cases.run(label, examples=args.examples, seed=args.seed)
                rows.append({**row(tally), "seconds": round(time.perf_counter() - start, 1)})
                print(orjson.dumps(rows[-1]).decode(), *tally.told, sep="\n", flush=True)
    statuses: Counter[str] = Counter()
    for own in rows:
        statuses.update(own["statuses"])
    results = {
        "command": "python benchmarks/openapi_fuzz.py "
        f"--examples {args.examples} --seed {args.seed} --json docs/results/openapi_fuzz.json",
        "env": environment(),
        "cases": sum(own["cases"] for own in rows),
        "statuses": dict(sorted(statuses.items())),
        "failures": sum(sum(own["failures"].values()) for own in rows),
        "operations": rows,
    }
    print({name: results[name] for name in ("cases", "statuses", "failures")})
    if args.json:
        args.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    raise SystemExit(1 if results["failures"] else 0)


def row(tally: Tally) -> dict[str, object]:
    """One operation as the result file has it."""
    return {
        "operation": tally.operation,
        "cases": tally.cases,
        "sorts": dict(tally.sorts),
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "failures": dict(tally.failures),
    }


if __name__ == "__main__":
    main()
