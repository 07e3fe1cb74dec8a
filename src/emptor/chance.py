"""Chance that follows from a request's seed alone, for whole batches: the same draw whatever else is in the batch."""

from __future__ import annotations

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def mixed(bits: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit in moves every bit out. uint64."""
    bits = (bits ^ (bits >> _30)) * _FIRST
    bits = (bits ^ (bits >> _27)) * _SECOND
    return bits ^ (bits >> _31)


def uniform(seed: np.ndarray, number: np.ndarray | int) -> np.ndarray:
    """Seeds (int64) and numbers of draws -> float64 in (0, 1), of their broadcast shape."""
    with np.errstate(over="ignore"):
        own = mixed(np.asarray(seed).astype(np.uint64) + _GOLDEN)
        bits = mixed(own ^ (np.asarray(number).astype(np.uint64) * _SECOND + _FIRST))
    return ((bits >> _11).astype(np.float64) + 0.5) * 2.0**-53
