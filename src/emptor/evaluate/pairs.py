"""Pair accuracy: how often the better of two judged products stands higher."""

from __future__ import annotations

import numpy as np
import polars as pl


def pair_accuracy(judgements: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Share of each query's pairs with different grades that the scores put in the right order.

    A tie of scores counts half. Products without a score are tied with each other and below all that have
    one, so a random order and an empty one both expect one half.

    Args:
        judgements: query_id, product_id, grade.
        scores: query_id, product_id, score (float, finite), each pair once.

    Returns: query_id, value in [0, 1], for the queries that have such a pair. Time grows with the number of
        judged pairs, memory with the number of judgements.
    """
    rows = judgements.select("query_id", "product_id", "grade").join(
        scores, on=["query_id", "product_id"], how="left", maintain_order="left"
    )
    rows = rows.with_columns(
        score=pl.col("score").fill_null(-np.inf), query=pl.col("query_id").rank("dense").cast(pl.Int64) - 1
    ).sort("query", maintain_order=True)
    query, grade = rows["query"].to_numpy(), rows["grade"].to_numpy()
    score = rows["score"].rank("dense").to_numpy().astype(np.int64)  # whole numbers: -inf - -inf is no number
    names = rows["query_id"].unique(maintain_order=True)
    starts = np.searchsorted(query, np.arange(len(names)))
    place = np.arange(len(query)) - starts[query]
    right, pairs = np.zeros(len(names)), np.zeros(len(names))
    row = np.arange(len(query))
    for step in range(1, int(place.max(initial=0)) + 1):  # each row with the one `step` rows before it
        row = row[place[row] >= step]
        better = np.sign(grade[row] - grade[row - step])
        higher = np.sign(score[row] - score[row - step])
        differ = better != 0
        right += np.bincount(query[row], weights=differ * (1 + better * higher) / 2, minlength=len(names))
        pairs += np.bincount(query[row], weights=differ, minlength=len(names))
    has_pair = pairs > 0
    return pl.DataFrame({"query_id": names.filter(pl.Series(has_pair)), "value": right[has_pair] / pairs[has_pair]})
