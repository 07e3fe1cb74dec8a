"""Trained retrieval: how long a shop trains, how fast it encodes, and what its index finds in which time.

    python benchmarks/retrieval_speed.py [--sizes 50000 500000] [--json docs/results/retrieval_speed.json]

A market's users search and choose until its log has `--pairs` pairs; SMAR is trained on it by the command line's own
recipe, preset `small`, on two threads, and all products are encoded: that is what a shop waits for. Then the listings
of a larger world are encoded (text alone, since drawing half a million pictures takes hours), and its queries asked of
the index: the channel's against FAISS's own HNSW as it comes, with as many links and any number of steps, and both
against exact search. The gate asks an index of [S_m ; S_t] by [Q ; 0] or [0 ; Q], so recall is told apart by what it
decides. The index is asked on one thread, one query at a time.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import orjson
import polars as pl
import torch
from rounding import rounded

from emptor.assembly import Assembler
from emptor.evaluate.report import environment
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.making import open_world
from emptor.market.policies import Matching
from emptor.market.record import Recorder
from emptor.market.world.listing import listings
from emptor.market.world.world import World
from emptor.progress import step
from emptor.reproduce.shops import catalogue
from emptor.retrieve.dense import HNSW_LINKS, VectorIndex, steps
from emptor.retrieve.listings import Texts, texts_in
from emptor.retrieve.loading import LoadedRetriever, load_retriever
from emptor.retrieve.recipe import train_retriever
from emptor.retrieve.samples import CHOSEN
from emptor.retrieve.train import RetrievalOptions
from emptor.retrieve.trained import TrainedRetrievers
from emptor.shop.images import ImageStore
from emptor.shop.shop import Shop

SEED = 77
DEPTH = 100
ASKED = 1_000
_CHUNK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=[50_000, 500_000])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        training, loaded = trained(Path(folder) / "shop", args.products, args.pairs)
        result = {
            "command": shlex.join(["python", *sys.argv]),
            "env": {**environment(), "faiss": faiss.__version__, "torch": torch.__version__},
            "training": training,
            "rows": [indexed(loaded, size) for size in args.sizes],
        }
    result = rounded(result)
    print(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    if args.json:
        args.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")


def trained(folder: Path, products: int, wanted: int) -> tuple[dict[str, float], LoadedRetriever]:
    """A shop with a log, and its retriever: seconds of each part."""
    config = WorldConfig.of("study", seed=SEED, products=products, users=40_000, queries=30_000, days=1)
    catalogue(folder, config)
    with Shop.open(folder) as shop:
        world = open_world(shop, config)
        recorder = Recorder(world, shop.events)
        loop = Loop(world, Matching(world), record=recorder)
        pairs, days = 0, 0
        with step("Users shop", total=wanted) as bar:
            while pairs < wanted:
                loop.day(days)
                recorder.end(days)
                days += 1
                now = pairs_in(shop)
                bar.advance(min(now, wanted) - min(pairs, wanted))
                pairs = now
        torch.set_num_threads(2)
        start = time.perf_counter()
        model = train_retriever(shop, Assembler(shop).lexical, options=RetrievalOptions(seed=SEED))
        fitted = time.perf_counter()
        TrainedRetrievers(shop).encode_all(model.path)
        done = time.perf_counter()
        rows = shop.view().rows
        loaded = load_retriever(model.path)
    return {
        "products": rows,
        "pairs": pairs,
        "train_s": fitted - start,
        "encode_s": done - fitted,
        "encoded_per_s": rows / (done - fitted),
        "both_s": done - start,
        **{name: value for name, value in model.metrics.items() if "@" in name},
    }, loaded


def pairs_in(shop: Shop) -> int:
    """How many pairs of a query and a product the log has by now."""
    chosen = shop.events.read().filter(pl.col("action").is_in(CHOSEN) & pl.col("query").is_not_null())
    return chosen.select("query", "product_id").unique().collect(engine="streaming").height


def indexed(loaded: LoadedRetriever, size: int) -> dict[str, Any]:
    """What the index of a catalogue of about that size costs and finds."""
    world = World(WorldConfig.of("study", seed=SEED + 1, products=size // 2, users=1_000, queries=4_000, days=1))
    texts = said(world, size)
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as empty:
        start = time.perf_counter()
        vectors = loaded.products(texts, ImageStore(Path(empty)))
        encoding = time.perf_counter() - start
    asked = loaded.encode(world.queries.text[:ASKED].tolist())
    index = VectorIndex(vectors, exact_below=0)
    start = time.perf_counter()
    index.near(asked[:1], DEPTH)  # builds it
    building = time.perf_counter() - start
    exact = np.stack([best(index.vectors, one) for one in asked])
    by_gate = asked[:, : loaded.width // 2].any(1)
    ours, found = timed(lambda one: index.near(one[None], DEPTH)[1][0], asked)
    plain = faiss.IndexHNSWFlat(index.vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    plain.hnsw.efConstruction = 40  # its own default
    start = time.perf_counter()
    plain.add(index.vectors)
    plain_building = time.perf_counter() - start
    beside = {}
    for kept in (128, 200, 256, 400, 512, 800):
        plain.hnsw.efSearch = kept
        took, own = timed(lambda one: plain.search(one[None], DEPTH)[1][0], asked)
        beside[str(kept)] = {"p50_ms": took, "recall@100": recall(own, exact)}
    flat, _ = timed(lambda one: best(index.vectors, one), asked[:200])
    return {
        "products": len(index.rows),
        "width": index.vectors.shape[1],
        "encoded_per_s": len(texts) / encoding,
        "build_s": building,
        "vectors_mib": index.vectors.nbytes / 2**20,
        "links_mib": (len(faiss.serialize_index(plain)) - index.vectors.nbytes) / 2**20,
        "steps": steps(DEPTH),
        "p50_ms": ours,
        "recall@100": recall(found, exact),
        "recall@100, with picture": recall(found[by_gate], exact[by_gate]),
        "recall@100, by text": recall(found[~by_gate], exact[~by_gate]),
        "with picture": float(by_gate.mean()),
        "exact_p50_ms": flat,
        "exact_floor_ms": index.vectors.nbytes / read_rate() * 1e3,
        "faiss": {"build_s": plain_building, "by_steps": beside},
    }


def said(world: World, size: int) -> Texts:
    """The words of a world's listings, as a catalogue has them."""
    rows = np.arange(min(size, len(world.products)))
    products: list[dict[str, Any]] = []
    with step("Writing listings", total=len(rows)) as bar:
        for at in range(0, len(rows), _CHUNK):
            part = rows[at : at + _CHUNK]
            for own in listings(world.products, part, seed=SEED, epoch=datetime(2026, 1, 1, tzinfo=UTC)):
                attributes = {name: [str(value)] for name, value in (own.get("attributes") or {}).items()}
                products.append(
                    {
                        "title": own["title"],
                        "category": own["category"],
                        "brand": own.get("brand"),
                        "attributes": attributes,
                        "image_file": None,
                    }
                )
            bar.advance(len(part))
    return texts_in(products)


def best(vectors: np.ndarray, one: np.ndarray) -> np.ndarray:
    scores = vectors @ one
    near = np.argpartition(-scores, DEPTH)[:DEPTH]
    return near[np.argsort(-scores[near], kind="stable")]


def recall(found: np.ndarray, exact: np.ndarray) -> float:
    """Of the exact nearest, the share that was found; NaN of no queries."""
    if not len(found):
        return float("nan")
    return float(np.mean([len(np.intersect1d(one, other)) / DEPTH for one, other in zip(found, exact, strict=True)]))


def timed(ask: Callable[[np.ndarray], np.ndarray], queries: np.ndarray) -> tuple[float, np.ndarray]:
    """(median milliseconds, what was found)."""
    ask(queries[0])
    took, found = [], []
    for one in queries:
        start = time.perf_counter()
        found.append(ask(one))
        took.append(time.perf_counter() - start)
    return float(np.median(took) * 1e3), np.stack(found)


def read_rate() -> float:
    """Bytes a second that one thread reads of memory: what exact search cannot be faster than."""
    block = np.ones(1 << 26, np.float32)
    best = min(_seconds(lambda: block @ block) for _ in range(5))
    return block.nbytes / best


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
