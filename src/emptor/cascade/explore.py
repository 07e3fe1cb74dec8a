"""Declared exploration: on a share of pages the first products are shuffled evenly, and the log knows how likely
each product was to stand where it stood, so that learning from the log can be unbiased.
"""

from __future__ import annotations

import numpy as np

from emptor.cascade.contract import Candidates, Requests
from emptor.shop.config import ExploreOptions


def explore(
    requests: Requests, candidates: Candidates, options: ExploreOptions, exploring: bool | np.ndarray = True
) -> tuple[Candidates, np.ndarray]:
    """Shuffle the head of some lists; products that merchandising has pinned (column `pinned`) stay where they are.

    Args:
        exploring: lists [B] that may be explored at all.
    Returns: (candidates with a column `propensity` [B, N] float32, explored [B] bool). A propensity is the chance
        that this product stands at this place, over both the draw of the page and the shuffle:
        (1 - share) * [it is its own place] + share / (products that may move) within the head, 1 elsewhere.
    """
    size, width = candidates.product.shape
    may = np.broadcast_to(exploring, size)
    if options.share == 0.0 or width == 0 or not may.any():
        columns = {**candidates.columns, "propensity": np.ones((size, width), np.float32)}
        return Candidates(candidates.product, candidates.score, candidates.mask, columns), np.zeros(size, bool)
    counts = candidates.mask.sum(axis=1)
    pinned = candidates.columns.get("pinned")
    index = np.tile(np.arange(width), (size, 1))
    propensity = np.ones((size, width), np.float32)
    explored = np.zeros(size, bool)
    for at in range(size):
        depth = min(options.depth, int(counts[at]))
        free = np.arange(depth) if pinned is None else np.flatnonzero(pinned[at, :depth] != 1)
        if len(free) < 2 or not may[at]:
            continue
        draw = np.random.Generator(np.random.Philox(key=[int(requests.seed[at]) & (2**64 - 1), 0xE4]))
        explored[at] = draw.random() < options.share
        if explored[at]:
            index[at, free] = free[draw.permutation(len(free))]
        at_home = index[at, free] == free
        propensity[at, free] = (1 - options.share) * at_home + options.share / len(free)
    moved = candidates.take(index)
    columns = {**moved.columns, "propensity": propensity}
    return Candidates(moved.product, moved.score, moved.mask, columns), explored
