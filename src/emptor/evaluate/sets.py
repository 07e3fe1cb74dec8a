"""A stage that hands on a set is judged as a set: what of the wanted products is still in it, and what of the value.

Shapes: R requests, N candidates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emptor.rank.quality import places


def kept_of(value: np.ndarray, there: np.ndarray, depth: int) -> np.ndarray:
    """[R, N] bool: the `depth` candidates of each request with the highest value, ties by their place.

    value [R, N]; there [R, N] bool: False is padding, which is never kept.
    """
    kept: np.ndarray = (places(value, there) < depth) & there
    return kept


def hit_rate(kept: np.ndarray, wanted: np.ndarray) -> float:
    """The share of the wanted that is kept, the mean over requests that want anything: both [R, N] bool.

    With what was clicked as the wanted it is ISH, with what was bought ISPH: both are of what the cascade that was
    logged has shown, so they say how far a new one differs from it rather than how good it is.

    Source: ISH, ISPH, ASH and ASPH are of Zheng et al., Rethinking the Role of Pre-ranking (ASMOL, arXiv 2305.13647).

    Example:
        >>> hit_rate(np.array([[True, False]]), np.array([[True, True]]))
        0.5
    """
    many = wanted.sum(1)
    good = many > 0
    if not good.any():
        return float("nan")
    return float(((kept & wanted).sum(1)[good] / many[good]).mean())


def agreement(value: np.ndarray, teacher: np.ndarray, there: np.ndarray, depth: int) -> float:
    """NDCG of an order against a teacher's: the gain of the teacher's best is `depth`, of its next one less, and so on.

    value, teacher [R, N]; there [R, N] bool.
    """
    width = there.shape[1]
    depth = min(depth, width)
    discount = 1 / np.log2(np.arange(2, depth + 2))

    def order_of(score: np.ndarray) -> np.ndarray:
        return np.argsort(np.where(there, -score, np.inf), axis=1, kind="stable")

    best = order_of(teacher)
    gain = np.zeros(there.shape)
    np.put_along_axis(gain, best[:, :depth], np.broadcast_to(np.arange(depth, 0, -1.0), (len(gain), depth)), axis=1)
    gain *= there
    found = np.take_along_axis(gain, order_of(value)[:, :depth], axis=1) @ discount
    most = np.take_along_axis(gain, best[:, :depth], axis=1) @ discount
    good = most > 0
    return float((found[good] / most[good]).mean()) if good.any() else float("nan")


def by_popularity(shown: np.ndarray) -> Mapping[str, np.ndarray]:
    """Products [P] as head, middle and tail: those that have a third of all impressions each, the most shown first.

    shown [P]: impressions. Products that were never shown are of the tail. Returns: name -> [P] bool.
    """
    order = np.argsort(-shown, kind="stable")
    before = np.cumsum(shown[order]) - shown[order]
    share = np.empty(len(shown))
    share[order] = before / max(shown.sum(), 1)
    share = np.where(shown > 0, share, 1.0)
    return {"head": share < 1 / 3, "middle": (share >= 1 / 3) & (share < 2 / 3), "tail": share >= 2 / 3}
