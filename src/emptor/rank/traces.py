"""Parts of a trace log as lists of products: what stages gave to first pages that are in the order of relevance."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import polars as pl


def first_pages(part: pl.DataFrame, known: Container[str]) -> pl.DataFrame:
    """Rows of a part that are of first pages by relevance, of requests that are known: further pages of a list have the
    candidates of the first, and those by price or date another order.
    """
    part = part.filter((pl.col("offset") == 0) & (pl.col("sort").is_null() | (pl.col("sort") == "relevance")))
    mine = [own for own in part["request_id"].unique().to_list() if own in known]
    return part.filter(pl.col("request_id").is_in(mine))


def lists_of(
    part: pl.DataFrame, rows: pl.DataFrame, *, longest: int | None = None
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """request_id -> (rows [n] int64, scores [n] float32) of its products, best first; without those that are not known.

    Args:
        part: one row of a trace log for each request, see `serve.trace_table`; a score is 0 where there is none.
        rows: columns product_id and row. longest: of each list the first so many, all unless given.
    """
    ids = pl.col("product_ids") if longest is None else pl.col("product_ids").list.head(longest)
    scores = pl.col("scores") if "scores" in part.columns else pl.lit(None, pl.List(pl.Float32))
    flat = (
        part.select("request_id", ids.alias("product_id"), scores.cast(pl.List(pl.Float32)).alias("score"))
        .filter(pl.col("product_id").list.len() > 0)
        .with_columns(
            pl.coalesce(
                pl.col("score").list.head(pl.col("product_id").list.len()),
                pl.lit(0.0, pl.Float32).repeat_by(pl.col("product_id").list.len()),
            )
        )
        .explode("product_id", "score")
        .join(rows, on="product_id", how="left", maintain_order="left")
        .filter(pl.col("row").is_not_null())
    )
    request = flat["request_id"].to_numpy(allow_copy=True)
    if not len(request):
        return {}
    row, score = flat["row"].to_numpy().astype(np.int64), flat["score"].fill_null(0).to_numpy().astype(np.float32)
    starts = np.flatnonzero(np.r_[True, request[1:] != request[:-1]])
    ends = np.append(starts[1:], len(request))
    return {request[at]: (row[at:to], score[at:to]) for at, to in zip(starts.tolist(), ends.tolist(), strict=True)}
