"""What the weights of the text fields do, on real fashion products.

    python benchmarks/field_weights.py [--data ../shared/data] [--json docs/results/field_weights.json]

Queries name an article type with one or two of gender, colour and usage ("navy blue women casual shoes"); a product
that has all of them is graded 3, one of the article type alone 1. Titles show only some of these, so what other fields
add can be seen. Queries are split in halves by a hash; weights may be tuned on the first, figures are of the second.
"""

from __future__ import annotations

import argparse
import hashlib
import shlex
import shutil
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import orjson
import polars as pl

from emptor.engine import Engine
from emptor.evaluate import Judgements, Run, compare, evaluate_run, parse_metrics, summarise
from emptor.evaluate.report import environment
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

METRICS = ["ndcg@10", "recall@100:3"]
MAPS = {
    "title": ["productDisplayName"],
    "category": ["masterCategory", "subCategory", "articleType"],
    **{f"attr.{name}": [name] for name in ("gender", "baseColour", "season", "usage")},
}
WEIGHTS = {
    "title only": {"title": 1.0, "brand": 0, "category": 0, "attributes": 0, "description": 0},
    "all fields alike": dict.fromkeys(("title", "brand", "category", "attributes", "description"), 1.0),
    "title x3": {"title": 3.0, "brand": 1.0, "category": 1.0, "attributes": 1.0, "description": 1.0},
    "attributes x3": {"title": 1.0, "brand": 1.0, "category": 1.0, "attributes": 3.0, "description": 1.0},
    "default": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--half", choices=["tuning", "report"], default="report")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    file = args.data / "fashion_products" / "products.csv.gz"
    if not file.is_file():
        raise SystemExit(f"{file} is missing: --data names the folder that holds fashion_products/products.csv.gz")
    judgements = make_judgements(pl.read_csv(file, schema_overrides={"id": pl.String}), half=args.half)
    metrics = parse_metrics(METRICS)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        with Shop.create(base) as shop:
            import_catalogue(shop, file, maps={"product_id": ["id"], **MAPS}, ignore=["image", "year"])
        for name, weights in WEIGHTS.items():
            own = Path(shutil.copytree(base, Path(folder) / name.replace(" ", "-")))
            lines = "".join(f"{field} = {value}\n" for field, value in weights.items())
            (own / "shop.toml").write_text(f"format = 1\n[search.weights]\n{lines}")
            with Engine.open(own) as engine:
                texts = judgements.queries["query"].to_list()
                ids = judgements.queries["query_id"].to_list()
                run = Run(rankings=dict(zip(ids, engine.ranking(texts), strict=True)), name=name)
            results[name] = evaluate_run(judgements, run, metrics)
    rows = [
        {"model": name, "metric": own.metric.name, "mean": own.mean, "ci95": [own.low, own.high], "n": own.n}
        for name, result in results.items()
        for own in summarise(result, seed=0)
    ]
    tests = [
        {"a": "default", "b": name, "metric": c.metric.name, "diff": c.diff, "ci95": [c.low, c.high], "p": c.p_holm}
        for name in WEIGHTS
        if name != "default"
        for c in compare(results["default"], results[name], seed=0)
    ]
    for row in rows:
        print(f"{row['model']:<18} {row['metric']:<14} {row['mean']:.4f}  [{row['ci95'][0]:.4f}, {row['ci95'][1]:.4f}]")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "method": "field weights",
            "dataset": f"fashion_products, queries from attributes, {args.half} half by hash",
            "command": shlex.join(["python", *sys.argv]),
            "env": environment(),
            "rows": rows,
            "tests": tests,
        }
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def make_judgements(products: pl.DataFrame, *, half: str) -> Judgements:
    """Queries with 5 to 200 fully relevant products, at most 100 of each kind of query, the wanted half of them."""
    frames = []
    for extra in [
        *combinations(("gender", "baseColour", "usage"), 1),
        *combinations(("gender", "baseColour", "usage"), 2),
    ]:
        groups = (
            products.drop_nulls([*extra, "articleType"])
            .group_by(*extra, "articleType")
            .agg(pl.col("id"))
            .filter(pl.col("id").list.len().is_between(5, 200))
            .with_columns(pl.concat_str([*extra, "articleType"], separator=" ").str.to_lowercase().alias("query"))
            .sort(pl.col("query").hash(seed=0))
            .head(100)
        )
        for query, article, ids in groups.select("query", "articleType", "id").iter_rows():
            if (hashlib.blake2b(query.encode(), digest_size=1).digest()[0] & 1) != (half == "report"):
                continue
            same = products.filter(pl.col("articleType") == article)["id"]
            grade = same.is_in(ids).cast(pl.Float64) * 2 + 1
            frames.append(
                pl.DataFrame(
                    {"query": query, "product_id": same, "grade": grade, "kind": "+".join(extra)}
                ).with_columns(pl.col("query").alias("query_id"))
            )
    return Judgements.of(pl.concat(frames).select("query_id", "query", "product_id", "grade", "kind"))


if __name__ == "__main__":
    main()
