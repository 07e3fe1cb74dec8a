"""What re-ranking costs: time for a list of 50 beside the ranker before it that orders 200.

    python benchmarks/rerank_speed.py [--products 20000] [--json docs/results/rerank_speed.json]

A market's users shop for a day; every network of `rerank.models` is built as it comes (what it has learnt changes
nothing of what it costs) and asked as the cascade asks it, one request at a time, on one thread: who asks has a
history, and lists are drawn at random from the catalogue. Rules are asked the same way. A stage's time has the features
of who asks and of the list in it; `features_ms` is how much of it that is.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch
from prerank_speed import listed, median_ms
from rounding import rounded

from emptor.cascade import Candidates, Requests, Stage
from emptor.evaluate.report import environment
from emptor.market.config import WorldConfig
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.rank.loading import Ranker
from emptor.rank.models import build as build_ranker
from emptor.rank.scale import Scale, input_spec
from emptor.rank.trained import RankerOptions, TrainedRanking
from emptor.rerank.loading import LoadedReranker, list_spec
from emptor.rerank.models import MODELS, build
from emptor.rerank.names import GREEDY
from emptor.rerank.products import ListProducts
from emptor.rerank.stage import GreedyOptions, RerankerOptions, Reranking
from emptor.rerank.texts import TextBasis
from emptor.rerank.trained import KnownLists
from emptor.shop.features import CONTEXT, NUMERIC, Features, FeatureSpec
from emptor.shop.shop import Shop

SEED = 79
LIST, RANKED = 50, 200
RANKER = "dnn_crosses"


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
            content = measured(shop)
    for row in content["rows"]:
        print(row)
    if args.json is not None:
        command = shlex.join(["python", "benchmarks/rerank_speed.py", *sys.argv[1:]])
        content = {"command": command, "env": environment(), "products": args.products, **rounded(content)}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def measured(shop: Shop) -> dict[str, Any]:
    """The ranker before, and a row for each way to re-rank."""
    view = shop.view()
    spec = FeatureSpec.of(view)
    features = Features.as_published(shop, view.generation, spec)
    users = shop.events.read().select("user_id").drop_nulls().unique(maintain_order=True).head(50).collect()
    queries = shop.events.read().select("query").drop_nulls().unique(maintain_order=True).head(50).collect()
    scale = Scale(*(np.stack([np.zeros(own), np.ones(own)]).astype(np.float32) for own in (len(NUMERIC), len(CONTEXT))))
    requests = [
        Requests.of([query], user_ids=[user], now=int(time.time() * 1e6))
        for user, query in zip(users["user_id"].to_list(), queries["query"].to_list(), strict=False)
    ]
    rng = np.random.default_rng(0)
    lists = {size: [listed(rng, view.rows, size) for _ in requests] for size in (LIST, RANKED)}
    ranker = Ranker(build_ranker(RANKER, input_spec(spec)).eval(), spec, scale)
    before = TrainedRanking(view, ranker, features, RankerOptions(best=RANKED))
    start = time.perf_counter()
    texts = TextBasis.of(features.words, features.count)
    products = ListProducts.of(features, texts)
    read_s = time.perf_counter() - start
    stages: dict[str, Stage] = {
        name: Reranking(view, KnownLists(products), GreedyOptions(best=LIST), rule=name)  # type: ignore[arg-type]
        for name in GREEDY
    }
    for name in MODELS:
        loaded = LoadedReranker(build(name, list_spec(spec)).eval(), spec, scale, texts)
        stages[name] = Reranking(view, KnownLists(products, features, loaded), RerankerOptions(best=LIST), rule="none")
    own = lists[LIST]
    floor = median_ms(partial(_described, features, requests, own), len(own))
    rows = [
        {"model": name, "p50_ms": median_ms(partial(_staged, stage, requests, own), len(own))}
        for name, stage in stages.items()
    ]
    return {
        "list": LIST,
        "read_s": read_s,
        "features_ms": floor,
        "ranker": {
            "model": RANKER,
            "candidates": RANKED,
            "p50_ms": median_ms(partial(_staged, before, requests, lists[RANKED]), len(own)),
        },
        "rows": rows,
    }


def _staged(stage: Stage, requests: list[Requests], lists: list[Candidates], at: int) -> object:
    return stage(requests[at], lists[at])


def _described(features: Features, requests: list[Requests], lists: list[Candidates], at: int) -> object:
    request, own = requests[at], lists[at]
    users, queries = request.user_id.tolist(), request.query.tolist()
    return features.describe(users, queries, request.now, own.product, own.mask)


if __name__ == "__main__":
    main()
