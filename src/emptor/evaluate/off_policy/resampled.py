"""Users drawn anew: what decides how sure an estimate is, since pages of one user resemble each other."""

from __future__ import annotations

import numpy as np

RESAMPLES = 1_000
_CELLS = 4_000_000


def by_user(values: np.ndarray, user: np.ndarray) -> np.ndarray:
    """Sums of values [P, J] over the pages of each user [P] (numbers from 0) -> [U, J] float64."""
    order = np.argsort(user, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(user[order]) > 0])
    return np.add.reduceat(values[order].astype(np.float64), first, axis=0)


def resampled(sums: np.ndarray, *, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Sums over users of values [U, J], the users drawn anew -> [resamples, J].

    How often a user is drawn is Poisson(1), which is the bootstrap for many users. The draws follow from seed and U
    alone, so that two estimates from one log can be compared draw by draw.

    Source: Hanley and MacGibbon, Creating non-parametric bootstrap samples using Poisson frequencies (2006).
    """
    rng = np.random.default_rng(seed)
    out = np.zeros((resamples, sums.shape[1]))
    block = max(_CELLS // resamples, 1)
    for start in range(0, len(sums), block):
        part = sums[start : start + block]
        out += rng.poisson(1.0, size=(resamples, len(part))).astype(np.float64) @ part
    return out


def interval(draws: np.ndarray) -> tuple[float, float]:
    """95% percentile interval of draws [R]; NaN where none is a number."""
    there = draws[np.isfinite(draws)]
    if not len(there):
        return float("nan"), float("nan")
    low, high = np.quantile(there, [0.025, 0.975])
    return float(low), float(high)
