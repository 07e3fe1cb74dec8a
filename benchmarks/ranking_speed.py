"""How fast rankers are trained, and what it costs to score with them.

    python benchmarks/ranking_speed.py [--rounds 5] [--json docs/results/ranking_speed.json]

Training: rows (products shown) a second of our deep interest network, and of one out of FuxiCTR's own layers, loader
and loop (`ranking_speed_fuxictr.py`) on the same rows, widths, history, batch and one thread. They take turns for some
rounds, each an epoch from new weights; medians, and the median of the rounds' ratios. FuxiCTR is not among the
dependencies: `pip install fuxictr`, or this part is left out. Bound: at least twice its rows a second, at an AUC on the
test days that is not below its by more than .002.

Scoring: the median time of one request's 200 candidates, features apart, of every network and of the trees, one thread.
Beside each network its multiply-adds over what the machine does of them in a large matrix product: the floor.

The log is of a small world of the market; the pages of its last days are in random order.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from emptor.evaluate.report import environment
from emptor.learn.seeds import seeded
from emptor.market.config import WorldConfig
from emptor.rank.examples import Examples, examples_of
from emptor.rank.loading import Ranker
from emptor.rank.models import MODELS, build, size
from emptor.rank.models.inputs import RankBatch
from emptor.rank.names import TREES
from emptor.rank.quality import auc, grouped_auc
from emptor.rank.scale import Scale, batch_of, input_spec
from emptor.rank.train import TrainOptions, fit_ranker, scored
from emptor.rank.trees import TreeOptions
from emptor.rank.trees_fit import fit_trees
from emptor.reproduce.ranking.market import log_of
from emptor.shop.features import Arrays, Features

WORLD = WorldConfig.of(
    "study", seed=12, users=6_000, products=8_000, queries=12_000, days=12, catalogue={"pictures": False, "churn": 0}
)
BATCH, RATE, RIVAL_RATE = 4_096, 2e-3, 2e-3
CANDIDATES = 200
ASKED = 40
"""Requests that are timed in each round."""


@dataclass(frozen=True)
class Data:
    """A log as examples, and what makes features of requests."""

    features: Features
    learnt: Examples
    validated: Examples
    tested: Examples
    asked: list[tuple[str | None, str | None, int]]
    """User, query and moment of pages of the test."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = read()
    results = {
        "command": shlex.join(["python", "benchmarks/ranking_speed.py", *sys.argv[1:]]),
        "world": WORLD.hash,
        "rows": {name: int(getattr(data, name).mask.sum()) for name in ("learnt", "validated", "tested")},
        "training": training(data, arguments.rounds),
        "scoring": scoring(data, arguments.rounds),
        "load": [round(own, 2) for own in os.getloadavg()],
        "env": {**environment(), "torch": torch.__version__},
    }
    print(orjson.dumps(results, option=orjson.OPT_INDENT_2).decode())
    if arguments.json is not None:
        arguments.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")


def read() -> Data:
    """The log of the small world."""
    with tempfile.TemporaryDirectory(prefix="ranking-speed-") as folder:
        log = log_of(Path(folder) / "shop", WORLD)
        learnt, validated, tested = (examples_of(log.features, part) for part in log.pages)
    late = log.pages[2]
    asked = list(zip(late.user_id.tolist(), late.query.tolist(), late.now.tolist(), strict=True))
    return Data(log.features, learnt, validated, tested, asked)


def training(data: Data, rounds: int) -> dict[str, Any]:
    """Both networks, one epoch a round, in turns."""
    scale = data.learnt.scale(seed=0)
    runs: dict[str, Callable[[int], dict[str, float]]] = {"emptor": lambda seed: ours(data, scale, seed)}
    if find_spec("fuxictr") is None:
        print("FuxiCTR is not installed (pip install fuxictr): nothing to compare the training with", flush=True)
    with tempfile.TemporaryDirectory(prefix="ranking-speed-") as folder:
        if find_spec("fuxictr") is not None:
            from ranking_speed_fuxictr import Rival

            rival = Rival(input_spec(data.features.spec), data.learnt, data.tested, scale, Path(folder), BATCH)
            runs["fuxictr"] = lambda seed: theirs(data, rival, seed)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
        for seed in range(-1, rounds):  # the first round is to get warm
            for name, run in runs.items():
                own = run(max(seed, 0))
                if seed >= 0:
                    found[name].append(own)
                    print(f"# round {seed + 1}, {name}: {own}", flush=True)
    results: dict[str, Any] = {"batch": BATCH, "rounds": rounds, "runs": found}
    results["median"] = {
        name: {key: statistics.median(own[key] for own in each) for key in each[0]} for name, each in found.items()
    }
    if "fuxictr" in found:
        both = list(zip(found["emptor"], found["fuxictr"], strict=True))
        for key in ("rows_per_s", "rows_per_cpu_s"):
            results[f"times_{key}"] = statistics.median(mine[key] / its[key] for mine, its in both)
        results["auc_above"] = statistics.median(mine["auc"] - its["auc"] for mine, its in both)
    return results


def ours(data: Data, scale: Scale, seed: int) -> dict[str, float]:
    """One epoch of our network, and what it is worth. The validation that ends an epoch is of few pages."""
    with seeded(seed, "weights"):
        net = build("din", input_spec(data.features.spec))
    # the rival knows neither places nor purchases
    options = TrainOptions(epochs=1, batch=BATCH, lr=RATE, position=False, purchase_weight=0, seed=seed)
    few = data.validated.take(np.arange(50))
    with stopwatch() as took:
        fit_ranker(net, data.learnt, few, scale, options=options)
    there = data.tested.mask
    logits = scored(net, data.tested, scale)[there][:, 0]
    return figures(data.learnt, data.tested, logits, took)


def theirs(data: Data, rival: Any, seed: int) -> dict[str, float]:
    """One epoch of FuxiCTR's."""
    with seeded(seed, "weights"):
        model = rival.model(lr=RIVAL_RATE)
        with stopwatch() as took:
            rival.fit(model)
    return figures(data.learnt, data.tested, rival.logits(model), took)


def figures(learnt: Examples, tested: Examples, logits: np.ndarray, took: Stopwatch) -> dict[str, float]:
    """Rows a second of learning, and how well the clicks of the test are foretold."""
    there, rows = tested.mask, int(learnt.mask.sum())
    clicked = tested.outcomes.clicked[there]
    return {
        "rows_per_s": rows / took.wall,
        "rows_per_cpu_s": rows / took.cpu,
        "auc": auc(logits, clicked),
        "gauc": grouped_auc(logits, clicked, np.nonzero(there)[0])[0],
    }


@dataclass
class Stopwatch:
    """Seconds of a block: by the clock, and of this process's processors (a worker beside it is not in them)."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    own = Stopwatch()
    wall, cpu = time.perf_counter(), time.process_time()
    yield own
    own.wall, own.cpu = time.perf_counter() - wall, time.process_time() - cpu


def scoring(data: Data, rounds: int) -> dict[str, Any]:
    """Milliseconds of one request's 200 candidates: features, then each model; in turns, the median of all."""
    spec, scale = input_spec(data.features.spec), data.learnt.scale(seed=0)
    nets: dict[str, nn.Module] = {name: build(name, spec) for name in MODELS}
    # trees cost what they have learnt to cost; networks cost the same whatever their weights
    nets[TREES] = fit_trees(spec, data.learnt, data.validated, scale, options=TreeOptions()).net.net
    rankers = {name: Ranker(net.eval(), data.features.spec, scale) for name, net in nets.items()}
    rng = np.random.default_rng(0)
    chosen = [data.asked[at] for at in rng.permutation(len(data.asked))[:ASKED]]
    lists = [np.sort(rng.permutation(data.features.count)[:CANDIDATES])[None] for _ in chosen]
    mask = np.ones((1, CANDIDATES), bool)

    def arrays(at: int) -> Arrays:
        user, query, now = chosen[at]
        return data.features([user], [query], np.array([now]), lists[at], mask)

    times: dict[str, list[float]] = {name: [] for name in ("features", *rankers)}
    rates = []
    for round_ in range(-1, rounds):
        rates.append(matrix_rate())
        for at in range(ASKED):
            start = time.perf_counter()
            given = arrays(at)
            took = {"features": time.perf_counter() - start}
            for name in rng.permutation(list(rankers)).tolist():
                start = time.perf_counter()
                rankers[name](given)
                took[name] = time.perf_counter() - start
            if round_ >= 0:
                for name, own in took.items():
                    times[name].append(own * 1e3)
    rate = statistics.median(rates)
    every = [batch_of(arrays(at), scale) for at in range(ASKED)]
    rows = []
    for name, net in nets.items():
        row: dict[str, Any] = {"model": name, "p50_ms": statistics.median(times[name])}
        if name == TREES:
            row["trees"] = nets[TREES].counts
        else:
            work = statistics.median(multiply_adds(net, batch) for batch in every)
            row |= {"weights": size(net), "multiply_adds": work, "floor_ms": work / rate * 1e3}
            row["times_floor"] = row["p50_ms"] / row["floor_ms"]
        rows.append(row)
    behaviours = statistics.median(int(own.there.sum()) for own in every)
    return {
        "candidates": CANDIDATES,
        "behaviours_p50": behaviours,
        "multiply_adds_per_s": rate,
        "features_p50_ms": statistics.median(times["features"]),
        "rows": rows,
    }


def matrix_rate(width: int = 1_024) -> float:
    """Multiply-adds a second of a large float32 product, one thread; the best of some."""
    a, b = torch.randn(width, width), torch.randn(width, width)
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - start)
    return width**3 / min(seconds)


def multiply_adds(net: nn.Module, batch: RankBatch) -> int:
    """Of the matrix products of one scoring; what is added or compared element by element is not counted."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        net(batch)
    return counter.get_total_flops() // 2


if __name__ == "__main__":
    main()
