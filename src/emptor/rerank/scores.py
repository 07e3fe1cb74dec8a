"""Scores of a list in one unit, so that they can be weighed against other things whatever they mean."""

from __future__ import annotations

import numpy as np


def standardised(score: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Scores [B, N] less the mean of their list, in its standard deviations; 0 where all are the same and where nothing
    is. float64.

    Example:
        >>> standardised(np.array([[1.0, 3.0, 99.0]]), np.array([[True, True, False]])).tolist()
        [[-1.0, 1.0, 0.0]]
    """
    many = np.maximum(there.sum(1, keepdims=True), 1)
    apart = np.where(there, score - np.where(there, score, 0).astype(np.float64).sum(1, keepdims=True) / many, 0)
    spread = np.sqrt((apart**2).sum(1, keepdims=True) / many)
    # scores that are equal may differ from their mean by a rounding
    highest = score.max(1, keepdims=True, where=there, initial=-np.inf)
    lowest = score.min(1, keepdims=True, where=there, initial=np.inf)
    found: np.ndarray = np.divide(apart, spread, out=np.zeros(apart.shape), where=(highest > lowest) & (spread > 1e-9))
    return found


def as_input(score: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The same as networks are given it: float32, within 5."""
    return np.clip(standardised(score, there), -5, 5).astype(np.float32)
