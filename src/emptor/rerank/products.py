"""A catalogue as re-ranking sees it: what can be read and seen of each product, and how alike two of them are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.rerank.texts import WIDTH, TextBasis
from emptor.shop.features import Features
from emptor.shop.features.spec import PICTURE


@dataclass(frozen=True)
class ListProducts:
    """P products by their rows, and one row more at the end that stands for a product which is unknown.

    text [P + 1, V], image [P + 1, W] float32, 0 where it is lacking; has_text, has_image [P + 1] bool; alike [P + 1, K]
    float32: of length one, half its text and half its picture, one of them alone where the other is lacking; 0 where
    nothing is known.
    """

    text: np.ndarray
    image: np.ndarray
    has_text: np.ndarray
    has_image: np.ndarray
    alike: np.ndarray

    @classmethod
    def of(cls, features: Features, basis: TextBasis | None = None) -> ListProducts:
        """Those of a view.

        Args: basis: that texts are read by; a model has its own, without one it is that of the catalogue.
        """
        count = features.count
        basis = basis or TextBasis.of(features.words, count)
        text = np.concatenate([basis.vectors(features.words, count), np.zeros((1, WIDTH), np.float32)])
        image, seen = _pictures(features)
        return cls(text, image, np.abs(text).sum(1) > 0, seen, likeness(text, image))

    @property
    def nobody(self) -> int:
        """The row of an unknown product."""
        return len(self.text) - 1


def _pictures(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of pictures [P + 1, PICTURE], and whether there is one [P + 1]."""
    out, seen = np.zeros((features.count + 1, PICTURE), np.float32), np.zeros(features.count + 1, bool)
    found = features.view.generation.pictures
    if found is not None and features.spec.pictures:
        vectors = found[0][: features.count].astype(np.float32)
        seen[: len(vectors)] = np.isfinite(vectors[:, 0])
        out[: len(vectors)] = np.nan_to_num(vectors)
    return out, seen


def likeness(text: np.ndarray, image: np.ndarray) -> np.ndarray:
    """text [P, V], image [P, W] -> [P, V + W] float32 of length one, whose products are the mean of both cosines where
    both are there, and the cosine of one where both products have only that.
    """
    both = np.concatenate([_unit(text), _unit(image)], axis=1)
    return _unit(both)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 1e-6).astype(np.float32)
