"""A shop with a log and the traces of a cascade over it: what re-ranking learns from."""

from __future__ import annotations

import numpy as np
import polars as pl

from emptor.rerank.train import RerankOptions
from emptor.shop.shop import Shop

QUICK = RerankOptions(epochs=1, batch=64, longest=20)
SETTINGS = """
[[cascade.default.stages]]
stage = "retrieve"
method = "hybrid"
fallback = "popular"

[cascade.page]
deadline_ms = 20000
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60, fallback = "popular" },
  { stage = "rerank", method = "armmt", depth = 60, budget_ms = 5000 },
]
[cascade.rule]
deadline_ms = 20000
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60, fallback = "popular" },
  { stage = "rerank", method = "mmr", depth = 60, budget_ms = 5000, options = { balance = 0.3, page = 6 } },
]
"""


def traces_of(shop: Shop) -> pl.DataFrame:
    """What a cascade might have traced of the pages that `fill` made: it ranked what is on them, and 20 more."""
    view, rng = shop.view(), np.random.default_rng(5)
    pages = (
        shop.events.read()
        .filter(pl.col("action") == "impression")
        .group_by("request_id", maintain_order=True)
        .agg("product_id")
        .collect()
    )
    parts = []
    for request, shown in pages.iter_rows():
        others = [own for own in view.product_ids(rng.permutation(view.rows)) if own not in shown]
        ranked = [*shown[::-1], *others[:20]]
        scores = np.sort(rng.normal(size=len(ranked)))[::-1].tolist()
        found = (ranked + others[20:30], [1.0] * (len(ranked) + 10))
        lists = {"retrieve": found, "rank": (ranked, scores), "merchandise": (shown, [0.0] * len(shown))}
        parts += [row(request, at, stage, *own) for at, (stage, own) in enumerate(lists.items())]
    return table(parts)


def row(
    request: str,
    place: int,
    stage: str,
    ids: list[str],
    scores: list[float],
    *,
    offset: int = 0,
    sort: str | None = None,
    degraded: str = "[]",
) -> dict[str, object]:
    """A row of a trace log."""
    return {
        "request_id": request,
        "offset": offset,
        "sort": sort,
        "degraded": degraded,
        "place": place,
        "stage": stage,
        "product_ids": ids,
        "scores": scores,
    }


def table(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows as a part of a trace log."""
    lists = {"product_ids": pl.List(pl.String), "scores": pl.List(pl.Float32)}
    types = {
        "request_id": pl.String,
        "offset": pl.Int64,
        "sort": pl.String,
        "degraded": pl.String,
        "place": pl.Int64,
        "stage": pl.String,
    }
    return pl.DataFrame(rows, schema={**types, **lists})
