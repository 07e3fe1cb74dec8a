"""SMAR: text queries against products of text and picture, fused by cross attention, with a gate over the picture."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.errors import EmptorError
from emptor.learn.registry import one_of
from emptor.retrieve.models.fused import Fused, FusedOptions
from emptor.retrieve.models.fusion import CoAttention, CrossAttention
from emptor.retrieve.models.gate import CategoryGate, QueryGate
from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.retrieve.models.layers import unit
from emptor.retrieve.models.retriever import Products, Query
from emptor.retrieve.models.towers import Words

FUSIONS = {"cross_attention": CrossAttention, "co_attention": CoAttention}
GATES = ("query", "item_category", "none")


class SMAR(Fused):
    """Four towers: query, item text, item image, and a multimodal one in which the text asks the picture.

    Trained in two stages (see losses.py): the query against all three vectors of a product, then the gate p and the
    score p f_m + (1 - p) f_t. A gate that was not trained yet serves f_m.

    Args:
        spec: see InputSpec. fused: see Fused. fusion_layers: L_m.
        fusion: "cross_attention", or "co_attention", where the picture asks as well.
        gate: "query": p by the query, so that products keep their vectors and an index holds [S_m ; S_t];
            "item_category": p by the product's category, S = unit(p S_m + (1 - p) S_t), an index of half the width;
            "none": p = 1.
        hard: whether p is rounded to 0 or 1 in evaluation mode.

    Shapes: RetrievalBatch -> Output.
    Raises: EmptorError for an unknown fusion or gate, or a gate by category without categories.

    Source: Zhou et al., Semantic-enhanced Modality-asymmetric Retrieval for Online E-commerce Search (SIGIR 2023, arXiv
        2506.20330). Abstract and introduction could be read, the rest only through summaries: towers, CLS pooling,
        length one, the three tasks and their weighted sum, cross attention, a header that decides by query or category.
        These are ours: the direction of attention and what surrounds it, the gate's layers, a soft gate in training,
        what becomes of products that lack a side, image dropout, and all widths.

    Example:
        >>> from emptor.retrieve.models.example import example
        >>> spec, batch = example()
        >>> net = SMAR(spec, vector=8).eval()
        >>> query, products = net.query(batch.query), net.products(batch)
        >>> net.serving_queries(query).shape, net.serving_products(products).shape
        (torch.Size([4, 16]), torch.Size([4, 16]))
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        fusion: str = "cross_attention",
        fusion_layers: int = 1,
        gate: str = "query",
        hard: bool = True,
        **fused: Unpack[FusedOptions],
    ) -> None:
        super().__init__(spec, **fused)
        one_of("fusion", fusion, tuple(FUSIONS))
        self.multimodal = FUSIONS[fusion](
            self.towers.width,
            heads=self.towers.heads,
            layers=fusion_layers,
            out=self.towers.text_out,
            start=self.towers.image_start,
            dropout=self.towers.dropout,
        )
        self.gate: QueryGate | CategoryGate | None = None
        if one_of("gate", gate, GATES) == "query":
            self.gate, self.served = QueryGate(self.towers.width), ("both", "text")
        elif gate == "item_category":
            self.gate = CategoryGate(spec.categories)
        self.hard = hard

    def fuse(self, text: Words, image: torch.Tensor, has_text: torch.Tensor, has_image: torch.Tensor) -> torch.Tensor:
        return unit(self.multimodal(text.states, text.mask, image, has_image))

    def query(self, ids: torch.Tensor) -> Query:
        states = self.towers.of_query(ids)
        vector = self.towers.query_vector(states)
        if not isinstance(self.gate, QueryGate):
            return Query(vector, torch.ones_like(vector[:, 0]))
        logit = self.gate(states[:, 0])
        return Query(vector, logit.sigmoid(), logit)

    def products(self, batch: ProductBatch) -> Products:
        own = super().products(batch)
        if not isinstance(self.gate, CategoryGate):
            return own
        if batch.category is None:
            raise EmptorError("products: no categories, but the gate decides by them; give them, or take gate query")
        return own._replace(logit=self.gate(batch.category))

    def vectors(self, products: Products, *, hard: bool | None = None) -> list[torch.Tensor]:
        if products.logit is None:
            return super().vectors(products, hard=hard)
        assert products.both is not None and products.text is not None
        p = self._rounded(products.logit.sigmoid(), hard).unsqueeze(1)
        return [unit(p * products.both + (1 - p) * products.text)]

    def anneal(self, done: float) -> None:
        if self.gate is not None:
            self.gate.anneal(done)

    def gate_logit(self, query: Query, products: Products, target: torch.Tensor) -> torch.Tensor | None:
        return query.logit if products.logit is None else products.logit[target]
