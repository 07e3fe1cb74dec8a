"""What pre-ranking costs: time for 1,000 and 10,000 candidates beside the bare matrix product, and memory for products.

    python benchmarks/prerank_speed.py [--products 20000] [--json docs/results/prerank_speed.json]

A market's users shop for a day; every network of `prerank.models` is built as it comes (what it has learnt changes
nothing of what it costs) and asked as the cascade asks it, one request at a time, on one thread: who asks has a
history, and candidates are drawn at random from the catalogue. The floor is the product of the candidates' vectors and
the request's, gathered from the table of all products.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from rounding import rounded

from emptor.cascade import Candidates, Requests
from emptor.evaluate.report import environment
from emptor.market.config import WorldConfig
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.prerank.loading import LoadedPreranker
from emptor.prerank.models import MODELS, build
from emptor.prerank.stage import PrerankerOptions
from emptor.prerank.trained import TrainedPreranking
from emptor.rank.scale import Scale, input_spec
from emptor.shop.features import CONTEXT, NUMERIC, Features, FeatureSpec
from emptor.shop.shop import Shop

SEED = 78
SIZES = (1_000, 10_000)
_TIMES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        shop_path = Path(folder) / "shop"
        new_market(shop_path, WorldConfig.of("demo", seed=SEED, products=args.products, users=args.products))
        run_market(shop_path, days=1)
        with Shop.open(shop_path) as shop:
            rows = measured(shop)
    for row in rows:
        print(row)
    if args.json is not None:
        command = shlex.join(["python", "benchmarks/prerank_speed.py", *sys.argv[1:]])
        content = {"command": command, "env": environment(), "products": args.products, "rows": rounded(rows)}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def measured(shop: Shop) -> list[dict[str, Any]]:
    """A row for each network."""
    view = shop.view()
    spec = FeatureSpec.of(view)
    features = Features.as_published(shop, view.generation, spec)
    users = shop.events.read().select("user_id").drop_nulls().unique(maintain_order=True).head(50).collect()
    queries = shop.events.read().select("query").drop_nulls().unique(maintain_order=True).head(50).collect()
    scale = Scale(*(np.stack([np.zeros(own), np.ones(own)]).astype(np.float32) for own in (len(NUMERIC), len(CONTEXT))))
    rng, found = np.random.default_rng(0), []
    requests = [
        Requests.of([query], user_ids=[user], now=int(time.time() * 1e6))
        for user, query in zip(users["user_id"].to_list(), queries["query"].to_list(), strict=False)
    ]
    lists = {size: [listed(rng, view.rows, size) for _ in requests] for size in SIZES}
    for name in MODELS:
        loaded = LoadedPreranker(build(name, input_spec(spec)).eval(), spec, scale)
        start = time.perf_counter()
        vectors = loaded.vectors(features.products)
        row: dict[str, Any] = {"model": name, "vectors_s": time.perf_counter() - start}
        row["mib_per_million"] = None if vectors is None else vectors[0].nbytes * 1e6 / 2**20
        stage = TrainedPreranking(view, loaded, features, vectors, depth=200, options=PrerankerOptions())
        for size in SIZES:
            own = lists[size]
            row[f"p50_ms@{size}"] = median_ms(partial(_staged, stage, requests, own), len(own))
            if vectors is not None:
                flat = vectors.reshape(len(vectors), -1)
                row[f"floor_ms@{size}"] = median_ms(partial(_product, flat, own), len(own))
        row["candidates_per_s"] = SIZES[0] / row[f"p50_ms@{SIZES[0]}"] * 1e3
        found.append(row)
    return found


def _staged(stage: TrainedPreranking, requests: list[Requests], lists: list[Candidates], at: int) -> object:
    return stage(requests[at], lists[at])


def _product(flat: np.ndarray, lists: list[Candidates], at: int) -> object:
    return flat[lists[at].product[0]] @ flat[0]


def listed(rng: np.random.Generator, rows: int, size: int) -> Candidates:
    """Candidates of one request, drawn at random."""
    chosen = rng.permutation(rows)[:size] if size <= rows else rng.integers(0, rows, size)
    return Candidates(chosen[None], -np.arange(size, dtype=np.float32)[None], np.ones((1, size), bool))


def median_ms(ask: Callable[[int], object], count: int) -> float:
    """Of single requests, one after the other."""
    times = []
    for at in range(_TIMES):
        start = time.perf_counter()
        ask(at % count)
        times.append(time.perf_counter() - start)
    return float(np.median(times[20:])) * 1e3


if __name__ == "__main__":
    main()
