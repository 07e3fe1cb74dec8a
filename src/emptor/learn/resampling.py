"""Intervals and tests that draw the sample again, queries or users, and Holm's correction over several tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
FLIPS = 10_000
EQUAL = 1e-12
"""Differences below this are ties."""
_CELLS = 4_000_000
"""Random numbers held at a time."""

Floats = NDArray[np.float64]


def bootstrap(values: Floats, *, seed: int, resamples: int = RESAMPLES) -> tuple[float | None, float | None]:
    """95% percentile interval of the mean of `values` [n]; (None, None) below two values."""
    n = len(values)
    if n < 2:
        return None, None
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    block = max(1, _CELLS // n)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        means[start : start + rows] = values[rng.integers(n, size=(rows, n), dtype=np.int32)].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def sign_flip_p(differences: Floats, *, seed: int, flips: int = FLIPS) -> float | None:
    """Two-sided p of a mean difference of 0, under which every query's difference is as likely reversed.

    Of `flips` random reversals, the share (the observed one counted in) whose mean is as far from 0 as the
    observed mean; so p is at least 1 / (flips + 1). None without a query.
    """
    moved = differences[np.abs(differences) > EQUAL]  # a tie stays a tie whichever way it is flipped
    if not len(differences):
        return None
    if not len(moved):
        return 1.0
    rng = np.random.default_rng(seed)
    observed = abs(moved.sum()) - 1e-9 * np.abs(moved).sum()
    width = (len(moved) + 7) // 8
    block = max(1, _CELLS // len(moved))
    as_far = 0
    for start in range(0, flips, block):
        packed = rng.integers(256, size=(min(block, flips - start), width), dtype=np.uint8)
        kept = np.unpackbits(packed, axis=1, count=len(moved))
        sums = 2 * (kept.astype(np.float64) @ moved) - moved.sum()
        as_far += int((np.abs(sums) >= observed).sum())
    return (as_far + 1) / (flips + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979): p-values in the given order, corrected for their number."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in corrected]
