"""Names as numbers that mean the same in every process, generation and version: no table of names has to be kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

import numpy as np


@lru_cache(maxsize=200_000)
def number_of(name: str) -> int:
    """63 bits that follow from a name, never 0."""
    return (int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") >> 1) | 1


def numbers_of(names: Iterable[str]) -> np.ndarray:
    """int64 [n]: see `number_of`."""
    return np.fromiter((number_of(name) for name in names), np.int64)


def buckets_of(numbers: np.ndarray, size: int) -> np.ndarray:
    """Numbers (0: nothing) -> buckets 1 to size - 1, 0 for nothing; int64, the same shape."""
    return np.where(numbers == 0, 0, 1 + (numbers >> 8) % (size - 1))
