"""Text and picture each aligned with the query and never fused: the score is a weighted sum of two cosines."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.errors import EmptorError
from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import where
from emptor.retrieve.models.retriever import Products, Query, Retriever
from emptor.retrieve.models.towers import TowerOptions, Towers


class ClipStyle(Retriever):
    """w Q . S_i + (1 - w) Q . S_t; where a side is missing, the other stands for it, so that nobody loses for it.

    Set `image_weight` (w, 0..1) to what is best on validation; it is kept with the weights. Training does not use it.

    Args: spec: see InputSpec. image_weight: w to begin with. towers: see Towers.
    Shapes: RetrievalBatch -> Output.
    Raises: EmptorError for an image_weight outside of 0..1.

    Source: the alignment of Radford et al., Learning Transferable Visual Models From Natural Language Supervision (ICML
        2021), trained on queries; the sum of scores is common practice with such models.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> net = ClipStyle(spec)
        >>> net.image_weight = 0.25
        >>> net.query(batch.query).p.tolist()
        [0.25, 0.25, 0.25, 0.25]
    """

    served = ("image", "text")

    def __init__(self, spec: InputSpec, *, image_weight: float = 0.5, **towers: Unpack[TowerOptions]) -> None:
        super().__init__(Towers(spec, **towers), weights={"text": 1.0, "image": 1.0})
        self._image_weight: torch.Tensor
        self.register_buffer("_image_weight", torch.zeros(()))
        self.image_weight = image_weight

    @property
    def image_weight(self) -> float:
        return float(self._image_weight)

    @image_weight.setter
    def image_weight(self, weight: float) -> None:
        if not 0 <= weight <= 1:
            raise EmptorError(f"image_weight: {weight} is no share; expected from 0 to 1")
        self._image_weight.fill_(weight)

    def query(self, ids: torch.Tensor) -> Query:
        own = super().query(ids)
        return own._replace(p=self._image_weight.expand_as(own.p))

    def products(self, batch: ProductBatch) -> Products:
        text = self.towers.text_vector(self.towers.of_text(batch).states)
        image = self.towers.image_vector(self.towers.of_image(batch))
        return Products(
            text=where(batch.there, where(batch.has_text, text, image)),
            image=where(batch.there, where(batch.has_image, image, text)),
            both=None,
            there=batch.there,
            lacks=batch.lacks,
        )
