"""How unequally something is spread: shares of the most frequent, and the exponent of frequency by rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST = 5
"""Counts below this are the tail: there chance decides the rank, and steps of whole numbers the slope."""
_POINTS = 40
_FEWEST = 10
"""Ranks above the tail without which no line is drawn."""


@dataclass(frozen=True)
class Fit:
    """count = exp(intercept) * rank ** slope, over the ranks 1..ranks."""

    slope: float
    intercept: float
    ranks: int


def ordered(counts: np.ndarray) -> np.ndarray:
    """Counts [N] that are above 0, the highest first, float64."""
    counts = np.asarray(counts, np.float64)
    return np.sort(counts[counts > 0])[::-1]


def fit(counts: np.ndarray) -> Fit | None:
    """Zipf's line: least squares of log count over log rank, over head and body.

    The ranks are 40 that are even on the logarithmic scale, among those with a count of 5 and more: every tenfold of
    ranks weighs the same, so that the many rare ones do not decide alone. None where fewer than 10 ranks are that high.

    Args:
        counts [N]: the highest first.
    """
    ranks = int((counts >= LEAST).sum())
    if ranks < _FEWEST:
        return None
    chosen = spaced(ranks, _POINTS)
    slope, intercept = np.polyfit(np.log(chosen), np.log(counts[chosen - 1]), 1)
    return Fit(float(slope), float(intercept), ranks)


def spaced(last: int, points: int) -> np.ndarray:
    """Ranks from 1 to `last`, at most `points` of them, even on the logarithmic scale, none twice: int64."""
    if last < 1:
        return np.zeros(0, np.int64)
    return np.unique(np.round(np.geomspace(1, last, points)).astype(np.int64))


def top_share(counts: np.ndarray, share: float) -> float | None:
    """What the first `share` of the ranks, at least one, have of all; None where there is nothing.

    Args:
        counts [N]: the highest first.
    """
    if not len(counts):
        return None
    return float(counts[: _first(len(counts), share)].sum() / counts.sum())


def zipf_share(size: int, exponent: float, share: float) -> float:
    """What the first `share` of `size` ranks have of all under Zipf's law with this exponent."""
    weights = np.arange(1, size + 1, dtype=np.float64) ** -exponent
    return float(weights[: _first(size, share)].sum() / weights.sum())


def _first(size: int, share: float) -> int:
    return max(1, round(size * share))
