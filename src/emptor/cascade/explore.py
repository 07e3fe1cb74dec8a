"""Declared exploration: on a share of pages the first products are shuffled evenly, and the log knows how likely
each product was to stand where it stood, so that learning from the log can be unbiased.
"""

from __future__ import annotations

import numpy as np

from emptor.cascade.contract import Candidates, Requests
from emptor.chance import uniform
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
    depth = min(options.depth, width)
    free = candidates.mask[:, :depth].copy()
    if (pinned := candidates.columns.get("pinned")) is not None:
        free &= pinned[:, :depth] != 1
    count = free.sum(axis=1)
    may = may & (count >= 2)
    explored = may & (uniform(requests.seed, 0) < options.share)
    index = np.tile(np.arange(width), (size, 1))
    at_home = np.ones((size, depth), bool)
    for at in np.flatnonzero(explored):
        places = np.flatnonzero(free[at])
        index[at, places] = places[np.argsort(uniform(requests.seed[at], 1 + places), kind="stable")]
        at_home[at] = index[at, :depth] == np.arange(depth)
    propensity = np.ones((size, width), np.float32)
    chance = (1 - options.share) * at_home + (options.share / np.maximum(count, 1))[:, None]
    propensity[:, :depth] = np.where(free & may[:, None], chance, 1.0)
    moved = candidates.take(index)
    columns = {**moved.columns, "propensity": propensity}
    return Candidates(moved.product, moved.score, moved.mask, columns), explored
