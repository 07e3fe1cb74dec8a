"""A catalogue as re-ranking sees it: what can be read and seen of each product, and how alike two of them are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emptor.rerank.likeness import likeness_of
from emptor.rerank.texts import WIDTH, TextBasis
from emptor.shop.features import Features
from emptor.shop.features.spec import PICTURE
from emptor.shop.features.words import ProductWords
from emptor.shop.view import View


@dataclass(frozen=True)
class ListProducts:
    """P products by their rows, and one row more at the end that stands for a product which is unknown.

    text [P + 1, V], image [P + 1, W] float32, 0 where it is lacking; has_text, has_image [P + 1] bool; alike [P + 1, K]
    float32: of length one, half its words and half its picture, one of them alone where the other is lacking; 0 where
    nothing is known, see `likeness`.
    """

    text: np.ndarray
    image: np.ndarray
    has_text: np.ndarray
    has_image: np.ndarray
    alike: np.ndarray

    @classmethod
    def of(cls, features: Features, basis: TextBasis | None = None) -> ListProducts:
        """Those that features know. basis: see `of_view`; that of the catalogue unless given."""
        return cls.of_view(features.view, features.words, basis or TextBasis.of(features.words, features.view.rows))

    @classmethod
    def of_view(
        cls, view: View, words: ProductWords, basis: TextBasis | None = None, *, beside: ListProducts | None = None
    ) -> ListProducts:
        """Those of a view as it was published.

        Args:
            words: of its products. basis: that texts are read by, a model's own; without one no product has a text,
                since rules read none. beside: those of the same view by another basis: what does not depend on it is
                held once.
        """
        count = view.rows
        if basis is None:
            text, has_text = np.broadcast_to(np.zeros(1, np.float32), (count + 1, WIDTH)), np.zeros(count + 1, bool)
        else:
            text = np.concatenate([basis.vectors(words, count), np.zeros((1, WIDTH), np.float32)])
            has_text = np.abs(text).sum(1) > 0
        if beside is not None:
            return replace(beside, text=text, has_text=has_text)
        image, seen = _pictures(view)
        alike = likeness_of(words, image[:-1], seen[:-1], view.category[:count].astype(np.int64) + 1)
        nobody = np.zeros((1, alike.shape[1]), np.float32)
        return cls(text, image, has_text, seen, np.concatenate([alike, nobody]))

    @property
    def nobody(self) -> int:
        """The row of an unknown product."""
        return len(self.text) - 1


def _pictures(view: View) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of pictures [P + 1, PICTURE], and whether there is one [P + 1]."""
    out, seen = np.zeros((view.rows + 1, PICTURE), np.float32), np.zeros(view.rows + 1, bool)
    found = view.generation.pictures
    if found is not None:
        vectors = found[0][: view.rows].astype(np.float32)
        seen[: len(vectors)] = np.isfinite(vectors[:, 0])
        out[: len(vectors)] = np.nan_to_num(vectors)
    return out, seen
