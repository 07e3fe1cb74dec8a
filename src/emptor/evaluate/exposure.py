"""How evenly a shop shows its products: what a cascade that feeds on its own log may lose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emptor.evaluate.sets import by_popularity


class Exposure(NamedTuple):
    """gini: of impressions over products, 0 where all have as many and near 1 where few have all; coverage: the share
    of the products that was shown at all; tail: the share of the impressions that products of the tail have.
    """

    gini: float
    coverage: float
    tail: float


def gini(shown: np.ndarray) -> float:
    """The Gini coefficient of impressions [P]; NaN without any.

    Example:
        >>> gini(np.array([2, 2])), gini(np.array([0, 0, 0, 4]))
        (0.0, 0.75)
    """
    rising, many = np.sort(shown), len(shown)
    if not rising.sum():
        return float("nan")
    return float((2 * np.arange(1, many + 1) - many - 1) @ rising / (many * rising.sum()))


def exposure(shown: np.ndarray, tail: np.ndarray) -> Exposure:
    """shown [P]: impressions of products that are on sale; tail [P] bool: which of them are of the tail."""
    return Exposure(gini(shown), float((shown > 0).mean()), float(shown[tail].sum() / max(shown.sum(), 1)))


def exposures(a: np.ndarray, b: np.ndarray) -> tuple[Exposure, Exposure]:
    """Of two ways to show the same products: a, b [P], impressions. Of the tail is what both together show least: the
    products that have the last third of all their impressions, so that neither is judged by its own tail.
    """
    tail = by_popularity(a + b)["tail"]
    return exposure(a, tail), exposure(b, tail)
