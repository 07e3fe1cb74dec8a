"""What diversity without training costs: a DPP by its growing Cholesky factor, by determinants, and MMR, in one run.

    python benchmarks/dpp_speed.py [--repeats 5] [--json docs/results/dpp_speed.json]

20 products are chosen out of 50 and 200, for one list and for 64 at once, on one thread. Both ways to the DPP choose
the same, which is checked. By determinants: at each step the log determinant of what is chosen with each candidate, all
candidates of a step in one call of numpy's slogdet, list after list. Ways take turns, and the median of the repeats is
told.
"""

from __future__ import annotations

import os

# before numpy is loaded, or its threads would be counted as the method's
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rounding import rounded

from emptor.evaluate.report import environment
from emptor.rerank.dpp import dpp
from emptor.rerank.mmr import mmr

SEED = 5
CANDIDATES = (50, 200)
LISTS = (1, 64)
DEPTH = 20
WIDTH = 64
WINDOW = 10
BALANCE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = [measured(many, width, repeats=args.repeats) for width in CANDIDATES for many in LISTS]
    for row in rows:
        print(row)
    if args.json is not None:
        command = shlex.join(["python", "benchmarks/dpp_speed.py", *sys.argv[1:]])
        content = {"command": command, "env": environment(), "depth": DEPTH, "width": WIDTH, "window": WINDOW}
        content["rows"] = rounded(rows)
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def measured(lists: int, candidates: int, *, repeats: int) -> dict[str, Any]:
    """A row: milliseconds of each way for all lists, and how many times as long as the factor the others take."""
    rng = np.random.default_rng(SEED)
    alike = rng.normal(size=(lists, candidates, WIDTH))
    alike /= np.linalg.norm(alike, axis=2, keepdims=True)
    score, there = rng.normal(size=(lists, candidates)), np.ones((lists, candidates), bool)
    ways: dict[str, Callable[[], np.ndarray]] = {
        "dpp": partial(dpp, score, alike, there, balance=BALANCE, depth=DEPTH),
        "dpp_window": partial(dpp, score, alike, there, balance=BALANCE, depth=DEPTH, window=WINDOW),
        "mmr": partial(mmr, score, alike, there, depth=DEPTH),
        "determinants": partial(by_determinants, score, alike),
    }
    if not np.array_equal(ways["dpp"]()[:, :DEPTH], ways["determinants"]()):
        raise SystemExit("the two ways to the DPP chose other products: one of them is wrong")
    ways["mmr"]()
    ways["dpp_window"]()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            few = 1 if name == "determinants" else 5
            start = time.perf_counter()
            for _ in range(few):
                way()
            times[name].append((time.perf_counter() - start) / few)
    took = {name: float(np.median(own)) * 1e3 for name, own in times.items()}
    return {
        "candidates": candidates,
        "lists": lists,
        **{f"{name}_ms": own for name, own in took.items()},
        **{f"{name}_by_dpp": own / took["dpp"] for name, own in took.items() if name != "dpp"},
    }


def by_determinants(score: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """[B, DEPTH]: what a greedy DPP chooses, by determinants of its kernel."""
    return np.stack([_one(*own) for own in zip(score, alike, strict=True)])


def _one(score: np.ndarray, alike: np.ndarray) -> np.ndarray:
    quality = np.exp(BALANCE / (2 * (1 - BALANCE)) * (score - score.mean()) / score.std())
    kernel = quality[:, None] * (1 + alike @ alike.T) / 2 * quality
    chosen: list[int] = []
    for _ in range(DEPTH):
        left = np.setdiff1d(np.arange(len(score)), chosen)
        sets = np.concatenate([np.tile(np.array(chosen, np.int64), (len(left), 1)), left[:, None]], axis=1)
        found = np.linalg.slogdet(kernel[sets[:, :, None], sets[:, None, :]])[1]
        chosen.append(int(left[found.argmax()]))
    return np.array(chosen)


if __name__ == "__main__":
    main()
