"""Products by their text alone: what SMAR has to beat."""

from __future__ import annotations

from typing import Unpack

from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import where
from emptor.retrieve.models.retriever import Products, Retriever
from emptor.retrieve.models.towers import TowerOptions, Towers


class TextOnly(Retriever):
    """Two towers, query and item text. A product without text has no vector.

    Args: spec: see InputSpec. towers: see Towers.
    Shapes: RetrievalBatch -> Output.

    Source: the role that DPSR (Zhang et al., Towards Personalized and Semantic Retrieval, SIGIR 2020) has in SMAR's
        table, with SMAR's text towers; DPSR itself has user features and several vectors for a query.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> TextOnly(spec)(batch).scores.shape
        torch.Size([4, 4])
    """

    served = ("text",)

    def __init__(self, spec: InputSpec, **towers: Unpack[TowerOptions]) -> None:
        super().__init__(Towers(spec, image=False, **towers), weights={"text": 1.0})

    def products(self, batch: ProductBatch) -> Products:
        vector = self.towers.text_vector(self.towers.of_text(batch).states)
        return Products(text=where(batch.has_text, vector), image=None, both=None, there=batch.has_text)
