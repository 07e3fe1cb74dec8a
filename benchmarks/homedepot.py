"""Lexical search on the Home Depot relevance data: parity with bm25s, and what the default query path adds.

    python benchmarks/homedepot.py [--data ../shared/data] [--json docs/results/homedepot.json]

Queries are split in halves by a hash of their text. Everything that was tuned was tuned on the first half; the figures
are those of the second. Two measures: recall@100 over the full catalogue of products graded 2.33 or more, and accuracy
over the pairs of each judged list (ties count half, random is .5). An unjudged product is not an irrelevant one: recall
counts judged products only, and pairs are judged ones.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shlex
import sys
import tempfile
import time
from pathlib import Path

import bm25s
import numpy as np
import orjson
import polars as pl
import Stemmer

from emptor.engine import Engine
from emptor.evaluate import Judgements, Run, compare, evaluate_run, parse_metrics, read_judgements, summarise
from emptor.evaluate.report import environment
from emptor.shop.importer import ImportResult, import_catalogue
from emptor.shop.shop import Shop

METRICS = ["recall@100:2.33", "pair_accuracy"]
DEPTH = 1000
PLAIN = """
[search]
typos = false
relax_below = 10000
[search.analyser]
units = false
"""
STEPS = {
    "plain BM25": PLAIN,
    "+ units": "[search]\ntypos = false\nrelax_below = 10000\n",
    "+ units, typos": "[search]\nrelax_below = 10000\n",
    "default (+ all words first)": "",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    pairs = args.data / "homedepot_relevance" / "pairs.csv.gz"
    if not pairs.is_file():
        raise SystemExit(f"{pairs} is missing: --data names the folder that holds homedepot_relevance/pairs.csv.gz")
    judgements = read_judgements(
        pairs, maps={"query": "search_term", "product_id": "product_uid", "grade": "relevance"}
    )
    test = second_half(judgements)
    runs: dict[str, Run] = {}
    for name, toml in STEPS.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "shop.toml").write_text(f"format = 1\n{toml}")
            with Shop.open(folder) as shop:
                start = time.perf_counter()
                result = import_pairs(shop, pairs)
                print(
                    f"{name}: {result.products:,} products imported in {time.perf_counter() - start:.1f} s",
                    flush=True,
                )
            with Engine.open(folder) as engine:
                runs[name] = run_engine(engine, test, name)
                if name == "plain BM25":
                    products = [engine.view.product(row) for row in range(engine.view.rows)]
    runs["bm25s"] = run_bm25s(products, test)
    report(judgements=test, runs=runs, path=args.json)


def import_pairs(shop: Shop, pairs: Path) -> ImportResult:
    """The pairs file as a catalogue: a product is repeated for every query it was judged for."""
    return import_catalogue(
        shop, pairs, maps={"product_id": ["product_uid"]}, ignore=["id", "search_term", "relevance"]
    )


def second_half(judgements: Judgements) -> Judgements:
    """The queries on which nothing was tuned."""
    texts = judgements.queries["query"].unique().to_list()
    kept = [text for text in texts if hashlib.blake2b(text.encode(), digest_size=1).digest()[0] & 1]
    return Judgements.of(judgements.frame.filter(pl.col("query").is_in(kept)), path=judgements.path)


def run_engine(engine: Engine, judgements: Judgements, name: str) -> Run:
    from emptor.cascade import Requests

    rankings, scores = {}, {}
    queries = judgements.queries.select("query_id", "query").rows()
    for start in range(0, len(queries), 256):
        part = queries[start : start + 256]
        candidates = engine.run(Requests.of([text for _, text in part])).candidates
        for at, (query_id, _) in enumerate(part):
            rows, values = candidates.row(at)
            rankings[query_id] = engine.view.product_ids(rows)
            scores[query_id] = values.tolist()
    return Run(rankings=rankings, scores=scores, name=name)


def run_bm25s(products: list[dict], judgements: Judgements) -> Run:
    """The peer: same stemmer, k1 and b; words as plain BM25 reads them."""
    stem = Stemmer.Stemmer("english").stemWord

    def tokens(text: str) -> list[str]:
        words = [word.removesuffix("'s").replace("'", "") for word in re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())]
        return [stem(word) for word in words]

    retriever = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    retriever.index([tokens(product["title"]) for product in products], show_progress=False)
    ids = [product["product_id"] for product in products]
    rankings, scores = {}, {}
    for query_id, text in judgements.queries.select("query_id", "query").rows():
        wanted = list(dict.fromkeys(tokens(text)))
        values = retriever.get_scores(wanted) if any(w in retriever.vocab_dict for w in wanted) else np.zeros(len(ids))
        best = np.lexsort((np.arange(len(ids)), -values))[:DEPTH]
        best = best[values[best] > 0]
        rankings[query_id] = [ids[at] for at in best]
        scores[query_id] = values[best].tolist()
    return Run(rankings=rankings, scores=scores, name="bm25s")


def report(*, judgements: Judgements, runs: dict[str, Run], path: Path | None) -> None:
    metrics = parse_metrics(METRICS)
    results = {name: evaluate_run(judgements, run, metrics) for name, run in runs.items()}
    rows, tests = [], []
    for name, result in results.items():
        rows += [
            {"model": name, "metric": own.metric.name, "mean": own.mean, "ci95": [own.low, own.high], "n": own.n}
            for own in summarise(result, seed=0)
        ]
    for name in [*list(STEPS)[1:], "bm25s"]:
        tests += [
            {
                "a": name,
                "b": "plain BM25",
                "metric": c.metric.name,
                "diff": c.diff,
                "ci95": [c.low, c.high],
                "p": c.p,
                "p_holm": c.p_holm,
            }
            for c in compare(results[name], results["plain BM25"], seed=0)
        ]
    frame = pl.DataFrame([{"model": r["model"], r["metric"]: r["mean"]} for r in rows])
    print(frame.group_by("model", maintain_order=True).agg(pl.all().drop_nulls().first()))
    for test in tests:
        print(f"{test['a']} - {test['b']}, {test['metric']}: {test['diff']:+.4f} {test['ci95']} p={test['p']:.4g}")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "method": "lexical search", "dataset": "homedepot_relevance, second half of the queries by hash",
            "command": shlex.join(["python", *sys.argv]), "env": environment(), "rows": rows, "tests": tests,
        }  # fmt: skip
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
