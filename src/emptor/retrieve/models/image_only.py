"""Products by their picture alone: how much of what is looked for can be seen."""

from __future__ import annotations

from typing import Unpack

from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import where
from emptor.retrieve.models.retriever import Products, Retriever
from emptor.retrieve.models.towers import TowerOptions, Towers


class ImageOnly(Retriever):
    """Two towers, query and item image. A product without picture has no vector.

    Args: spec: see InputSpec. towers: see Towers.
    Shapes: RetrievalBatch -> Output.

    Source: the role of DPSR-i in SMAR's table; its details are not public, these are SMAR's towers.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> ImageOnly(spec)(batch).scores.shape
        torch.Size([4, 4])
    """

    served = ("image",)

    def __init__(self, spec: InputSpec, **towers: Unpack[TowerOptions]) -> None:
        super().__init__(Towers(spec, text=False, **towers), weights={"image": 1.0})

    def products(self, batch: ProductBatch) -> Products:
        vector = self.towers.image_vector(self.towers.of_image(batch))
        return Products(text=None, image=where(batch.has_image, vector), both=None, there=batch.has_image)
