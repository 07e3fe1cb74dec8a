"""Is the difference real? Means with intervals and paired tests, over seeds (training) and over users (the sample)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike

from emptor.learn.resampling import EQUAL, FLIPS, RESAMPLES, Floats, bootstrap, sign_flip_p


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A mean of `n` values, or of paired differences, with its 95% interval and the p of a mean of 0 (two-sided).

    None where it cannot be told: all of an empty sample, interval and p of a single value, p of differences that are
    all the same (1 when they are 0).
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int


def over_seeds(values: ArrayLike) -> Mean:
    """Mean of one value per seed, by Student's t."""
    found = np.asarray(values, dtype=np.float64)
    n = len(found)
    if n < 2:
        return Mean(mean=float(found[0]) if n else None, low=None, high=None, p=None, n=n)
    mean, spread = float(found.mean()), float(found.std(ddof=1))
    if spread <= EQUAL * max(1.0, abs(mean)):
        return Mean(mean=mean, low=mean, high=mean, p=1.0 if abs(mean) <= EQUAL else None, n=n)
    error = spread / np.sqrt(n)
    reach = float(scipy.stats.t.ppf(0.975, n - 1)) * error
    p = 2 * float(scipy.stats.t.sf(abs(mean) / error, n - 1))
    return Mean(mean=mean, low=mean - reach, high=mean + reach, p=p, n=n)


def paired_over_seeds(a: ArrayLike, b: ArrayLike) -> Mean:
    """Mean difference a - b of two models trained with the same seeds [S]: the paired t-test."""
    return over_seeds(_differences(a, b))


def paired_over_users(
    a: ArrayLike, b: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES, flips: int = FLIPS
) -> Mean:
    """Mean difference a - b over the users [U] for whom both have a value (nan: none).

    Percentile bootstrap for the interval, random sign flips for p, as evaluation does over queries.
    """
    found = _differences(a, b)
    found = found[np.isfinite(found)]
    low, high = bootstrap(found, seed=seed, resamples=resamples)
    p = sign_flip_p(found, seed=seed, flips=flips) if len(found) > 1 else None
    return Mean(mean=float(found.mean()) if len(found) else None, low=low, high=high, p=p, n=len(found))


def _differences(a: ArrayLike, b: ArrayLike) -> Floats:
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ValueError(f"pairs need two lists of one length, found shapes {left.shape} and {right.shape}")
    return left - right
