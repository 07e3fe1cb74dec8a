"""Products' texts as short vectors: which words stand together, by the catalogue alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.utils.extmath import randomized_svd

from emptor.errors import EmptorError
from emptor.learn.tensors import packed, read_tensors
from emptor.shop.features.words import ProductWords

WIDTH = 32
"""Numbers of a text."""
_PRODUCTS, _WORDS = 20_000, 50_000
"""That a basis is fitted to, at most: products evenly drawn, and the words that most of them have."""
_MORE, _ROUNDS = 16, 8
"""Directions that are followed beside those that are kept, and how often."""
_NOTHING = 1e-3
"""Of the largest singular value: below it a direction is none."""
_FEWEST = 2
"""Products that must have a word: one alone stands beside nothing."""


@dataclass(frozen=True)
class TextBasis:
    """What a word adds to a text's vector. numbers [V] int64: of words, rising; words [V, WIDTH] float32.

    Source: Deerwester et al., Indexing by Latent Semantic Analysis (JASIS 1990): the first singular vectors of products
        by words, words weighed by their rarity. A vector is the sum of its words', of length one.
    """

    numbers: np.ndarray
    words: np.ndarray

    @classmethod
    def of(cls, words: ProductWords, count: int, *, seed: int = 0) -> TextBasis:
        """That of a catalogue.

        Args: count: products it has. seed: of the products that are drawn where there are more than can be looked at.
        """
        have = np.diff(words.start)
        some = np.sort(np.random.default_rng(seed).permutation(count)[:_PRODUCTS])
        common = np.flatnonzero(have >= _FEWEST)
        common = np.sort(common[np.argsort(-have[common], kind="stable")[:_WORDS]])
        matrix = words_by_product(words, count)[some][:, common]
        out = np.zeros((len(common), WIDTH), np.float32)
        found = _directions(matrix.astype(np.float64), seed=seed)
        out[:, : found.shape[1]] = found
        return cls(words.numbers[common], out * words.rarity[common, None].astype(np.float32))

    def vectors(self, words: ProductWords, count: int) -> np.ndarray:
        """[count, WIDTH] float32: of all products, of length one; 0 of those without a word that is known."""
        at = np.searchsorted(self.numbers, words.numbers)
        at = np.minimum(at, max(len(self.numbers) - 1, 0))
        known = self.numbers[at] == words.numbers if len(self.numbers) else np.zeros(len(words.numbers), bool)
        table = np.zeros((len(words.numbers), WIDTH), np.float32)
        if len(self.numbers):
            table[known] = self.words[at[known]]
        found = np.asarray(words_by_product(words, count, weighed=False) @ table, np.float32)
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.divide(found, length, out=np.zeros_like(found), where=length > 1e-6)

    def packed(self) -> bytes:
        """The content of a file that `read` reads."""
        return packed({"numbers": torch.from_numpy(self.numbers), "words": torch.from_numpy(self.words)})

    @classmethod
    def read(cls, path: Path) -> TextBasis:
        """Raises: EmptorError for a file that is missing or damaged."""
        tensors = read_tensors(path)
        try:
            numbers, words = tensors["numbers"].numpy(), tensors["words"].numpy()
        except KeyError as error:
            raise EmptorError(f"{path}: has no {error}; train the model again") from error
        if numbers.ndim != 1 or words.shape != (len(numbers), WIDTH):
            raise EmptorError(
                f"{path}: numbers {numbers.shape} and words {words.shape}, expected [V] and [V, {WIDTH}]; train the "
                "model again"
            )
        if numbers.dtype != np.int64 or (np.diff(numbers) <= 0).any():
            raise EmptorError(f"{path}: numbers of words do not rise, or are no whole numbers; train the model again")
        if words.dtype != np.float32 or not np.isfinite(words).all():
            raise EmptorError(f"{path}: words are {words.dtype} or not finite, expected float32; train the model again")
        return cls(numbers, words)


def _directions(matrix: csr_array, *, seed: int) -> np.ndarray:
    """[V, R]: the first right singular vectors of a matrix [P, V], R at most WIDTH; fewer where it has no more.

    By subspace iteration: ARPACK goes on from a random direction where a matrix has fewer than are asked for, and the
    same catalogue would be read in another way each time.
    """
    width = min(WIDTH, *matrix.shape)
    if not width or not matrix.nnz:
        return np.zeros((matrix.shape[1], 0))
    _, length, found = randomized_svd(
        matrix,
        n_components=width,
        n_oversamples=_MORE,
        n_iter=_ROUNDS,
        power_iteration_normalizer="QR",
        random_state=seed,
    )
    own: np.ndarray = found[length > _NOTHING * length[0]].T
    return own


def words_by_product(words: ProductWords, count: int, *, weighed: bool = True) -> csr_array:
    """[count, V]: whether a product has a word, times its rarity if `weighed`."""
    column = np.repeat(np.arange(len(words.numbers)), np.diff(words.start))
    value = words.rarity[column] if weighed else np.ones(len(column))
    return csr_array((value.astype(np.float32), (words.row, column)), shape=(count, len(words.numbers)))
