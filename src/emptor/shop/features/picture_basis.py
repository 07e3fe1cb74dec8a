"""The few numbers that a picture's many are turned into, the same way as long as a shop lives.

A basis is fitted once, to the first pictures of a shop, and then only carried along: what a trained model has learnt of
its numbers would mean something else on another one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from emptor.errors import EmptorError
from emptor.shop.features.pictures import VERSION, WIDTH, WIDTHS
from emptor.shop.features.spec import PICTURE

LEAST = 200
"""Pictures without which no basis is fitted."""
_FARTHEST = 6.0
"""Standard deviations from the mean at which a number is cut."""
_SHRUNK = 2.0
_LEAST_SPREAD, _LEAST_WITHIN, _LEAST_VARIANCE = 1e-4, 0.05, 1e-3
"""Standard deviation below which a number never differs; the one within categories, as a share of that, which counts at
least; variance of an axis below which it is none. Smaller ones are rounding, which would be blown up.
"""


@dataclass(frozen=True)
class PictureBasis:
    """z = axes @ clip((x - mean) / spread): PICTURE numbers z of a picture's WIDTH numbers x.

    mean, spread [WIDTH], axes [PICTURE, WIDTH] float32. Within a category, each of the numbers has about variance 1
    and none goes with another, over the pictures that the basis was fitted to.
    """

    mean: np.ndarray
    spread: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, described: np.ndarray, category: np.ndarray) -> PictureBasis:
        """The principal components of how pictures differ from others of their category.

        Lists to be ranked are mostly of one category, and which that is a model is told anyway. Every group of numbers
        counts the same, however many it has.

        Args:
            described [P, WIDTH]: see `describe`. category [P]: a number of each one's category.
        """
        own = described.astype(np.float64)
        mean, spread = own.mean(0), own.std(0)
        differs = spread > _LEAST_SPREAD
        spread = np.where(differs, spread, 1)
        apart = beside_category(_cut(own, mean, spread), category)
        many = np.repeat(list(WIDTHS.values()), list(WIDTHS.values()))
        weight = np.where(differs, 1 / (np.maximum(apart.std(0), _LEAST_WITHIN) * np.sqrt(many)), 0)
        variance, axes = np.linalg.eigh(np.cov(apart * weight, rowvar=False))
        variance, axes = variance[: -PICTURE - 1 : -1], axes[:, : -PICTURE - 1 : -1].T
        # the sign of an axis is nobody's choice: its largest part is positive
        axes *= np.sign(axes[np.arange(PICTURE), np.abs(axes).argmax(1)])[:, None]
        # where pictures hardly differ there is noise to be blown up, and nothing else
        length = np.where(variance > _LEAST_VARIANCE, 1 / np.sqrt(np.maximum(variance, _LEAST_VARIANCE)), 0)
        axes = axes * weight * length[:, None]
        return cls(*(np.ascontiguousarray(own, np.float32) for own in (mean, spread, axes)))

    def __call__(self, described: np.ndarray) -> np.ndarray:
        """described [B, WIDTH] -> [B, PICTURE] float32."""
        numbers: np.ndarray = _cut(described, self.mean, self.spread) @ self.axes.T
        return numbers

    @cached_property
    def hash(self) -> str:
        """Short name of exactly these numbers, and of the way that pictures are described."""
        return hashlib.blake2b(f"{VERSION} ".encode() + self._table().tobytes(), digest_size=8).hexdigest()

    def save(self, file: Path) -> None:
        """Write to a .npy file."""
        np.save(file, self._table())

    @classmethod
    def load(cls, file: Path, *, hash: str) -> PictureBasis:
        """Read from a .npy file. Raises: EmptorError where it is missing, damaged, or not the one of that hash."""
        cure = "restore it from a backup"
        try:
            table = np.load(file, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise EmptorError(f"{file}, the basis of the pictures' numbers, cannot be read ({error}); {cure}") from None
        if table.dtype != np.float32 or table.shape != (PICTURE + 2, WIDTH):
            raise EmptorError(f"{file} holds {table.dtype} {table.shape} and no basis of pictures' numbers; {cure}")
        basis = cls(table[0], table[1], table[2:])
        if basis.hash != hash:
            raise EmptorError(f"{file} is damaged: expected the basis {hash}, found {basis.hash}; {cure}")
        return basis

    def _table(self) -> np.ndarray:
        return np.concatenate([self.mean[None], self.spread[None], self.axes])


def beside_category(values: np.ndarray, category: np.ndarray) -> np.ndarray:
    """values [P, n] less the mean of their category [P] (int, from 0); the mean of a few counts for less."""
    size = int(category.max(initial=0)) + 1
    many = np.bincount(category, minlength=size) + _SHRUNK
    means = np.stack([np.bincount(category, own, size) / many for own in values.T], axis=1)
    return values - means[category].astype(values.dtype)


def _cut(described: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return np.clip((described - mean) / spread, -_FARTHEST, _FARTHEST)
