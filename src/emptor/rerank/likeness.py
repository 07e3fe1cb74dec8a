"""How alike two products of a catalogue are: by the words they share, and by what sets their pictures apart.

Shapes: P products, W numbers of a picture.
"""

from __future__ import annotations

import numpy as np

from emptor.rerank.texts import words_by_product
from emptor.shop.features.picture_basis import beside_category
from emptor.shop.features.spec import PICTURE
from emptor.shop.features.words import ProductWords

SIGNS = 64
"""Numbers of a text: bits of a word's number."""
ALIKE = SIGNS + PICTURE
"""Numbers of a product's likeness."""


def likeness_of(words: ProductWords, image: np.ndarray, seen: np.ndarray, category: np.ndarray) -> np.ndarray:
    """[P, SIGNS + W] float32, see `likeness`: texts by their words, pictures beside others of their category, whose
    pictures are alike anyway.

    Args: image [P, W], seen [P] bool: of which there is a picture. category [P] int, from 0.
    """
    apart = np.zeros(image.shape, np.float32)
    if seen.any():
        apart[seen] = beside_category(image[seen], category[seen])
    return likeness(signatures(words, len(image)), apart)


def signatures(words: ProductWords, count: int) -> np.ndarray:
    """[count, SIGNS] float32: the sum of the signs of a text's words, each weighed by its rarity.

    The cosine of two is about that of the texts' words so weighed, give or take 1 / sqrt(SIGNS). Signs are the bits of
    the word's number, stirred: nothing is fitted, and they are the same in every catalogue and process. The directions
    that most words vary along, as `TextBasis` has them, say of what kind a product is; which are copies of each other
    is said by rare words, which those leave out.

    Source: Achlioptas, Database-friendly random projections (JCSS 2003).
    """
    bits = (_stirred(words.numbers)[:, None] >> np.arange(SIGNS, dtype=np.uint64)) & np.uint64(1)
    signs = (2 * bits.astype(np.float32) - 1) / np.float32(SIGNS**0.5)
    return np.asarray(words_by_product(words, count) @ signs, np.float32)


def likeness(text: np.ndarray, image: np.ndarray) -> np.ndarray:
    """text [P, V], image [P, W] -> [P, V + W] float32 of length one. Their product is the mean of both cosines where
    both are there, the cosine of one where both products have only that, and where one has both and the other one side,
    that side's cosine over the root of 2: what one of them does not show is not known to be alike.
    """
    both = np.concatenate([unit(text), unit(image)], axis=1)
    return unit(both)


def _stirred(numbers: np.ndarray) -> np.ndarray:
    """uint64, the same shape: every bit depends on all bits of a number (the last steps of MurmurHash3)."""
    out = numbers.astype(np.uint64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        out = (out ^ (out >> np.uint64(33))) * np.uint64(factor)
    stirred: np.ndarray = out ^ (out >> np.uint64(33))
    return stirred


def unit(vectors: np.ndarray) -> np.ndarray:
    """float32: vectors [P, K] at length one; what is next to nothing is 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-6).astype(np.float32)
